import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("Training steps") struct TrainingStepTests {
  private let context = Context(threads: 1)

  private func points(_ range: Range<Int>) throws -> [TinyPoints.Point] {
    try range.map { try TinyPoints(count: 1000).element(at: $0, epoch: 0) }
  }

  @Test("Batches of different sizes together are one batch as large as all of them") func accumulated() throws {
    func step(_ batches: [[TinyPoints.Point]]) throws -> (TrainingStep<TinyClassifier>.Result, [Float]) {
      let model = TinyClassifier(context)
      model.noise = 0
      let optimizer = try GroupOptimizer(model.parameters, rule: SGD(), context: context)
      var step = try TrainingStep(model, optimizer, context: context)
      let result = try step(batches, rate: 0.5)
      #expect(step.batches == batches.count && optimizer.stepCount == 1)
      return (result, model.parameters.flatMap { $0.value.floats })
    }
    // The running mean, which the loss depends on, moves from batch to batch: batches of equal means leave it alike.
    let all = try points(0..<24).map { point in
      var point = point
      point.values[3] = 0
      return point
    }
    let (whole, weights) = try step([all])
    let (parts, others) = try step([Array(all[..<3]), Array(all[3..<16]), [], Array(all[16...])])
    #expect(parts.targets == 24 && whole.targets == 24)
    // Not the same to the bit, and not the same mean: the bound is that of the moved mean.
    #expect(abs(parts.loss - whole.loss) < 0.05 && abs(parts.gradientNorm - whole.gradientNorm) < 0.1)
    #expect(zip(weights, others).allSatisfy { abs($0 - $1) < 0.05 })
  }

  @Test("The mean over batches weighs them by their targets, exactly where nothing moves") func weighted() throws {
    let model = TinyClassifier(context)
    model.noise = 0
    let optimizer = try GroupOptimizer(model.parameters, rule: SGD(), context: context)
    var step = try TrainingStep(model, optimizer, context: context)
    let (a, b) = (try points(0..<1), try points(1..<8))
    func loss(_ batch: [TinyPoints.Point], _ buffers: [Tensor]) throws -> Double {
      let pass = Pass(.training, weights: model.parameters.map(\.value), buffers: buffers, context: context)
      return Double(try model.loss(of: batch, pass).floats[0])
    }
    let start = model.buffers.map { context.copy($0.value) }
    let first = try loss(a, start)
    let moved = a[0].values.map { Float(0.1) * $0 }
    let second = try loss(b, [context.tensor(moved, [4])])
    let result = try step([a, b], rate: 0)
    #expect(abs(result.loss - (first + 7 * second) / 8) < 1e-6)
    // The mean has seen both batches, one after the other.
    let means = (0..<4).map { index -> Float in
      let sum: Float = b.map { $0.values[index] }.reduce(0, +)
      return 0.9 * moved[index] + 0.1 * sum / 7
    }
    #expect(zip(model.buffers[0].value.floats, means).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("What the optimizer does not change is a constant") func frozen() throws {
    let model = TinyClassifier(context)
    let before = model.parameters.map { $0.value.floats }
    let optimizer = try GroupOptimizer(
      [
        ParameterGroup("trained", [model.parameters[1]], rule: SGD()),
        ParameterGroup("frozen", [model.parameters[0], model.parameters[2]], rule: SGD(), isFrozen: true),
      ], context: context)
    var step = try TrainingStep(model, optimizer, context: context)
    _ = try step([try points(0..<9)], rate: 0.5)
    #expect(model.isTracked == [false, true, false])
    #expect(model.parameters[0].value.floats == before[0] && model.parameters[2].value.floats == before[2])
    #expect(model.parameters[1].value.floats != before[1])
  }

  @Test("Gradients are clipped to the largest norm, and the norm before it is told") func clipped() throws {
    func step(_ clip: Double?) throws -> (Double, Double) {
      let model = TinyClassifier(context)
      let before = model.parameters.flatMap { $0.value.floats }
      let optimizer = try GroupOptimizer(model.parameters, rule: SGD(), context: context)
      var step = try TrainingStep(model, optimizer, context: context)
      step.clip = clip
      let norm = try step([try points(0..<9)], rate: 1).gradientNorm
      let moved = zip(model.parameters.flatMap { $0.value.floats }, before).map { Double($0 - $1) }
      return (norm, moved.reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
    let (free, freeMove) = try step(nil)
    let (norm, move) = try step(free / 4)
    #expect(norm == free && abs(freeMove - free) < 1e-4 * free && abs(move - free / 4) < 1e-4 * free)
  }

  @Test("A step that fails leaves weights, buffers and counts as they were") func failed() throws {
    let model = TinyClassifier(context)
    model.broken = (1, .nan)
    let optimizer = try GroupOptimizer(model.parameters, rule: AdamW(), context: context)
    var step = try TrainingStep(model, optimizer, context: context)
    let before = (model.parameters + model.buffers).map { $0.value.floats }
    #expect(throws: TrainingError.notFinite(step: 1, what: "loss", value: "nan")) {
      try step([try points(0..<4), try points(4..<8)], rate: 0.1)
    }
    #expect((model.parameters + model.buffers).map { $0.value.floats } == before)
    #expect(optimizer.stepCount == 0 && step.batches == 0)
    #expect(throws: TrainingError.noTargets(step: 1)) { try step([[], []], rate: 0.1) }
    _ = try step([try points(0..<4)], rate: 0.1)
    #expect(optimizer.stepCount == 1 && step.batches == 1)
  }

  @Test("A method that takes two gradients sees each batch's statistics once") func twice() throws {
    let model = TinyClassifier(context)
    let base = try GroupOptimizer(model.parameters, rule: SGD(), context: context)
    let optimizer = try SharpnessAware(base, radius: 0.05, context: context)
    var step = try TrainingStep(model, optimizer, context: context)
    let batch = try points(0..<5)
    _ = try step([batch], rate: 0.1)
    let means = (0..<4).map { index -> Float in
      let sum: Float = batch.map { $0.values[index] }.reduce(0, +)
      return 0.1 * sum / 5
    }
    #expect(zip(model.buffers[0].value.floats, means).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(model.seen.count == 10 && step.batches == 1)
  }
}
