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
      let errors = predictions.map { abs($0.error) }.sorted()
      medianError = Quantile.value(0.5, ofSorted: errors)
      largestError = errors.last
      // Formulas that no device enters have no roofline.
      medianPlainError = Quantile.value(
        0.5, ofSorted: predictions.map { abs($0.plainError) }.filter(\.isFinite).sorted())
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
      PaperPredictions(system: 33, paper: "C4", predictions: try C4Prediction.predictions()),
      PaperPredictions(
        system: 35, paper: "I/O complexity of attention", predictions: try AttentionIOPrediction.predictions()),
      PaperPredictions(system: 36, paper: "Megatron PTD-P", predictions: try MegatronPrediction().predictions()),
      PaperPredictions(system: 37, paper: "PEFT suite", predictions: try FineTuningMemory.predictions()),
      PaperPredictions(system: 38, paper: "Frontier 3D tuning", predictions: try FrontierPrediction().predictions()),
      PaperPredictions(system: 40, paper: "MoE-Lens", predictions: try MoELensPrediction.predictions()),
      PaperPredictions(
        system: 45, paper: "Fast compound scaling", predictions: try FastCompoundScalingPrediction.predictions()),
      PaperPredictions(
        system: 53, paper: "Idealized runtime", predictions: try IdealizedRuntimePrediction.predictions()),
      PaperPredictions(system: 54, paper: "Zeppelin", predictions: try ZeppelinPrediction.predictions()),
      PaperPredictions(system: 67, paper: "FlashAttention-2", predictions: try FlashAttention2Prediction.predictions()),
      PaperPredictions(system: 70, paper: "TokenWeave", predictions: try TokenWeavePrediction.predictions()),
      PaperPredictions(
        system: 71, paper: "Long-context peak analysis", predictions: try LongContextPrediction.predictions()),
      PaperPredictions(system: 78, paper: "Nexus", predictions: try NexusPrediction.predictions()),
      PaperPredictions(system: 84, paper: "WTA-CRS", predictions: try WTACRSPrediction.predictions()),
      PaperPredictions(system: 86, paper: "Ladder Residual", predictions: try LadderPrediction().predictions()),
      PaperPredictions(system: 90, paper: "SystemFlow", predictions: try SystemFlowPrediction.predictions()),
      PaperPredictions(
        system: 106, paper: "DeepSeek-V3 co-design", predictions: try DeepSeekV3Prediction.predictions()),
      PaperPredictions(system: 108, paper: "Mélange", predictions: try MelangePrediction().predictions()),
      PaperPredictions(system: 111, paper: "Splitwise", predictions: try SplitwisePrediction.predictions()),
    ])
  }

  /// Verified numbers on which nothing was fitted.
  public var evidence: Summary { Summary(papers.flatMap(\.evidence)) }
  /// Numbers on which constants were fitted.
  public var fitted: Summary { Summary(papers.flatMap(\.predictions).filter { !$0.heldOut }) }
  /// Numbers that nobody read in their source.
  public var recalled: Summary { Summary(papers.flatMap(\.predictions).filter { !$0.verified && $0.heldOut }) }
}
