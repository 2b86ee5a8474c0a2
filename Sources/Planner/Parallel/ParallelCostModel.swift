import Costs

/// What a training step takes in any layout of tensor groups, stages and copies.
///
/// Operators run one after the other under the roofline of ``RooflineCostModel``, on each device's part of the matrices. Sums inside
/// tensor groups and transfers between stages wait for nothing and hide nothing; a ring that leaves a node runs at its devices' own
/// cards. The pipeline takes (m + (p − 1)/v) times a microbatch's forward and backward pass (Narayanan et al., 2021).
public struct ParallelCostModel: Sendable, Hashable {
  /// The devices and their links.
  public let cluster: AcceleratorCluster
  /// The fractions of the device's limits that operators reach.
  public let operators: RooflineCostModel
  /// The fraction of its bandwidth that each tier reaches.
  public let linkFractions: [Double]
  /// The links at these fractions.
  let links: [Link]

  /// A model of `cluster`.
  ///
  /// - Parameters:
  ///   - cluster: the devices.
  ///   - operators: what they reach of their limits.
  ///   - linkFractions: what each tier reaches of its bandwidth; the last one stands for those that are missing.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for fractions that are none.
  public init(
    _ cluster: AcceleratorCluster, operators: RooflineCostModel, linkFractions: [Double]
  ) throws(PlannerError) {
    guard let last = linkFractions.last, linkFractions.allSatisfy({ $0 > 0 && $0 <= 1 }) else {
      throw .invalid(field: "linkFractions", problem: "\(linkFractions) must lie above 0 and at most at 1")
    }
    self.cluster = cluster
    self.operators = operators
    self.linkFractions = linkFractions
    links = cluster.tiers.enumerated().map { index, tier in
      Link(
        checked: tier.latency.value,
        tier.bandwidth.value * (index < linkFractions.count ? linkFractions[index] : last))
    }
  }

  /// Every limit reached: what no layout can beat.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func plain(_ cluster: AcceleratorCluster) throws(PlannerError) -> ParallelCostModel {
    try ParallelCostModel(cluster, operators: .plain, linkFractions: [1])
  }

  /// The link that joins `devices` neighbours.
  func link(spanning devices: Int) -> Link { links[cluster.tier(spanning: devices)] }

  /// Why `layout` cannot be, its memory left aside.
  ///
  /// - Parameters:
  ///   - layout: the layout.
  ///   - run: what is trained.
  ///   - devices: the devices that there are; by default as many as it needs.
  public func refusal(of layout: ParallelLayout, _ run: TrainingRun, devices: Int? = nil) -> LayoutRefusal? {
    let shape = run.shape
    let counts = [
      ("tensor", layout.tensor), ("pipeline", layout.pipeline), ("data", layout.data),
      ("microbatch", layout.microbatch), ("chunks", layout.chunks),
    ]
    for (field, value) in counts where !(1...1 << 24).contains(value) { return .count(field: field, value: value) }
    let (group, tooMany) = (layout.tensor * layout.pipeline).multipliedReportingOverflow(by: layout.data)
    guard !tooMany, group <= 1 << 24 else { return .count(field: "devices", value: tooMany ? .max : group) }
    if let devices, group != devices { return .devices(product: group, devices: devices) }
    for (field, value) in [("heads", shape.heads), ("feedForward", shape.feedForward)]
    where !value.isMultiple(of: layout.tensor) {
      return .tensor(field: field, value: value, tensor: layout.tensor)
    }
    guard shape.kvHeads.isMultiple(of: layout.tensor) || layout.tensor.isMultiple(of: shape.kvHeads) else {
      return .tensor(field: "kvHeads", value: shape.kvHeads, tensor: layout.tensor)
    }
    guard (layout.chunks > 1) == (layout.schedule == .interleaved) else {
      return .chunks(layout.chunks, schedule: layout.schedule)
    }
    if layout.chunks > 1, layout.pipeline == 1 { return .chunks(layout.chunks, schedule: layout.schedule) }
    guard shape.layers.isMultiple(of: layout.pipeline * layout.chunks) else {
      return .layers(shape.layers, stages: layout.pipeline, chunks: layout.chunks)
    }
    guard run.batch.isMultiple(of: layout.data * layout.microbatch) else {
      return .batch(run.batch, copies: layout.data, microbatch: layout.microbatch)
    }
    let microbatches = run.batch / (layout.data * layout.microbatch)
    if layout.chunks > 1, !microbatches.isMultiple(of: layout.pipeline) {
      return .microbatches(microbatches, stages: layout.pipeline)
    }
    if layout.sharesNorms, layout.tensor == 1 { return .norms }
    if layout.sharding == .gradients, layout.pipeline > 1 { return .sharding }
    if layout.sharding == .weights, layout.tensor * layout.pipeline > 1 { return .sharding }
    return nil
  }

  /// What `layout` takes.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` that says why the layout cannot be, or that it does not fit;
  ///   ``PlannerError/unsupportedPrecision(_:device:)``.
  public func estimate(
    _ run: TrainingRun, _ layout: ParallelLayout, checksMemory: Bool = true
  ) throws(PlannerError) -> LayoutEstimate {
    if let refusal = refusal(of: layout, run) { throw .invalid(field: "layout \(layout)", problem: "\(refusal)") }
    let estimate = estimate(
      run, layout, try times(run, layout), ShardWeights(run.shape, tensor: layout.tensor))
    if checksMemory, estimate.bytes > cluster.device.memory.value {
      let refusal = LayoutRefusal.memory(bytes: estimate.bytes, device: cluster.device.memory.value)
      throw .invalid(field: "layout \(layout)", problem: "\(refusal)")
    }
    return estimate
  }

  /// Seconds of a microbatch's operators in `layout`.
  func times(_ run: TrainingRun, _ layout: ParallelLayout) throws(PlannerError) -> StageTimes {
    try StageTimes(
      run, tensor: layout.tensor, microbatch: layout.microbatch, sharesNorms: layout.sharesNorms, on: cluster.device,
      operators)
  }
}
