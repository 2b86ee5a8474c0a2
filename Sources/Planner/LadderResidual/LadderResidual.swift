// Ladder-Residual: Parallelism-Aware Architecture for Accelerating Large Model Inference with Communication Overlapping (ICML 2025),
// https://arxiv.org/abs/2501.06589: blocks read a residual stream without the latest sum, so that its all-reduce overlaps.
import Costs

/// An engine that decodes a dense model with tensor parallelism, and the constants that its steps follow from.
public struct LadderResidual: Sendable, Hashable {
  /// What measurements give.
  public struct Constants: Sendable, Hashable {
    /// The part of the memory's rate at which weights are read for one row: a product of a matrix and a vector has a kernel of its own.
    public var oneRow: Double
    /// The same for several rows.
    public var manyRows: Double
    /// The part of the arithmetic rate that products reach.
    public var compute: Double
    /// Seconds of a module beside its products and its keys.
    public var overhead: Double
    /// Times that a step goes over the cache: keys of a group are written out for each of its heads.
    public var cachePasses: Double
    /// Ways that an all-reduce can go, of which the library takes the fastest for a message's size.
    public var links: [Link]

    /// Constants from their parts.
    public init(
      oneRow: Double, manyRows: Double, compute: Double, overhead: Double, cachePasses: Double, links: [Link]
    ) {
      self.oneRow = oneRow
      self.manyRows = manyRows
      self.compute = compute
      self.overhead = overhead
      self.cachePasses = cachePasses
      self.links = links
    }

    /// The device at its limits.
    public static let plain = Constants(
      oneRow: 1, manyRows: 1, compute: 1, overhead: 0, cachePasses: 1, links: [Link(checked: 0, 450e9)])
  }

  /// The model.
  public let shape: TransformerShape
  /// The device.
  public let device: Device
  /// Devices that share each layer.
  public let devices: Int
  /// The constants.
  public let constants: Constants

  /// Of an H100's 132 processors a collective takes 20, as DeepSeek-V3's do (arXiv 2412.19437, section 3.2.2): no row is fitted on it.
  public static let taken = 20.0 / 132

  /// An engine.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for devices that do not divide the key heads, models with experts or latent
  ///   state, and constants that are none; ``PlannerError/unsupportedPrecision(_:device:)``.
  public init(
    _ shape: TransformerShape, on device: Device, devices: Int, constants: Constants = .plain
  ) throws(PlannerError) {
    try shape.checkDivision(over: devices)
    guard device.compute[.f16] != nil else { throw .unsupportedPrecision(.f16, device: device.name) }
    for (field, part) in [
      ("oneRow", constants.oneRow), ("manyRows", constants.manyRows), ("compute", constants.compute),
    ] where !(part > 0 && part <= 1) {
      throw .invalid(field: field, problem: "\(part) must lie above 0 and at most at 1")
    }
    guard constants.overhead >= 0, constants.overhead <= 1, constants.cachePasses >= 0, constants.cachePasses <= 1000,
      !constants.links.isEmpty
    else { throw .invalid(field: "constants", problem: "\(constants) are none") }
    self.shape = shape
    self.device = device
    self.devices = devices
    self.constants = constants
  }

  /// The times of a step's modules.
  ///
  /// - Parameters:
  ///   - batch: sequences.
  ///   - tokens: new tokens of each; several are a prompt, whose attention goes over its matrix six times, as `.materialized` does.
  ///   - cache: tokens that the cache has room for, which are all gone over.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts below one or beyond 2²⁴.
  public func step(batch: Int, tokens: Int, cache: Int) throws(PlannerError) -> TensorParallelStep {
    for (field, count) in [("batch", batch), ("tokens", tokens), ("cache", cache)] where !(1...1 << 24).contains(count)
    {
      throw .invalid(field: field, problem: "\(count) lies outside 1…2²⁴")
    }
    let (sequences, rows, ranks) = (Double(batch), Double(batch) * Double(tokens), Double(devices))
    let rate = (device.compute[.f16]?.value ?? .nan) * constants.compute
    let bandwidth = device.bandwidth.value * (rows == 1 ? constants.oneRow : constants.manyRows)
    func product(_ weights: Int, rows: Double, ranks: Double) -> Double {
      2 * Double(weights) / ranks * max(1 / bandwidth, rows / rate)
    }
    let cached = sequences * Double(cache)
    let keys: Double =
      tokens == 1
      ? 4 * Double(shape.kvHeads * shape.headDim) * cached * constants.cachePasses
      : 12 * Double(shape.heads) * cached * Double(tokens)
    let exchanged = 2 * rows * Double(shape.width)
    return TensorParallelStep(
      attention: product(shape.attentionMatrixWeights, rows: rows, ranks: ranks) + keys / ranks / bandwidth
        + constants.overhead,
      feedForward: product(shape.layerMatrixWeights - shape.attentionMatrixWeights, rows: rows, ranks: ranks)
        + constants.overhead,
      // Every device has the whole output layer.
      head: product(shape.vocabulary * shape.width, rows: sequences, ranks: 1),
      allReduce: constants.links.map { Collective.allReduce.ringSeconds(ranks: devices, bytes: exchanged, over: $0) }
        .min() ?? 0)
  }

  /// Tokens of a prompt and an answer.
  private static func cache(_ prompt: Int, _ answer: Int) throws(PlannerError) -> Int {
    for (field, count) in [("prompt", prompt), ("answer", answer)] where !(1...1 << 23).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…2²³")
    }
    return prompt + answer
  }

  /// Tokens a second of answers, the prompts' time included.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public func tokensPerSecond(
    _ wiring: ResidualWiring, batch: Int, prompt: Int, answer: Int, taken: Double = taken
  ) throws(PlannerError) -> Double {
    let cache = try Self.cache(prompt, answer)
    let first = try step(batch: batch, tokens: prompt, cache: cache)
    let next = try step(batch: batch, tokens: 1, cache: cache)
    let prefill = try first.schedule(wiring, layers: shape.layers).run(taken: taken).seconds
    let decode = try next.schedule(wiring, layers: shape.layers).run(taken: taken).seconds
    return Double(batch) * Double(answer) / (prefill + Double(answer - 1) * decode)
  }

  /// The same of the standard wiring, where nothing overlaps: a sum.
  func standardTokensPerSecond(batch: Int, prompt: Int, answer: Int) throws(PlannerError) -> Double {
    let cache = try Self.cache(prompt, answer)
    let prefill = try step(batch: batch, tokens: prompt, cache: cache).standardSeconds(layers: shape.layers)
    let decode = try step(batch: batch, tokens: 1, cache: cache).standardSeconds(layers: shape.layers)
    return Double(batch) * Double(answer) / (prefill + Double(answer - 1) * decode)
  }
}
