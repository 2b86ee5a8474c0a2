/// Every published number that the Planner is put to.
public struct Validation: Sendable, Hashable {
  /// How far predictions are off, as fractions of what was published.
  public struct Summary: Sendable, Hashable {
    /// The numbers.
    public var count: Int
    /// The numbers within the limits of the systems' sheets.
    public var met: Int
    /// The median magnitude of the errors; nothing without numbers.
    public var medianError: Double?
    /// The largest magnitude.
    public var largestError: Double?
    /// The median magnitude of the errors of a plain roofline, the device at its limits.
    public var medianPlainError: Double?

    /// A summary of `predictions`.
    public init(_ predictions: [Prediction]) {
      count = predictions.count
      met = predictions.count { $0.met }
      let errors = predictions.map { abs($0.error) }
      medianError = Self.median(errors)
      largestError = errors.max()
      // Formulas that no device enters have no roofline.
      medianPlainError = Self.median(predictions.map { abs($0.plainError) }.filter(\.isFinite))
    }

    private static func median(_ values: [Double]) -> Double? {
      guard !values.isEmpty else { return nil }
      let sorted = values.sorted()
      let middle = sorted.count / 2
      return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
  }

  /// The papers, in the order of their systems.
  public var papers: [PaperPredictions]

  /// A validation of `papers`.
  public init(_ papers: [PaperPredictions]) { self.papers = papers.sorted { $0.system < $1.system } }

  /// All papers of the house.
  ///
  /// - Throws: ``PlannerError``.
  public static func published() throws(PlannerError) -> Validation {
    Validation([
      PaperPredictions(system: 67, paper: "FlashAttention-2", predictions: try FlashAttention2Prediction.predictions()),
      PaperPredictions(system: 84, paper: "WTA-CRS", predictions: try WTACRSPrediction.predictions()),
    ])
  }

  /// Verified numbers on which nothing was fitted.
  public var evidence: Summary { Summary(papers.flatMap(\.evidence)) }
  /// Numbers on which constants were fitted.
  public var fitted: Summary { Summary(papers.flatMap(\.predictions).filter { !$0.heldOut }) }
  /// Numbers that nobody read in their source.
  public var recalled: Summary { Summary(papers.flatMap(\.predictions).filter { !$0.verified && $0.heldOut }) }
}
