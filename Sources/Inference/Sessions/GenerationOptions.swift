import Text

/// How an answer is generated.
///
/// The defaults are llama.cpp's. Each new token is drawn in this order: constraint, logit bias, penalties, top-k, top-p, min-p,
/// temperature, draw; ``Sampler`` defines every step.
public struct GenerationOptions: Sendable, Hashable {
  /// The most new tokens; until the context ends by default.
  public var maxTokens: Int?
  /// The temperature; 0 takes the likeliest token.
  public var temperature: Float
  /// Keep the `topK` likeliest tokens; 0 keeps all.
  public var topK: Int
  /// Keep the fewest likeliest tokens whose probabilities sum to at least `topP`, in (0, 1]; 1 keeps all.
  public var topP: Float
  /// Keep tokens at least `minP` times as likely as the likeliest, in [0, 1]; 0 keeps all.
  public var minP: Float
  /// Positive logits of recent tokens are divided by this, others multiplied; 1 does nothing.
  public var repeatPenalty: Float
  /// Subtracted from a recent token's logit for each occurrence.
  public var frequencyPenalty: Float
  /// Subtracted from a recent token's logit once.
  public var presencePenalty: Float
  /// How many recent tokens, the prompt's included, count for the penalties; -1 for the whole context.
  public var penaltyWindow: Int
  /// Added to the logits of these ids; negative infinity bans a token.
  public var logitBias: [Int32: Float]
  /// The seed; the same seed gives the same answer. Drawn anew for every answer by default.
  public var seed: UInt64?
  /// Strings that end the answer; none of their text is given out.
  public var stop: [String]
  /// How many alternatives to report for each token, with log-probabilities of the unchanged distribution; `nil` for no
  /// log-probabilities at all.
  public var logProbabilities: Int?
  /// Whether every token is reported by a ``GenerationEvent/token(_:)``; implied by ``logProbabilities``.
  public var tokenEvents: Bool
  /// Whether tokens that end a generation are ignored, as benchmarks want it.
  public var ignoreEnd: Bool
  /// The most tokens guessed ahead from earlier text (look-up speculation); 0 for none, `nil` for what the engine's
  /// settings say. The answer is the same, bit for bit; text that repeats itself comes faster.
  public var lookup: Int?
  /// The most tokens guessed ahead by the engine's draft model, if it has one; 0 for none, ``defaultDraft`` by default. The
  /// answer is the same, token for token.
  public var draft: Int?
  /// What the answer must be; anything by default. Tokens that do not fit are out of question before everything else is
  /// done; the answer ends when it is whole and nothing can follow. With ``maxTokens`` it may be cut before.
  public var constraint: Grammar?

  /// Options with defaults.
  public init(
    maxTokens: Int? = nil, temperature: Float = 0.8, topK: Int = 40, topP: Float = 0.95, minP: Float = 0.05,
    repeatPenalty: Float = 1, frequencyPenalty: Float = 0, presencePenalty: Float = 0, penaltyWindow: Int = 64,
    logitBias: [Int32: Float] = [:], seed: UInt64? = nil, stop: [String] = [], logProbabilities: Int? = nil,
    tokenEvents: Bool = false, ignoreEnd: Bool = false, lookup: Int? = nil, draft: Int? = nil,
    constraint: Grammar? = nil
  ) {
    self.maxTokens = maxTokens
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repeatPenalty = repeatPenalty
    self.frequencyPenalty = frequencyPenalty
    self.presencePenalty = presencePenalty
    self.penaltyWindow = penaltyWindow
    self.logitBias = logitBias
    self.seed = seed
    self.stop = stop
    self.logProbabilities = logProbabilities
    self.tokenEvents = tokenEvents
    self.ignoreEnd = ignoreEnd
    self.lookup = lookup
    self.draft = draft
    self.constraint = constraint
  }

  /// The most tokens that a draft model guesses ahead where options do not say.
  public static let defaultDraft = 8

  /// The likeliest token at every step.
  public static let greedy = GenerationOptions(temperature: 0)
}
