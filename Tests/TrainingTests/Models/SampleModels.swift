import NumericTypes
import Tensors
import Text
import Training

/// Small models with batches for them.
enum SampleModels {
  static let vocabulary = 11
  static let length = 12

  /// Rows of a repeated pattern, the second in two sequences.
  static func tokens(rows: Int = 3, packed: Bool = true) throws -> TokenBatch {
    try TokenBatch(
      (0..<rows).map { row in
        let tokens = (0...length).map { TokenID((3 * row + 2 * $0) % vocabulary) }
        var targets = Array(tokens.dropFirst())
        let isCut = packed && row == 1
        if isCut { targets[4] = TokenSequence.ignored }
        return TokenSequence(inputs: Array(tokens.dropLast()), targets: targets, sequenceStarts: isCut ? [0, 5] : [0])
      })
  }

  /// Images whose brightest quarter says the class.
  static func images(_ context: Context, count: Int = 8, side: Int = 8) throws -> ImageBatch {
    let images = (0..<count).map { index in
      var pixels = OptimizerSample.unit(7_000_000 + 1000 * index, side * side).map { ($0 + 1) / 8 }
      for place in 0..<side * side where place / side / (side / 2) * 2 + place % side / (side / 2) == index % 4 {
        pixels[place] += 0.7
      }
      return LabeledImage(image: context.tensor(pixels, [1, side, side]), label: index % 4)
    }
    return try ImageBatch(images, allocator: context.allocator)
  }

  static func gpt(_ context: Context, storage: DType = .f32, dropout: Double = 0) throws -> GPT {
    let configuration = GPTConfiguration(
      vocabulary: vocabulary, length: length, layers: 2, width: 16, heads: 4, dropout: dropout)
    return try GPT(configuration, seed: 3, storage: storage, context: context)
  }

  static func llama(_ context: Context, storage: DType = .f32) throws -> GPT {
    let configuration = GPTConfiguration.llama(
      vocabulary: vocabulary, length: length, layers: 2, width: 16, heads: 4, kvHeads: 2)
    return try GPT(configuration, seed: 3, storage: storage, context: context)
  }

  static func lstm(_ context: Context, storage: DType = .f32) throws -> LSTMLanguageModel {
    let configuration = LSTMConfiguration(vocabulary: vocabulary, length: length, width: 9, hidden: 17, layers: 2)
    return try LSTMLanguageModel(configuration, seed: 3, storage: storage, context: context)
  }

  static func mlp(_ context: Context, storage: DType = .f32) throws -> MLPClassifier {
    let configuration = MLPConfiguration(inputs: 64, hidden: [24, 12], classes: 4, dropout: 0.1)
    return try MLPClassifier(configuration, seed: 3, storage: storage, context: context)
  }

  static func resNet(_ context: Context, storage: DType = .f32) throws -> ResNet18 {
    let configuration = ResNetConfiguration(classes: 4, width: 4, blocks: [1, 2])
    return try ResNet18(configuration, seed: 3, storage: storage, context: context)
  }
}

/// A model in training on one batch.
struct ModelTrial<Model: TrainableModel> {
  let model: Model
  let batch: Model.Batch
  let context: Context

  /// What some steps of AdamW do: the loss before each, and all weights and buffers afterwards.
  func train(steps: Int, rate: Double = 0.01) throws -> (losses: [Float], weights: [[Float]]) {
    let optimizer = try GroupOptimizer(model.parameters, rule: AdamW(), context: context)
    var buffers = model.buffers.map(\.value)
    var losses: [Float] = []
    for step in 0..<steps {
      let (loss, gradients, updates) = try context.valueAndGradient(of: model.parameters.map(\.value)) { weights in
        let pass = Pass(.training, weights: weights, buffers: buffers, seed: 5, batch: step, context: context)
        return (try model.loss(of: batch, pass), pass.updates)
      }
      for (index, value) in updates { buffers[index] = value }
      losses.append(loss.floats[0])
      try optimizer.step(Dictionary(uniqueKeysWithValues: zip(model.parameters.map(\.name), gradients)), rate: rate)
    }
    let weights = model.parameters.map { context.cast($0.value, to: .f32).floats }
    return (losses, weights + buffers.map(\.floats))
  }

  func evaluation() -> Pass {
    Pass(
      .evaluation, weights: model.parameters.map(\.value), buffers: model.buffers.map(\.value), context: context)
  }
}
