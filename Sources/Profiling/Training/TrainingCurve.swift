import Formats
import NumericTypes
import Tensors
import Text
import Training

/// A language model that learns a text byte by byte, step by step, so that its curve of losses can be laid beside that of
/// a peer which begins with the same weights and sees the same rows: six layers of 256, 4.9 million parameters.
public final class TrainingCurve {
  /// Rows of a batch, and the bytes of a row.
  static let (batch, length) = (8, 256)
  /// AdamW's rate, and the steps over which it rises to that.
  static let (rate, warm) = (1e-3, 50)
  private static let heads = 8
  /// The bytes at the text's end that are held out, at most.
  private static let heldLimit = 1 << 16

  private let run: ModelRun<GPT>
  private let model: GPT
  private let context: Context
  private let text: Storage
  private let path: String
  private let held: Int

  /// A run that is at its beginning.
  ///
  /// - Parameters:
  ///   - path: a text.
  ///   - context: where to compute.
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` for a text of less than ten thousand bytes; what reading it
  ///   and making the model throw.
  public init(text path: String, context: Context) throws {
    let text = try Storage(mapping: path)
    guard text.bytes.count >= 10_000 else {
      throw ProfilingError.invalidSetting(
        field: "text", problem: "\(path) has \(text.bytes.count) bytes, expected ten thousand or more")
    }
    let held = min(Self.heldLimit, text.bytes.count / 10)
    let configuration = GPTConfiguration(vocabulary: 256, length: Self.length, width: 256, heads: Self.heads)
    model = try GPT(configuration, seed: 1, context: context)
    let places = text.bytes.count - held - Self.length
    run = try ModelRun(model, context) { step in
      try Self.rows(
        (0..<Self.batch).map { Int(ModelContestant.token(step * Self.batch + $0, vocabulary: places)) }, of: text)
    }
    (self.context, self.text, self.path, self.held) = (context, text, path, held)
  }

  private static func rows(_ starts: [Int], of text: Storage) throws -> TokenBatch {
    try text.reading {
      try TokenBatch(
        starts.map { start in
          let tokens = text.bytes[start...start + length].map { TokenID($0) }
          return TokenSequence(
            inputs: Array(tokens.dropLast()), targets: Array(tokens.dropFirst()), sequenceStarts: [0])
        })
    }
  }

  /// The numbers that are trained.
  public var parameterCount: Int { model.parameters.reduce(0) { $0 + $1.value.count } }

  /// Writes the weights as they are to where a peer finds them.
  ///
  /// - Throws: what writing the file throws.
  public func writeWeights(to path: String) throws { try model.parameters.write(to: path) }

  /// What a peer is asked for: the next `steps` losses of its run, or, of no steps, the loss on what is held out.
  public func request(weights: String, steps: Int, threads: Int) -> JSON {
    [
      "op": "curve", "weights": .string(weights), "text": .string(path), "heads": .integer(Self.heads),
      "length": .integer(Self.length), "batch": .integer(Self.batch), "held": .integer(held),
      "rate": .number(Self.rate), "warm": .integer(Self.warm), "steps": .integer(steps), "threads": .integer(threads),
    ]
  }

  /// The losses of the next steps, each before its step.
  ///
  /// - Throws: what the model throws.
  public func losses(_ steps: Int) throws -> [Double] {
    try (0..<steps).map { _ in try run.step(rate: Self.rate * min(1, Double(run.steps + 1) / Double(Self.warm))) }
  }

  /// The mean loss over what is held out.
  ///
  /// - Throws: what the model throws.
  public func heldOutLoss() throws -> Double {
    let starts = stride(from: text.bytes.count - held, to: text.bytes.count - Self.length, by: Self.length)
    let losses = try starts.map { start in
      let pass = Pass(.evaluation, weights: model.parameters.map(\.value), buffers: [], context: context)
      let loss = try model.loss(of: Self.rows([start], of: text), pass)
      return withExtendedLifetime(loss) { Double(loss.pointer(as: Float.self)[0]) }
    }
    return losses.reduce(0, +) / Double(losses.count)
  }
}
