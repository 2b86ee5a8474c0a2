import Formats
import Tensors
import Training

/// A step of training: forward, backward and AdamW, in f32.
public struct TrainingCase: OperatorCase {
  /// What is trained.
  public enum Model: String, Sendable, CaseIterable {
    /// A ``/Training/GPT``: six layers of 384, GELU, learned places, its head tied.
    case gpt
    /// A ``/Training/ResNet18`` over images of 28 × 28.
    case cnn
    /// A ``/Training/LSTMLanguageModel`` of one layer of 512.
    case lstm
    /// A ``/Training/MLPClassifier``: 784, 1024, 1024, 10.
    case mlp
  }

  /// What is trained.
  public var model: Model
  /// A file with its first weights, for peers.
  public var weights: String

  /// The tokens of the language models.
  static let vocabulary = 65
  /// The tokens of a row of theirs.
  static let length = 256
  /// What models and steps depend on.
  static let seed: UInt64 = 1
  /// AdamW's rate.
  static let rate = 1e-3

  /// A case whose first weights peers find at `weights`; they are there once ``writeWeights(_:)`` was called.
  public init(_ model: Model, weights: String) {
    self.model = model
    self.weights = weights
  }

  /// Rows of tokens, or images, of a batch.
  var batch: Int {
    switch model {
    case .gpt: 12
    case .cnn: 64
    case .lstm: 16
    case .mlp: 128
    }
  }

  private var readsTokens: Bool { model == .gpt || model == .lstm }

  /// `train gpt, 12 x 256`.
  public var name: String { "train \(model.rawValue), batch \(batch)\(readsTokens ? " x \(Self.length)" : "")" }
  /// Tokens or images of a step: speeds are those a second.
  public var work: Double { Double(batch * (readsTokens ? Self.length : 1)) }
  /// Tokens or images.
  public var unit: String { readsTokens ? "tokens/s" : "images/s" }
  /// As peers are asked for it.
  public var request: [JSON.Member] {
    [
      JSON.Member("op", "train"), JSON.Member("model", .string(model.rawValue)),
      JSON.Member("weights", .string(weights)), JSON.Member("batch", .integer(batch)),
      JSON.Member("rate", .number(Self.rate)),
    ]
  }

  /// Peers are started for this model, so that their memory is that of it alone.
  public func task(threads: Int) -> PeerCatalogue.Task? { .training(model: model.rawValue) }

  /// What the best rate of f32 multiply-adds allows; a backward pass is two forward passes.
  public func ceiling(of machine: Ceilings) -> Double {
    (machine.chains[.f32]?.max ?? .nan) / (6e-9 * multiplications / work)
  }

  /// Multiply-adds of a forward pass.
  private var multiplications: Double {
    switch model {
    case .gpt:
      let (layers, width) = (6.0, 384.0)
      let perToken = layers * (12 * width * width + width * Double(Self.length)) + width * Double(Self.vocabulary)
      return work * perToken
    case .cnn:
      // The stem, four convolutions of each stage's blocks, and where a stage begins its shortcut in place of one at half
      // the channels.
      let stages = [(64.0, 28.0), (128.0, 14.0), (256.0, 7.0), (512.0, 4.0)]
      return work
        * stages.enumerated().reduce(64 * 784 * 9) { sum, stage in
          let (channels, side) = stage.element
          let convolution = 9 * channels * channels * side * side
          return sum + (stage.offset == 0 ? 4 : 3.5 + 0.5 / 9) * convolution
        }
    case .lstm: return work * (4 * 512 * 1024 + 512 * Double(Self.vocabulary))
    case .mlp: return work * (784 * 1024 + 1024 * 1024 + 1024 * 10)
    }
  }

  /// Our own side, from the first weights on.
  ///
  /// - Throws: what making the model throws.
  public func contestant(_ context: Context) throws -> any OperatorContestant { try run(context) }

  /// A fresh run.
  ///
  /// - Throws: what making the model throws.
  func run(_ context: Context) throws -> any TrainingRun {
    switch model {
    case .gpt:
      let model = try GPT(
        GPTConfiguration(vocabulary: Self.vocabulary, length: Self.length), seed: Self.seed, context: context)
      return try ModelRun(model, batches: TrainingData.tokens(rows: batch), context)
    case .cnn:
      let model = try ResNet18(ResNetConfiguration(), seed: Self.seed, context: context)
      return try ModelRun(model, batches: TrainingData.images(batch, context), context)
    case .lstm:
      let configuration = LSTMConfiguration(vocabulary: Self.vocabulary, length: Self.length)
      let model = try LSTMLanguageModel(configuration, seed: Self.seed, context: context)
      return try ModelRun(model, batches: TrainingData.tokens(rows: batch), context)
    case .mlp:
      let model = try MLPClassifier(MLPConfiguration(), seed: Self.seed, context: context)
      return try ModelRun(model, batches: TrainingData.images(batch, context), context)
    }
  }

  /// Writes the first weights to where peers find them.
  ///
  /// - Throws: what making the model and writing the file throws.
  public func writeWeights(_ context: Context) throws {
    try run(context).parameters.write(to: weights)
  }
}
