import Costs

/// A grid of techniques on a node of accelerators: which cells fit, the largest batch of each, and what it brings.
///
/// Training all weights is the parallel cost model's: copies that share nothing, gradients and state (Z2), or weights too (Z3);
/// attention with matrices of scores or in tiles (F); layers computed again (R). What the study adds: the optimizer's state in the
/// host's memory (O), and frozen bases with low-rank changes (L), in 4 bits (QL), whose gradients alone are summed.
public struct DissectionCluster: Sendable {
  /// The devices, their links, and what is reached of both.
  public let model: ParallelCostModel
  /// Copies.
  public let devices: Int
  /// Bytes a second between a device and the host, in one direction.
  public let host: Figure
  /// Bytes a second of the host's memory, which its optimizer reads and writes, shared by all devices.
  public let hostMemory: Figure
  /// The part of a device's memory that a run may take.
  public static let share = 0.95

  /// What a cell takes with its largest batch.
  public struct Estimate: Sendable, Hashable {
    /// The cell.
    public var cell: DissectionCell
    /// Sequences of a device; none where not even one fits.
    public var sequences: Int
    /// Seconds of a step.
    public var seconds: Double
    /// Bytes of a device, of one sequence where none fits.
    public var bytes: Double
    /// Tokens a second of all devices.
    public var tokensPerSecond: Double

    /// Whether a step of one sequence fits.
    public var fits: Bool { sequences > 0 }
  }

  /// A grid on `devices` of a cluster.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for devices and rates that are none.
  public init(
    _ model: ParallelCostModel, devices: Int, host: Figure, hostMemory: Figure
  ) throws(PlannerError) {
    guard (1...1 << 16).contains(devices) else {
      throw .invalid(field: "devices", problem: "\(devices) lies outside 1…\(1 << 16)")
    }
    for (field, figure) in [("host", host), ("hostMemory", hostMemory)] where !(figure.value > 0) {
      throw .invalid(field: field, problem: "a rate of \(figure.value)")
    }
    (self.model, self.devices, self.host, self.hostMemory) = (model, devices, host, hostMemory)
  }

  /// Eight of the study's devices: `a800`, joined by NVLink, or `rtx4090`, by PCIe alone. What products and links reach is that of
  /// Megatron's tables on A100; no constant is fitted on the study.
  ///
  /// - Throws: ``PlannerError``.
  public static func named(_ name: String) throws(PlannerError) -> DissectionCluster {
    let pcie = Figure(32e9, source: "PCIe 4 ×16, recalled", date: "2017")
    let memory = Figure(200e9, source: "eight channels of DDR4-3200, recalled", date: "2020")
    let fitted = try MegatronPrediction().model
    func device(_ name: String) throws(PlannerError) -> Device {
      do { return try DeviceCatalogue.published.device(name) } catch { throw .device(error) }
    }
    func node(_ name: String, _ device: Device, _ link: Figure) throws(PlannerError) -> DissectionCluster {
      let latency = Figure(
        3.33e-6, source: "arXiv 2505.09343, table 5: 64 bytes between processors, NVLink", date: "2025-05")
      let cluster = try AcceleratorCluster(
        name, device: device, tiers: [.init(devices: .max, bandwidth: link, latency: latency)])
      let model = try ParallelCostModel(cluster, operators: fitted.operators, linkFractions: fitted.linkFractions)
      return try DissectionCluster(model, devices: 8, host: pcie, hostMemory: memory)
    }
    switch name.lowercased() {
    case "a800":
      let device = try device("A800")
      guard let link = device.link else { throw .invalid(field: "cluster", problem: "the A800 has no link") }
      return try node("8 × A800", device, link)
    case "rtx4090", "4090", "rtx-4090":
      // All eight share the way through the host; a ring uses each slot's link in one direction.
      return try node("8 × RTX-4090", try device("RTX-4090"), pcie)
    default: throw .invalid(field: "cluster", problem: "none is called '\(name)'; there are a800 and rtx4090")
    }
  }

  /// What a step of `sequences` sequences on each device takes.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for cells that cannot be and counts that are none;
  ///   ``PlannerError/unsupportedPrecision(_:device:)``.
  public func estimate(
    _ shape: TransformerShape, _ cell: DissectionCell, sequences: Int, tokens: Int
  ) throws(PlannerError) -> Estimate {
    if cell.has(.quantised), !cell.has(.lowRank) {
      throw .invalid(
        field: "grid", problem: "\(cell.name): a quantised base is frozen, so that nothing is left to train")
    }
    let sharding: StateSharding =
      cell.has(.shardedWeights) ? .weights : cell.has(.shardedGradients) ? .gradients : .none
    let run = try TrainingRun(
      shape, sequence: tokens, batch: devices * sequences,
      kernel: cell.has(.fusedAttention) ? .tiled : .materialized(dropout: false))
    let layout = ParallelLayout(
      tensor: 1, pipeline: 1, data: devices, microbatch: sequences,
      recomputation: cell.has(.recompute) ? .layer : .none, sharding: sharding, overlapsGradients: true)
    let whole = try model.estimate(run, layout, checksMemory: false)
    var (seconds, bytes) = (whole.seconds, whole.bytes)
    let (all, ranks) = (Double(shape.parameters), Double(devices))
    var trained = all
    if cell.has(.lowRank) {
      let need = try FineTuningMemory(
        shape, .lowRank(rank: DissectionMemory.rank), base: cell.has(.quantised) ? .nf4 : .whole(bytes: 2),
        sequences: sequences, tokens: tokens, widths: .mixed)
      trained = Double(need.trained)
      // The state of low-rank changes is on every device; what is frozen has no gradient to be summed or made.
      let frozen = need.weights - 2 * trained
      let held = sharding == .weights ? frozen / ranks : frozen
      bytes = whole.activationBytes + held + trained * 16
      let gathered = sharding == .weights ? whole.dataTransfers * frozen / (2 * all) : 0
      let backward = whole.compute * (cell.has(.recompute) ? 1.0 / 4 : 1.0 / 3)
      seconds = whole.compute - backward + gathered
      if cell.has(.quantised) {
        // Weights are made anew each way: half a byte is read, two are written and read again.
        let passes = cell.has(.recompute) ? 3.0 : 2.0
        seconds += passes * all * 4.5 / model.cluster.device.bandwidth.value
      }
    }
    if cell.has(.offload) {
      // A copy and two moments are the host's; it gets gradients and gives weights back, in 16 bits.
      let own = sharding == .none ? trained : trained / ranks
      bytes -= own * 12
      if !cell.has(.lowRank) { seconds -= whole.optimizer }
      let perHost = own * ranks
      seconds += own * 4 / host.value + perHost * 28 / hostMemory.value
    }
    return Estimate(
      cell: cell, sequences: sequences, seconds: seconds, bytes: bytes,
      tokensPerSecond: ranks * Double(sequences * tokens) / seconds)
  }

  /// What a cell takes with the largest batch that fits, at most `most` sequences on a device.
  ///
  /// - Throws: as ``estimate(_:_:sequences:tokens:)``.
  public func largest(
    _ shape: TransformerShape, _ cell: DissectionCell, tokens: Int, atMost most: Int = 64
  ) throws(PlannerError) -> Estimate {
    let limit = model.cluster.device.memory.value * Self.share
    let one = try estimate(shape, cell, sequences: 1, tokens: tokens)
    guard one.bytes <= limit else {
      return Estimate(cell: cell, sequences: 0, seconds: .infinity, bytes: one.bytes, tokensPerSecond: 0)
    }
    var (best, low, high) = (one, 1, max(1, most) + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      let found = try estimate(shape, cell, sequences: middle, tokens: tokens)
      if found.bytes <= limit { (best, low) = (found, middle) } else { high = middle }
    }
    return best
  }

  /// Tokens a second of all devices by those of as many alone, with the same sequences on each.
  ///
  /// - Throws: as ``estimate(_:_:sequences:tokens:)``.
  public func scaling(
    _ shape: TransformerShape, _ cell: DissectionCell, sequences: Int, tokens: Int
  ) throws(PlannerError) -> Double {
    let alone = try DissectionCluster(model, devices: 1, host: host, hostMemory: hostMemory)
    let one = try alone.estimate(shape, cell, sequences: sequences, tokens: tokens)
    let all = try estimate(shape, cell, sequences: sequences, tokens: tokens)
    return all.tokensPerSecond / (Double(devices) * one.tokensPerSecond)
  }
}
