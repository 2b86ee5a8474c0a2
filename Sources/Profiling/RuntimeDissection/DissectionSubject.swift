import Models
import NumericTypes
import Tensors
import Training

/// The model that is dissected in training.
public enum DissectionSubject: Sendable {
  /// Fresh weights: Llama's make, 8 layers of 512, 8192 tokens, 29.5 million weights.
  case small
  /// Fresh weights of the given sizes.
  case sizes(GPTConfiguration)
  /// A model of Llama's make, its weights decoded to f32.
  case checkpoint(Checkpoint)

  /// The 30 million weights' sizes for rows of at most `length` tokens.
  public static func smallSizes(length: Int) -> GPTConfiguration {
    .llama(vocabulary: 8192, length: length, layers: 8, width: 512, heads: 8)
  }

  /// The model for rows of at most `length` tokens.
  ///
  /// - Throws: `DataError`; what reading the file throws.
  package func model(length: Int, _ context: Context) throws -> GPT {
    switch self {
    case .small: try GPT(Self.smallSizes(length: length), seed: 1, context: context)
    case .sizes(let configuration): try GPT(configuration, seed: 1, context: context)
    case .checkpoint(let checkpoint): try GPT(checkpoint, length: length, context: context)
    }
  }
}

extension Training.TokenBatch {
  /// Rows of the fixed sequence that every engine is given; `number` says which rows.
  ///
  /// - Throws: `DataError`.
  package static func dissected(_ number: Int, rows: Int, length: Int, vocabulary: Int) throws -> Training.TokenBatch {
    try Training.TokenBatch(
      (0..<rows).map { row in
        let first = (number * rows + row) * (length + 1)
        let tokens = (first...first + length).map { ModelContestant.token($0, vocabulary: vocabulary) }
        return TokenSequence(inputs: Array(tokens.dropLast()), targets: Array(tokens.dropFirst()), sequenceStarts: [0])
      })
  }
}
