import Formats
import Tensors

/// How the vectors of a sequence's tokens become one.
public struct Pooling: Sendable, Hashable {
  /// What is taken of the tokens.
  public enum Method: String, Sendable, CaseIterable, Codable {
    /// Their mean.
    case mean
    /// The first one, where BERT has its [CLS] token.
    case cls
    /// The last one.
    case last
  }

  /// What is taken of the tokens.
  public var method: Method
  /// Whether the vector is brought to length 1.
  public var normalizes: Bool

  /// A way of pooling.
  public init(_ method: Method = .mean, normalizes: Bool = true) {
    self.method = method
    self.normalizes = normalizes
  }

  /// What norms are kept from, as in the reference: a vector of zeros stays one.
  private static let leastNorm: Float = 1e-12

  /// One vector for each of the sequences of `lengths` rows in `hidden` [rows, width]: [sequences, width].
  ///
  /// - Precondition: the lengths are above 0 and are the rows.
  func callAsFunction(_ hidden: Tensor, lengths: [Int], _ context: Context) -> Tensor {
    precondition(lengths.reduce(0, +) == hidden.shape[0] && lengths.allSatisfy { $0 > 0 }, "rows \(hidden.shape)")
    let width = hidden.shape[1]
    let pooled = context.empty([lengths.count, width])
    var starts: [Int] = []
    var rows = 0
    for length in lengths {
      starts.append(rows)
      rows += length
    }
    let (from, to) = (UnsafePointer(hidden.pointer(as: Float.self)), pooled.pointer(as: Float.self))
    withExtendedLifetime(hidden) {
      context.perform(.elementwise, cost: OperatorCost(Context.elementwiseCost(hidden.shape, .f32, operands: 1))) {
        [starts] in
        context.workers.run(lengths.count) { index, _ in
          let source = from + starts[index] * width
          pool(source, rows: lengths[index], width: width, to + index * width)
        }
      }
    }
    return pooled
  }

  private func pool(_ source: UnsafePointer<Float>, rows: Int, width: Int, _ target: UnsafeMutablePointer<Float>) {
    let first = method == .last ? source + (rows - 1) * width : source
    for i in 0..<width { target[i] = first[i] }
    if method == .mean {
      for row in 1..<max(1, rows) {
        let next = source + row * width
        for i in 0..<width { target[i] += next[i] }
      }
      let share = Float(rows)
      for i in 0..<width { target[i] /= share }
    }
    guard normalizes else { return }
    var sum = 0.0
    for i in 0..<width { sum += Double(target[i]) * Double(target[i]) }
    let norm = max(Float(sum.squareRoot()), Self.leastNorm)
    for i in 0..<width { target[i] /= norm }
  }
}

extension Pooling {
  /// The pooling that a checkpoint of `architecture` names, by llama.cpp's numbers; the mean where it names none.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError/configuration(key:problem:)`` for one that is not had.
  init(_ checkpoint: Checkpoint, architecture: String) throws {
    let key = "\(architecture).pooling_type"
    switch try checkpoint.uintIfPresent(key) ?? 1 {
    case 0, 1: method = .mean
    case 2: method = .cls
    case 3: method = .last
    case let other: throw ModelError.configuration(key: key, problem: "\(other) is not a pooling that is known")
    }
    normalizes = try checkpoint.boolIfPresent(Self.normalizesKey) ?? true
  }

  static let normalizesKey = "venturi.embedding.normalize"
  /// The most tokens that a text is embedded by, where that is less than the model's positions.
  static let limitKey = "venturi.embedding.max_tokens"
}
