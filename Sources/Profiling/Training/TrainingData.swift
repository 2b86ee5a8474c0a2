import NumericTypes
import Tensors
import Training

/// The batches that every engine is given, made of the fixed sequence of ``ModelContestant``.
enum TrainingData {
  /// Different batches, taken in turns.
  static let batches = 5

  static func tokens(rows: Int) throws -> [TokenBatch] {
    let (length, vocabulary) = (TrainingCase.length, TrainingCase.vocabulary)
    return try (0..<batches).map { batch in
      try TokenBatch(
        (0..<rows).map { row in
          let first = (batch * rows + row) * (length + 1)
          let tokens = (first...first + length).map { ModelContestant.token($0, vocabulary: vocabulary) }
          return TokenSequence(
            inputs: Array(tokens.dropLast()), targets: Array(tokens.dropFirst()), sequenceStarts: [0])
        })
    }
  }

  /// Images of 28 × 28 with bytes as pixels, and their classes.
  static func images(_ count: Int, _ context: Context) throws -> [ImageBatch] {
    let pixels = 28 * 28
    return try (0..<batches).map { batch in
      let images = (0..<count).map { index in
        let number = batch * count + index
        let values = (0..<pixels).map { Float(ModelContestant.token(number * pixels + $0, vocabulary: 256)) / 255 }
        return LabeledImage(
          image: context.tensor(values, [1, 28, 28]), label: Int(ModelContestant.token(number, vocabulary: 10)))
      }
      return try ImageBatch(images, allocator: context.allocator)
    }
  }
}
