// MoE-Lens: Towards the Hardware Limit of High-Throughput MoE LLM Serving Under Resource Constraints (2025),
// https://arxiv.org/abs/2504.09345: weights stream to the device once a pass, keys and values stay with the processor.
import Costs

/// A machine that serves a model whose weights its device cannot hold.
///
/// Every pass streams all weights over the link, which takes δ = bytes / B_IO whatever rides along; the processor keeps keys and
/// values and computes attention of tokens, the device everything else.
public struct MoELens: Sendable, Hashable {
  /// Something that a machine has more or less of.
  public enum Resource: String, Sendable, Hashable, Codable, CaseIterable {
    /// Bytes a second of the link to the device.
    case link
    /// Bytes a second of the processor's memory.
    case processorBandwidth
    /// Bytes for keys and values.
    case stateMemory
    /// Operations a second of the device.
    case device
  }

  /// What more of a resource adds.
  public struct Gain: Sendable, Hashable {
    /// The resource.
    public var resource: Resource
    /// The throughput that it adds, as a fraction.
    public var gain: Double
  }

  /// Bytes of all weights.
  public let weightBytes: Double
  /// Bytes of a token's keys and values.
  public let stateBytesPerToken: Double
  /// Bytes for keys and values.
  public let stateMemory: Double
  /// Bytes a second from the processor's memory to the device, B_IO.
  public let link: Double
  /// Bytes a second of the processor's memory, the link's among them.
  public let processorBandwidth: Double
  /// Tokens a second of the device when it is busy, T_GPU.
  public let deviceRate: Double
  /// Tokens of a page of keys and values.
  public let pageTokens: Int

  /// A machine from its parts.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for parts that are not above zero or too large to count with, a processor that
  ///   is not faster than the link, and keys and values that do not fill a page.
  public init(
    weightBytes: Double, stateBytesPerToken: Double, stateMemory: Double, link: Double, processorBandwidth: Double,
    deviceRate: Double, pageTokens: Int = 16
  ) throws(PlannerError) {
    for (field, value) in [
      ("weightBytes", weightBytes), ("stateBytesPerToken", stateBytesPerToken), ("stateMemory", stateMemory),
      ("link", link), ("processorBandwidth", processorBandwidth), ("deviceRate", deviceRate),
    ] where !(value > 0 && value <= 1e18) {
      throw .invalid(field: field, problem: "\(value) lies outside 0…10¹⁸")
    }
    guard processorBandwidth > link else {
      throw .invalid(
        field: "processorBandwidth", problem: "\(processorBandwidth) B/s leave nothing beside the link's \(link)")
    }
    guard (1...1 << 20).contains(pageTokens) else {
      throw .invalid(field: "pageTokens", problem: "\(pageTokens) lies outside 1…2²⁰")
    }
    let tokens = stateMemory / stateBytesPerToken
    guard tokens >= Double(pageTokens), tokens <= 0x1p40 else {
      throw .invalid(field: "stateMemory", problem: "\(tokens) tokens lie outside a page of \(pageTokens)…2⁴⁰")
    }
    self.weightBytes = weightBytes
    self.stateBytesPerToken = stateBytesPerToken
    self.stateMemory = stateMemory
    self.link = link
    self.processorBandwidth = processorBandwidth
    self.deviceRate = deviceRate
    self.pageTokens = pageTokens
  }

  /// A machine that serves `shape` in 16 bits.
  ///
  /// - Parameters:
  ///   - shape: the model.
  ///   - device: what computes all but attention of tokens.
  ///   - computeShare: the part of the device's rate that products reach.
  ///   - weightWidth: bytes of a weight.
  ///   - stateMemory: bytes for keys and values, of 16 bits.
  ///   - link: bytes a second to the device.
  ///   - processorBandwidth: bytes a second of the processor's memory.
  ///   - pageTokens: tokens of a page.
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``, and as the other initializer.
  public init(
    _ shape: TransformerShape, on device: Device, computeShare: Double = 1, weightWidth: Double = 2,
    stateMemory: Double, link: Double, processorBandwidth: Double, pageTokens: Int = 16
  ) throws(PlannerError) {
    guard let rate = device.compute[.f16] ?? device.compute[.bf16] else {
      throw .unsupportedPrecision(.f16, device: device.name)
    }
    guard computeShare > 0, computeShare <= 1 else {
      throw .invalid(field: "computeShare", problem: "\(computeShare) must lie above 0 and at most at 1")
    }
    guard weightWidth > 0, weightWidth <= 16 else {
      throw .invalid(field: "weightWidth", problem: "\(weightWidth) lies outside 0…16 bytes")
    }
    try self.init(
      weightBytes: weightWidth * Double(shape.parameters),
      stateBytesPerToken: 2 * Double(shape.stateNumbersPerToken), stateMemory: stateMemory, link: link,
      processorBandwidth: processorBandwidth,
      deviceRate: computeShare * rate.value / (2 * Double(shape.activeParameters)), pageTokens: pageTokens)
  }

  // MARK: Stage 1: what bounds any schedule

  /// Seconds in which all weights reach the device, δ.
  public var streamSeconds: Double { weightBytes / link }
  /// Tokens whose keys and values there is room for, M.
  public var stateTokens: Double { stateMemory / stateBytesPerToken }
  /// Whole pages of them.
  public var pages: Int { Int(stateTokens / Double(pageTokens)) }
  /// Tokens of a pass from which on the device takes longer than the weights, n*.
  public var saturatingTokens: Double { deviceRate * streamSeconds }

  /// Tokens in a pass for each token that is kept, PME = 2(p+g) / ((2p+g)·g): a request gives p+g tokens to compute over its life
  /// and keeps Σ (p+j) of them, of which the closed form counts g terms in the place of g+1.
  public static func parallelismMemoryEfficiency(_ load: MoELensLoad) -> Double {
    let (p, g) = (Double(load.prompt), Double(load.answer))
    return 2 * (p + g) / ((2 * p + g) * g)
  }

  /// Tokens a second, prompts counted, that no schedule exceeds: min(PME·M/δ, T_GPU).
  public func bound(_ load: MoELensLoad) -> Double {
    min(Self.parallelismMemoryEfficiency(load) * stateTokens / streamSeconds, deviceRate)
  }

  /// This machine with `factor` times as much of a resource.
  ///
  /// - Throws: as ``init(weightBytes:stateBytesPerToken:stateMemory:link:processorBandwidth:deviceRate:pageTokens:)``.
  public func scaled(_ resource: Resource, by factor: Double) throws(PlannerError) -> MoELens {
    func times(_ other: Resource) -> Double { resource == other ? factor : 1 }
    return try MoELens(
      weightBytes: weightBytes, stateBytesPerToken: stateBytesPerToken,
      stateMemory: stateMemory * times(.stateMemory), link: link * times(.link),
      processorBandwidth: processorBandwidth * times(.processorBandwidth), deviceRate: deviceRate * times(.device),
      pageTokens: pageTokens)
  }

  // MARK: What a pass takes

  /// Seconds of a pass: as long as the weights, the device or the processor takes, whichever is longest.
  func passSeconds(tokens: Double, keptTokens: Double) -> Double {
    max(streamSeconds, tokens / deviceRate, attentionSeconds(keptTokens: keptTokens))
  }

  /// Seconds in which the processor reads keys and values of so many tokens; while weights stream they take their part of its
  /// bandwidth.
  func attentionSeconds(keptTokens: Double) -> Double {
    let bytes = keptTokens * stateBytesPerToken
    let whileStreaming = (processorBandwidth - link) * streamSeconds
    guard bytes > whileStreaming else { return bytes / (processorBandwidth - link) }
    return streamSeconds + (bytes - whileStreaming) / processorBandwidth
  }

  /// Pages of so many tokens.
  func pages(_ tokens: Int) -> Int { (tokens + pageTokens - 1) / pageTokens }
}
