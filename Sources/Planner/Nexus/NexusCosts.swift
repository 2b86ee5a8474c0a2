// Nexus: Proactive Intra-GPU Disaggregation of Prefill and Decode in LLM Serving (2025),
// https://arxiv.org/abs/2507.06608: prompts and tokens side by side on one processor, each with a share of it.
import Costs

/// How long prompts and tokens take on a share of a device, and what the one takes of the other's bandwidth.
///
/// An operator takes as long as the slower of its arithmetic and its traffic. Arithmetic has the share's rate up to a share at
/// which it saturates, and a part of what comes on top beyond. Traffic has all of the bandwidth, but attention of tokens has what
/// the prompts beside it leave.
public struct NexusCosts: Sendable, Hashable {
  /// Where more processors stop to help in full.
  public struct Saturation: Sendable, Hashable {
    /// The share up to which arithmetic grows with it.
    public var share: Double
    /// What of every further share counts.
    public var decay: Double

    /// Nothing saturates.
    public static let none = Saturation(share: 1, decay: 1)

    /// A saturation from its parts.
    public init(share: Double, decay: Double) {
      self.share = share
      self.decay = decay
    }

    /// The part of the whole device's rate that `share` of it reaches; 1 of all of it.
    public func reached(_ share: Double) -> Double {
      func counted(_ share: Double) -> Double { min(share, self.share) + decay * max(0, share - self.share) }
      return counted(share) / counted(1)
    }
  }

  /// What is not on a data sheet.
  public struct Constants: Sendable, Hashable {
    /// The part of the peak that arithmetic reaches on the whole device: of Megatron's first row, as ``TokenWeave`` takes it.
    public var compute = 0.737
    /// The part of the memory's rate that traffic reaches: Ladder Residual's.
    public var memory = 0.86
    /// Where prompts saturate, products and attention. Recalled of the paper's curves, not read: assumed.
    public var prompts = Saturation(share: 0.7, decay: 0.26)
    /// Where tokens do; the roofline itself holds them up before.
    public var tokens = Saturation(share: 0.7, decay: 0.26)
    /// How many times a prompt's attention reads keys and values; once in the paper's model.
    public var keyReads = 1.0
    /// The share of the device from which on traffic has all of the bandwidth, less of it in proportion below; in the paper's model
    /// any share has it all.
    public var trafficShare = 0.0
    /// Seconds of every iteration beside its operators.
    public var overhead = 0.0

    /// The house's constants.
    public init() {}
  }

  /// Seconds of an iteration of one phase.
  public struct PhaseTimes: Sendable, Hashable {
    /// Those of attention.
    public var attention: Double
    /// Those of products.
    public var dense: Double
    /// Those beside operators.
    public var overhead: Double

    /// All of them.
    public var seconds: Double { attention + dense + overhead }
  }

  /// The model.
  public let shape: TransformerShape
  /// The device.
  public let device: Device
  /// The constants.
  public let constants: Constants
  /// Bytes of a token's keys and values, of 16 bits.
  public let stateBytesPerToken: Double
  /// Operations and bytes a second that the whole device reaches.
  private let operations: Double
  private let bandwidth: Double
  /// Weights of the layers' matrices and of the output layer's.
  private let layerWeights: Double
  private let headWeights: Double
  /// Operations for each pair of a token and one that it sees.
  private let pairOperations: Double

  /// A dense model of 16-bit weights on a device.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for models with experts or latent state and constants that are none;
  ///   ``PlannerError/unsupportedPrecision(_:device:)``.
  public init(
    _ shape: TransformerShape, on device: Device, constants: Constants = Constants()
  ) throws(PlannerError) {
    try shape.checkDivision(over: 1)
    guard let rate = device.compute[.bf16] ?? device.compute[.f16] else {
      throw .unsupportedPrecision(.bf16, device: device.name)
    }
    for (field, part) in [
      ("compute", constants.compute), ("memory", constants.memory), ("prompts.share", constants.prompts.share),
      ("tokens.share", constants.tokens.share),
    ] where !(part > 0 && part <= 1) {
      throw .invalid(field: field, problem: "\(part) must lie above 0 and at most at 1")
    }
    for (field, part) in [
      ("prompts.decay", constants.prompts.decay), ("tokens.decay", constants.tokens.decay),
      ("trafficShare", constants.trafficShare),
    ] where !(part >= 0 && part <= 1) {
      throw .invalid(field: field, problem: "\(part) lies outside 0…1")
    }
    guard constants.keyReads >= 1, constants.keyReads <= 1e6 else {
      throw .invalid(field: "keyReads", problem: "\(constants.keyReads) lies outside 1…10⁶")
    }
    guard constants.overhead >= 0, constants.overhead <= 3600 else {
      throw .invalid(field: "overhead", problem: "\(constants.overhead) lies outside 0…3600 s")
    }
    self.shape = shape
    self.device = device
    self.constants = constants
    operations = rate.value * constants.compute
    bandwidth = device.bandwidth.value * constants.memory
    stateBytesPerToken = 2 * Double(shape.stateNumbersPerToken)
    layerWeights = Double(shape.layers) * Double(shape.layerMatrixWeights)
    headWeights = Double(shape.vocabulary) * Double(shape.width)
    pairOperations = 2 * Double(shape.queryDim + shape.valueDim) * Double(shape.heads) * Double(shape.layers)
  }

  /// Bytes of the matrices that an iteration reads.
  public var denseBytes: Double { 2 * (layerWeights + headWeights) }

  /// Bytes of keys and values that prompts read.
  func keyBytes(ofPrompts batch: IterationBatch) -> Double {
    Double(batch.promptTokens + batch.promptPast) * stateBytesPerToken * constants.keyReads
  }

  /// Bytes of keys and values that tokens read.
  func keyBytes(ofTokens batch: IterationBatch) -> Double {
    Double(batch.contextTokens + batch.sequences) * stateBytesPerToken
  }

  /// What a share of the device reaches of its rates.
  private struct Reach {
    var arithmetic = 1.0
    var traffic = 1.0
  }

  private func reach(_ share: Double, _ saturation: Saturation) -> Reach {
    Reach(
      arithmetic: saturation.reached(share),
      traffic: share < constants.trafficShare ? share / constants.trafficShare : 1)
  }

  /// The slower of arithmetic and traffic.
  private func seconds(operations: Double, bytes: Double, _ reach: Reach = Reach()) -> Double {
    max(operations / (self.operations * reach.arithmetic), bytes / (bandwidth * reach.traffic))
  }

  private func dense(rows: Double, logits: Double, _ reach: Reach = Reach()) -> Double {
    seconds(operations: 2 * rows * layerWeights, bytes: 2 * layerWeights, reach)
      + seconds(operations: 2 * logits * headWeights, bytes: 2 * headWeights, reach)
  }

  /// Seconds of a batch's prompts on `share` of the device, above 0 and at most 1; one row gets logits.
  public func prefill(_ batch: IterationBatch, share: Double) -> PhaseTimes {
    let reach = reach(share, constants.prompts)
    return PhaseTimes(
      attention: seconds(operations: pairOperations * batch.promptPairs, bytes: keyBytes(ofPrompts: batch), reach),
      dense: dense(rows: Double(batch.promptTokens), logits: 1, reach), overhead: constants.overhead)
  }

  /// Seconds of a token of each of a batch's sequences on `share` of the device.
  ///
  /// - Parameters:
  ///   - batch: the sequences.
  ///   - share: above 0 and at most 1.
  ///   - bandwidthShare: what of the bandwidth prompts leave to attention.
  public func decode(_ batch: IterationBatch, share: Double, bandwidthShare: Double = 1) -> PhaseTimes {
    let reach = reach(share, constants.tokens)
    var beside = reach
    beside.traffic *= bandwidthShare
    let rows = Double(batch.sequences)
    return PhaseTimes(
      attention: seconds(
        operations: pairOperations * Double(batch.contextTokens + batch.sequences), bytes: keyBytes(ofTokens: batch),
        beside),
      dense: dense(rows: rows, logits: rows, reach), overhead: constants.overhead)
  }

  /// The part of the bandwidth that attention of `tokens` has while `prompts` run on `promptShare` of the device.
  ///
  /// P_attn·m_d/(m_d + m_p1) + P_dense·m_d/(m_d + m_p2): in the time that prompts spend in attention and in products the bandwidth
  /// is shared as the bytes are. P_attn depends on the prompts' share, which closes the circle between the two shares.
  public func bandwidthShare(of tokens: IterationBatch, beside prompts: IterationBatch, promptShare: Double) -> Double {
    guard tokens.sequences > 0, prompts.promptTokens > 0 else { return 1 }
    let times = prefill(prompts, share: promptShare)
    let attention = times.attention / (times.attention + times.dense)
    let own = keyBytes(ofTokens: tokens)
    return attention * own / (own + keyBytes(ofPrompts: prompts)) + (1 - attention) * own / (own + denseBytes)
  }
}

extension NexusCosts: IterationTimes {
  /// Seconds of an iteration that mixes both on the whole device: rows go through the products together, attention of the one
  /// follows that of the other.
  public func seconds(of batch: IterationBatch) -> Double {
    let tokens = Double(batch.sequences)
    var sum = constants.overhead
    sum += dense(rows: Double(batch.promptTokens) + tokens, logits: tokens + (batch.promptTokens > 0 ? 1 : 0))
    if batch.promptTokens > 0 {
      sum += seconds(operations: pairOperations * batch.promptPairs, bytes: keyBytes(ofPrompts: batch))
    }
    if batch.sequences > 0 {
      sum += seconds(
        operations: pairOperations * Double(batch.contextTokens + batch.sequences), bytes: keyBytes(ofTokens: batch))
    }
    return sum
  }
}
