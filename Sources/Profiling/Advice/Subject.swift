import Formats
import Inference
import Models
import Text

/// What is to be made better, and what is known of it: techniques predict from this.
public struct Subject: Sendable {
  /// A prompt and what the model answered to it.
  public struct Sample: Sendable, Equatable {
    /// What kind of text it is.
    public var kind: String
    /// The prompt's tokens.
    public var prompt: [Int32]
    /// The answer's tokens.
    public var answer: [Int32]

    /// A sample from its parts.
    public init(kind: String, prompt: [Int32], answer: [Int32]) {
      self.kind = kind
      self.prompt = prompt
      self.answer = answer
    }
  }

  /// The goal.
  public var goal: Goal
  /// The settings in force, every value decided.
  public var settings: EngineSettings
  /// The measured cost of the goal's work with them, in ``Goal/unit``.
  public var baseline: Double
  /// The model's sizes.
  public var model: ModelDescription
  /// The machine.
  public var machine: MachineIdentity
  /// What steps cost, from measured ceilings and step times.
  public var costs: StepCosts
  /// Texts of several kinds, as the model continued them.
  public var samples: [Sample]
  /// The model's tokenizer.
  public var tokenizer: Tokenizer
  /// Its chat template, if it has one.
  public var template: ChatTemplate?

  /// A subject from its parts.
  public init(
    goal: Goal, settings: EngineSettings, baseline: Double, model: ModelDescription, machine: MachineIdentity,
    costs: StepCosts, samples: [Sample], tokenizer: Tokenizer, template: ChatTemplate?
  ) {
    self.goal = goal
    self.settings = settings
    self.baseline = baseline
    self.model = model
    self.machine = machine
    self.costs = costs
    self.samples = samples
    self.tokenizer = tokenizer
    self.template = template
  }

  /// The expected seconds of the goal's work with other settings, by the cost model; `nil` where the goal is no time.
  ///
  /// Decoding is counted without guessing ahead, whose gain depends on the text: see ``LookupGuessing``.
  public func predictedSeconds(_ settings: EngineSettings) -> Double? {
    let settings = settings.completed(by: self.settings)
    switch goal {
    case .decode(let depth): return costs.step(rows: 1, depth: depth, logits: 1, settings)
    case .prefill(let tokens): return costs.prompt(tokens, settings)
    case .latency:
      return samples.reduce(0) { $0 + costs.prompt($1.prompt.count, settings) }
    case .memory: return nil
    }
  }

  /// How many times better the goal becomes with other settings, by the cost model.
  public func predictedGain(_ changed: EngineSettings) -> Double? {
    if goal == .memory {
      // What the cost model does not know of is there with any settings: only the difference counts.
      let after = baseline + costs.bytes(changed.completed(by: settings)) - costs.bytes(settings)
      return baseline / max(after, baseline / 20)
    }
    guard let before = predictedSeconds(settings), let after = predictedSeconds(changed), after > 0 else { return nil }
    return before / after
  }
}
