// Zeppelin: Balancing Variable-length Workloads in Data Parallel Large Model Training (2025), https://arxiv.org/abs/2509.21841: each
// sequence on as few devices as balance allows, and tokens moved between attention and the rest of a layer.
import Costs

/// Nodes of devices that train a decoder on sequences of different lengths, and what a layer costs them.
public struct Zeppelin: Sendable, Hashable {
  /// The parts of the method, each of which can be left out.
  public struct Parts: Sendable, Hashable {
    /// Sequences on as few devices as balance allows; else each on all.
    public var partition = true
    /// Transfers of one queue under the others' attention; else each ring waits for its own.
    public var queues = true
    /// Transfers between nodes by all cards; else by the sender's.
    public var routing = true
    /// Equal tokens on all devices outside attention.
    public var remapping = true

    /// All of them.
    public init(partition: Bool = true, queues: Bool = true, routing: Bool = true, remapping: Bool = true) {
      self.partition = partition
      self.queues = queues
      self.routing = routing
      self.remapping = remapping
    }

    /// Every sequence on all devices, in a ring with one card at each border: uniform context parallelism.
    public static let uniform = Parts(partition: false, queues: false, routing: false, remapping: false)
  }

  /// The model.
  public let shape: TransformerShape
  /// Nodes G.
  public let nodes: Int
  /// Devices of a node, P, each with a card of its own.
  public let devicesPerNode: Int
  /// Tokens that a device has room for, C.
  public let capacity: Int
  /// Operations a second that products and attention reach.
  public let rate: Double
  /// The way between devices of a node.
  public let inside: Link
  /// The way of a card to another node.
  public let card: Link

  /// 400·10⁹ bytes a second inside a node, and its latency (arXiv 2505.09343, table 5).
  public static let nodeLink = Link(checked: 3.33e-6, 400e9)
  /// A card of 400 Gbit/s, and its latency.
  public static let cardLink = Link(checked: 3.7e-6, 50e9)

  /// Backward passes of attention compute 2.5 times what forward ones do, other layers twice; keys, values and their gradients travel.
  static let backward = (attention: 2.5, linear: 2.0, transfer: 2.0)

  /// Nodes.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for models with experts or latent state, counts below one or too large, and a
  ///   share of the rate that is none; ``PlannerError/unsupportedPrecision(_:device:)``.
  public init(
    _ shape: TransformerShape, on device: Device, nodes: Int, devicesPerNode: Int = 8, capacity: Int,
    compute: Double = LadderPrediction.compute, inside: Link = Zeppelin.nodeLink,
    card: Link = Zeppelin.cardLink
  ) throws(PlannerError) {
    guard shape.experts == nil, shape.latent == nil else {
      throw .invalid(field: "model", problem: "\(shape.name) is not dense")
    }
    for (field, count, most) in [
      ("nodes", nodes, 1 << 10), ("devices", devicesPerNode, 1 << 6), ("capacity", capacity, 1 << 24),
    ] where !(1...most).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(most)")
    }
    guard let rate = device.compute[.bf16] else { throw .unsupportedPrecision(.bf16, device: device.name) }
    guard compute > 0, compute <= 1 else {
      throw .invalid(field: "compute", problem: "\(compute) must lie above 0 and at most at 1")
    }
    self.shape = shape
    self.nodes = nodes
    self.devicesPerNode = devicesPerNode
    self.capacity = capacity
    self.rate = rate.value * compute
    self.inside = inside
    self.card = card
  }

  /// All devices, G·P.
  public var devices: Int { nodes * devicesPerNode }
  /// The node of a device.
  func node(_ device: Int) -> Int { device / devicesPerNode }

  /// Seconds of causal attention of a sequence on one device, forward.
  func attentionSeconds(_ length: Int) -> Double {
    2 * Double(length) * Double(length) * Double(shape.heads * shape.headDim) / rate
  }

  /// Seconds of a layer's products for so many tokens on one device, forward.
  func linearSeconds(_ tokens: Double) -> Double { 2 * Double(shape.layerMatrixWeights) * tokens / rate }

  /// Bytes of a token's keys and values.
  var stateBytes: Double { 4 * Double(shape.kvHeads * shape.headDim) }
  /// Bytes of a token between layers.
  var tokenBytes: Double { 2 * Double(shape.width) }

  /// Seconds of a block's way to the next device of a ring. Between nodes it can be cut into a slice for each card: scattered to the
  /// node's devices, sent side by side, brought together.
  func hopSeconds(_ bytes: Double, crossesNodes: Bool, routing: Bool) -> Double {
    guard crossesNodes else { return inside.seconds(bytes) }
    let direct = card.seconds(bytes)
    guard routing, devicesPerNode > 1 else { return direct }
    let slice = bytes / Double(devicesPerNode)
    return min(direct, 2 * inside.seconds(bytes - slice) + card.seconds(slice))
  }
}
