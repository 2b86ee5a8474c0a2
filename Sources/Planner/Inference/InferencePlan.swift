import Costs

/// A decoder that answers on one device: how long a prompt and a token take, what bounds them, and what more of each
/// resource would buy.
///
/// ```swift
/// let plan = try InferencePlan(shape, on: device, prompt: try Workload(tokens: 512), past: 2048)
/// print(plan.decode.bound, plan.tokensPerSecond)
/// ```
public struct InferencePlan: Sendable, Hashable {
  /// A tenth more of one of the device's limits.
  public struct Increment: Sendable, Hashable {
    /// The limit.
    public var resource: Roofline.Bound
    /// By what the prompt's time is divided.
    public var prefillGain: Double
    /// By what a token's time is divided.
    public var decodeGain: Double
  }

  /// The model.
  public let shape: TransformerShape
  /// The device.
  public let device: Device
  /// The prompts' step.
  public let prefill: StepEstimate
  /// The step of one token of each sequence.
  public let decode: StepEstimate
  /// The memory of it.
  public let memory: InferenceMemory
  /// The sequences that are answered together.
  public let sequences: Int
  /// What a tenth more of each limit buys, that which helps tokens most first.
  public let increments: [Increment]

  /// A plan.
  ///
  /// - Parameters:
  ///   - shape: the model.
  ///   - device: the device.
  ///   - prompt: the prompts, with the tokens that their sequences have before.
  ///   - past: tokens of each sequence before the token that is timed.
  ///   - precision: the format of products.
  ///   - widths: bytes of each number; `activations` is that of keys and values.
  ///   - model: what predicts a step's time; by default the device at its limits.
  /// - Throws: ``PlannerError``.
  public init(
    _ shape: TransformerShape, on device: Device, prompt: Workload, past: Int, precision: Precision = .bf16,
    widths: NumberWidths = .mixed, model: RooflineCostModel = .plain
  ) throws(PlannerError) {
    let token = try Workload(sequences: prompt.sequences, tokens: 1, past: past)
    let steps = (
      shape.forward(prompt, precision: precision, widths: widths, lastLogitsOnly: true),
      shape.forward(token, precision: precision, widths: widths, lastLogitsOnly: true)
    )
    self.shape = shape
    self.device = device
    sequences = prompt.sequences
    prefill = try model.estimate(steps.0, on: device)
    decode = try model.estimate(steps.1, on: device)
    memory = try InferenceMemory(
      shape, weightBytes: widths.weights, stateBytes: widths.activations, sequences: prompt.sequences,
      tokens: min(1 << 31, max(prompt.tokens + prompt.past, past + 1)), stepTokens: prompt.tokens)
    var increments: [Increment] = []
    for resource in Roofline.Bound.allCases {
      let more = device.scaled(resource, by: 1.1)
      increments.append(
        Increment(
          resource: resource, prefillGain: prefill.seconds / (try model.estimate(steps.0, on: more).seconds),
          decodeGain: decode.seconds / (try model.estimate(steps.1, on: more).seconds)))
    }
    self.increments = increments.sorted { $0.decodeGain > $1.decodeGain }
  }

  /// Whether the device's memory holds it.
  public var fits: Bool { memory.total <= device.memory.value }

  /// Tokens a second of all sequences together.
  public var tokensPerSecond: Double { Double(sequences) / decode.seconds }

  /// US dollars for a million tokens, where the device's price is known.
  public var dollarsPerMillionTokens: Double? { decode.dollars.map { $0 / Double(sequences) * 1e6 } }

  /// Joules for a token, where the device's power is known: as if it drew all of it throughout.
  public var joulesPerToken: Double? { decode.joules.map { $0 / Double(sequences) } }
}

extension Device {
  /// This device with `factor` times as much of one limit.
  func scaled(_ resource: Roofline.Bound, by factor: Double) -> Device {
    var device = self
    switch resource {
    case .compute:
      device.compute = compute.mapValues { rate in
        Figure(rate.value * factor, source: rate.source, date: rate.date)
      }
    case .memory: device.bandwidth.value *= factor
    }
    return device
  }
}
