import Tensors
import Training

/// Training of a small model for an experiment: AdamW with a warm-up and a cosine, batches in turns.
struct LearningRun {
  /// Steps.
  var steps: Int
  /// The largest rate.
  var rate: Double
  /// The seed of what is random in layers.
  var seed: UInt64 = 1

  /// The rate of a step: a tenth of the steps rise, the others fall along a cosine to a tenth.
  private func rate(at step: Int) -> Double {
    let rise = max(1, steps / 10)
    if step < rise { return rate * Double(step + 1) / Double(rise) }
    let part = Double(step - rise) / Double(max(1, steps - rise))
    return rate * (0.1 + 0.9 * 0.5 * (1 + cosine(part)))
  }

  /// cos πx for x from 0 to 1, by its series around the middle.
  private func cosine(_ x: Double) -> Double {
    let y = Double.pi * (0.5 - x)
    let z = y * y
    return y * (1 - z / 6 * (1 - z / 20 * (1 - z / 42 * (1 - z / 72))))
  }

  /// Trains a model over `batches` in turns, an order of the seed's in each round.
  ///
  /// - Throws: what training throws.
  func train<Model: TrainableModel>(
    _ model: Model, _ batches: [Model.Batch], _ context: Context, each: (Int) throws -> Void = { _ in }
  ) throws {
    let optimizer = try GroupOptimizer(model.parameters, rule: AdamW(), context: context)
    var step = try TrainingStep(model, optimizer, context: context)
    step.clip = 1
    step.seed = seed
    var order: [Int] = []
    for number in 0..<steps {
      if order.isEmpty {
        let epoch = number / max(1, batches.count)
        let permutation = Permutation(count: batches.count, seed: seed, epoch: epoch)
        order = (0..<batches.count).map { permutation[$0] }
      }
      let place = order.removeFirst()
      _ = try step([batches[place]], rate: rate(at: number))
      try each(number)
    }
  }

  /// Means over batches of what a model measures.
  ///
  /// - Throws: what the model throws.
  static func measure<Model: TrainableModel>(
    _ model: Model, _ batches: [Model.Batch], _ context: Context
  ) throws -> [String: Double] {
    var sums: [String: MetricSum] = [:]
    for batch in batches {
      let pass = Pass(
        .evaluation, weights: model.parameters.map(\.value), buffers: model.buffers.map(\.value), context: context)
      for (name, sum) in try model.measure(batch, pass) { sums[name, default: MetricSum(sum: 0, count: 0)].add(sum) }
    }
    return sums.mapValues(\.mean)
  }
}
