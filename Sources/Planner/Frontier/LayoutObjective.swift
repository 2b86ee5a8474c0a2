/// The speed of a layout whose settings are a point of a space, for a search.
///
/// Dimensions by name: `tensor`, `pipeline`, `microbatch`, `accumulation` (microbatches of a step), `zero1` (0 or 1), `nodes` (of as many
/// devices as the objective says), `chunks`, `recompute` (0 nothing, 1 attention, 2 layers); what a space leaves out is one, ZeRO-1 off, layers
/// computed again, and the objective's own nodes.
public struct LayoutObjective: Sendable, Hashable {
  /// The model.
  public let shape: TransformerShape
  /// Tokens of a sequence.
  public let sequence: Int
  /// How attention is computed.
  public let kernel: AttentionKernel
  /// The cost model.
  public let model: ParallelCostModel
  /// Devices of a node.
  public let nodeDevices: Int
  /// Nodes where the space has no such dimension.
  public let nodes: Int
  private let names: [String]

  private static let known = [
    "tensor", "pipeline", "microbatch", "accumulation", "zero1", "nodes", "chunks", "recompute",
  ]

  /// An objective.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for dimensions that are not known, and counts that are none.
  public init(
    _ shape: TransformerShape, sequence: Int = 2048, kernel: AttentionKernel = .tiled, space: SearchSpace,
    nodeDevices: Int = 8, nodes: Int = 1, _ model: ParallelCostModel
  ) throws(PlannerError) {
    _ = try TrainingRun(shape, sequence: sequence, batch: 1)
    for (field, count) in [("nodeDevices", nodeDevices), ("nodes", nodes)] where !(1...1 << 20).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(1 << 20)")
    }
    names = space.dimensions.map(\.name)
    if let name = names.first(where: { !Self.known.contains($0) }) {
      throw .invalid(field: "space", problem: "'\(name)' is none of \(Self.known.joined(separator: ", "))")
    }
    self.shape = shape
    self.sequence = sequence
    self.kernel = kernel
    self.model = model
    self.nodeDevices = nodeDevices
    self.nodes = nodes
  }

  /// 10¹² operations a second of each device, what is computed again not counted; nothing where the layout cannot be or does not fit.
  ///
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``; ``PlannerError/invalid(field:problem:)`` for a batch that is none.
  public func teraflops(_ point: [Int]) throws(PlannerError) -> Double? {
    func value(_ name: String, _ standard: Int) -> Int {
      names.firstIndex(of: name).flatMap { $0 < point.count ? point[$0] : nil } ?? standard
    }
    let (tensor, pipeline) = (value("tensor", 1), value("pipeline", 1))
    let (microbatch, accumulation, chunks) = (value("microbatch", 1), value("accumulation", 1), value("chunks", 1))
    let (devices, tooMany) = value("nodes", nodes).multipliedReportingOverflow(by: nodeDevices)
    let (group, tooLarge) = tensor.multipliedReportingOverflow(by: pipeline)
    guard !tooMany, !tooLarge, group > 0, devices > 0, devices.isMultiple(of: group) else { return nil }
    let data = devices / group
    let (share, over) = microbatch.multipliedReportingOverflow(by: accumulation)
    let (batch, overflow) = share.multipliedReportingOverflow(by: data)
    guard !over, !overflow, (1...1 << 24).contains(batch) else { return nil }
    let recomputations: [Recomputation] = [.none, .attention, .layer]
    let again = value("recompute", 2)
    guard recomputations.indices.contains(again) else { return nil }
    let layout = ParallelLayout(
      tensor: tensor, pipeline: pipeline, data: data, microbatch: microbatch, chunks: chunks,
      recomputation: recomputations[again], sharding: value("zero1", 0) == 0 ? .none : .optimizer)
    let run = try TrainingRun(shape, sequence: sequence, batch: batch, kernel: kernel)
    guard model.refusal(of: layout, run) == nil else { return nil }
    let estimate = try model.estimate(run, layout, checksMemory: false)
    return estimate.bytes <= model.cluster.device.memory.value ? estimate.modelTeraflops(run) : nil
  }
}
