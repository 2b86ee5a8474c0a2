/// How a run's speed holds up on more devices, all of them copies of one layout.
public struct ScalingStudy: Sendable, Hashable {
  /// What stays the same.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The sequences of each copy: the batch grows with the devices.
    case weak
    /// The batch.
    case strong
  }

  /// A count of devices.
  public struct Point: Sendable, Hashable {
    /// Devices.
    public var devices: Int
    /// Sequences of a step.
    public var batch: Int
    /// What the layout takes there.
    public var estimate: LayoutEstimate
    /// Weak: a device's speed beside that on the fewest devices. Strong: T(n₀)·n₀ / (T(n)·n).
    public var efficiency: Double
  }

  /// What stays the same.
  public let kind: Kind
  /// The counts, the smallest first.
  public let points: [Point]

  /// A study of `layout` with each of `copies` copies.
  ///
  /// - Parameters:
  ///   - kind: what stays the same.
  ///   - run: the run with the batch of the fewest copies (weak) or of all (strong).
  ///   - layout: the layout; its own copies do not count.
  ///   - copies: numbers of copies.
  ///   - model: the cost model.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no copies and what cannot be laid out.
  public init(
    _ kind: Kind, _ run: TrainingRun, _ layout: ParallelLayout, copies: [Int], _ model: ParallelCostModel
  ) throws(PlannerError) {
    let counts = copies.sorted()
    guard let first = counts.first, first > 0, counts.count <= 1024, (counts.last ?? 0) <= 1 << 20 else {
      throw .invalid(field: "copies", problem: "\(copies.prefix(8)) must be up to 1024 numbers of 1…\(1 << 20)")
    }
    var points: [Point] = []
    for count in counts {
      var batch = run.batch
      if kind == .weak {
        let (product, overflow) = run.batch.multipliedReportingOverflow(by: count)
        guard !overflow, product.isMultiple(of: first) else {
          throw .invalid(field: "batch", problem: "\(run.batch) for \(first) copies does not grow to \(count)")
        }
        batch = product / first
      }
      let grown = try TrainingRun(
        run.shape, sequence: run.sequence, batch: batch, kernel: run.kernel, widths: run.widths,
        precision: run.precision)
      var laid = layout
      laid.data = count
      let estimate = try model.estimate(grown, laid)
      let base = points.first?.estimate ?? estimate
      let ratio = base.seconds * Double(base.devices) / (estimate.seconds * Double(estimate.devices))
      points.append(
        Point(
          devices: estimate.devices, batch: batch, estimate: estimate,
          efficiency: kind == .strong ? ratio : ratio * Double(count) / Double(first)))
    }
    self.kind = kind
    self.points = points
  }
}
