// Challenges in Deploying Long-Context Transformers: A Theoretical Peak Performance Analysis (2024),
// https://arxiv.org/abs/2405.08944: from context length and model shape to users, seconds and swaps.
import Costs

/// What a context length costs at the limits of a device: users at once, seconds of prefill, of a token, and of a swap.
public struct LongContextAnalysis: Sendable, Hashable {
  /// How the operations of a prefill are counted.
  public enum PrefillCount: String, Sendable, Hashable, CaseIterable {
    /// c·2P + 2·L·c²·d: each query sees what is before it.
    case exact
    /// c·(2P + L·c·d), which gives the paper's seconds: half of the causal products.
    case paper
    /// c·2P + 4·L·c²·d: blocks above the diagonal are computed too.
    case full
  }

  /// The model.
  public var model: LongContextModel
  /// One of the devices.
  public var device: Device
  /// Devices that share each layer.
  public var devices: Int
  /// The format of products.
  public var precision: Precision
  /// Bytes a second between a device's memory and its host's, over all devices.
  public var hostLink: Double
  /// Bytes of each device's memory.
  public var memory: Double
  /// Bytes that are kept free for activations.
  public var reserve: Double
  /// What is done to keys and values.
  public var compression: KeyValueCompression
  /// How prefills are counted.
  public var count: PrefillCount
  /// The parts of the device's limits that are reached.
  public var efficiency: Efficiency
  /// Whether a user's keys go out while another's come in: a full-duplex link.
  public var swapsBothWays: Bool

  private let rate: Double

  /// An analysis.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - device: one of the devices.
  ///   - devices: how many share each layer.
  ///   - precision: the format of products.
  ///   - hostLink: bytes a second to the host; 20 GB/s is what PCIe 4 with 16 lanes gives.
  ///   - memory: bytes of each device's memory, where they are not the catalogue's: makers' 80 GB are 80·10⁹ there, though
  ///     the chips hold 80·2³⁰.
  ///   - reserve: bytes that are kept free.
  ///   - compression: what is done to keys and values.
  ///   - count: how prefills are counted.
  ///   - efficiency: the parts of the device's limits that are reached.
  ///   - swapsBothWays: whether the link carries both directions at once.
  /// - Throws: ``PlannerError`` for devices outside 1…2²⁰, rates that are not above 0, a format that the device does not compute
  ///   in, key heads that the compression asks for and the model does not have, and a model larger than the memory.
  public init(
    _ model: LongContextModel, on device: Device, devices: Int = 1, precision: Precision = .bf16,
    hostLink: Double = 20e9, memory: Double? = nil, reserve: Double = 0, compression: KeyValueCompression = .none,
    count: PrefillCount = .exact, efficiency: Efficiency = Efficiency(), swapsBothWays: Bool = false
  ) throws(PlannerError) {
    guard (1...1 << 20).contains(devices) else {
      throw .invalid(field: "devices", problem: "\(devices) lies outside 1…\(1 << 20)")
    }
    guard hostLink > 0, hostLink.isFinite else {
      throw .invalid(field: "hostLink", problem: "\(hostLink) must be above 0")
    }
    let memory = memory ?? device.memory.value
    guard memory > 0, memory.isFinite else { throw .invalid(field: "memory", problem: "\(memory) must be above 0") }
    guard reserve >= 0, reserve.isFinite else {
      throw .invalid(field: "reserve", problem: "\(reserve) must not be below 0")
    }
    guard efficiency.isValid else {
      throw .invalid(field: "efficiency", problem: "\(efficiency) must hold fractions above 0 and at most 1")
    }
    if let heads = compression.kvHeads, heads > model.kvHeads {
      throw .invalid(field: "kvHeads", problem: "\(heads) is more than the model's \(model.kvHeads)")
    }
    guard let rate = device.compute[precision] else { throw .unsupportedPrecision(precision, device: device.name) }
    let needed = model.parameters * model.weightBytes + reserve
    guard needed < memory * Double(devices) else {
      throw .doesNotFit(step: model.name, bytes: needed, device: "\(devices) × \(device.name)")
    }
    self.model = model
    self.device = device
    self.devices = devices
    self.precision = precision
    self.hostLink = hostLink
    self.memory = memory
    self.reserve = reserve
    self.compression = compression
    self.count = count
    self.efficiency = efficiency
    self.swapsBothWays = swapsBothWays
    self.rate = rate.value
  }

  /// The most tokens of a context.
  public static let contextLimit = 1 << 31

  private var flopsPerSecond: Double { rate * efficiency.compute * Double(devices) }
  private var bytesPerSecond: Double { device.bandwidth.value * efficiency.memory * Double(devices) }

  /// Bytes of all weights.
  public var weightBytes: Double { model.parameters * model.weightBytes }

  /// Bytes of keys and values of one user with `context` tokens: 2·L·n_kv·d_h·e·c, each factor as the compression leaves it.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for tokens outside 1…2³¹.
  public func keyValueBytes(_ context: Int) throws(PlannerError) -> Double {
    guard (1...Self.contextLimit).contains(context) else {
      throw .invalid(field: "context", problem: "\(context) lies outside 1…\(Self.contextLimit)")
    }
    let heads = Double(compression.kvHeads ?? model.kvHeads)
    let token =
      2 * Double(model.layers) * compression.layersKept * heads * Double(model.headDim) * compression.widthKept
    return token * compression.bits / 8 * Double(context) * compression.tokensKept
  }

  /// Users whose keys and values are in memory at once: ⌊(H·n − P·e) / kv(c)⌋.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for tokens outside 1…2³¹.
  public func users(_ context: Int) throws(PlannerError) -> Int {
    let free = memory * Double(devices) - weightBytes - reserve
    return Int(min(free / (try keyValueBytes(context)), 1e15))
  }

  /// Operations of a prefill.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for tokens outside 1…2³¹.
  public func prefillOperations(_ context: Int) throws(PlannerError) -> Double {
    _ = try keyValueBytes(context)
    let c = Double(context)
    let pairs = Double(model.layers) * Double(model.width) * c * c
    let attention: Double =
      switch count {
      case .exact: 2 * pairs
      case .paper: pairs
      case .full: 4 * pairs
      }
    let all = 2 * model.activeParameters * c + attention
    return compression.prefillSkipsLayers ? all * compression.layersKept : all
  }

  /// Seconds of a prefill, held up by arithmetic.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for tokens outside 1…2³¹.
  public func prefillSeconds(_ context: Int) throws(PlannerError) -> Double {
    try prefillOperations(context) / flopsPerSecond
  }

  /// Seconds of one step that gives each of `users` a token: the weights are read once, each user's keys and values too; from
  /// the critical batch on arithmetic takes longer.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for tokens outside 1…2³¹ and users outside 1…2³¹.
  public func stepSeconds(_ context: Int, users: Int = 1) throws(PlannerError) -> Double {
    guard (1...1 << 31).contains(users) else {
      throw .invalid(field: "users", problem: "\(users) lies outside 1…\(1 << 31)")
    }
    let m = Double(users)
    let bytes = weightBytes + m * (try keyValueBytes(context))
    let read = Double(context) * compression.tokensKept
    let flops = m * (2 * model.activeParameters + 4 * Double(model.layers) * Double(model.width) * read)
    return max(bytes / bytesPerSecond, flops / flopsPerSecond)
  }

  /// Users at which the weights' arithmetic takes as long as their traffic: F·e / (2·B), of a dense model.
  public var criticalBatch: Double {
    weightBytes / bytesPerSecond * flopsPerSecond / (2 * model.activeParameters)
  }

  /// Seconds in which one user's keys and values leave the device and another's come, as many tokens each.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for tokens outside 1…2³¹.
  public func switchSeconds(_ context: Int) throws(PlannerError) -> Double {
    try keyValueBytes(context) * (swapsBothWays ? 1 : 2) / hostLink
  }
}
