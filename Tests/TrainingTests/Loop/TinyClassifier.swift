import NumericTypes
import Synchronization
import Tensors
import Training
import VenturiTesting

/// Points of a made-up plane with a class each; a point tells its number.
struct TinyPoints: DataSource {
  struct Point: Sendable {
    var number: Int
    var epoch: Int
    var values: [Float]
    var label: Int
  }

  let count: Int
  /// The element from which on nothing is given, to be a process that dies.
  var failsAt: Int?

  struct Failure: Error {}

  func element(at index: Int, epoch: Int) throws -> Point {
    if index == failsAt { throw Failure() }
    var random = Random(seed: 77, stream: UInt64(index))
    let values = random.floats(4)
    return Point(number: index, epoch: epoch, values: values, label: values[0] * values[1] > 0.1 * values[2] ? 1 : 0)
  }
}

/// A model with all that a loop has to carry: weights, a running mean that the loss depends on, and noise of its own.
final class TinyClassifier: TrainableModel {
  typealias Batch = [TinyPoints.Point]

  let parameters: [Parameter]
  let buffers: [Parameter]
  private let context: Context
  private let (first, second, bias): (Weight, Weight, Weight)
  private let mean: Buffer
  var noise = 0.05
  /// What the loss is multiplied by in the batch of this number.
  var broken: (batch: Int, factor: Double)?
  /// The elements that were learned from, as [epoch, number], and whether each weight was tracked in the last batch.
  private(set) var seen: [[Int]] = []
  private(set) var isTracked: [Bool] = []

  init(_ context: Context, seed: UInt64 = 1) {
    self.context = context
    var builder = ModelBuilder(context: context, seed: seed)
    first = builder.weight("first", [4, 8], .xavierUniform())
    second = builder.weight("second", [8, 2], .xavierUniform())
    bias = builder.weight("bias", [2], .constant(0))
    mean = builder.buffer("mean", [4], 0)
    (parameters, buffers) = (builder.parameters, builder.buffers)
  }

  func targetCount(of batch: Batch) -> Int { batch.count }

  private func logits(_ batch: Batch, _ pass: Pass) -> Tensor {
    var x = context.tensor(batch.flatMap(\.values), [batch.count, 4])
    if pass.isTraining {
      let now = context.add(context.multiply(pass[mean], 0.9), context.multiply(context.mean(x, axis: 0), 0.1))
      pass.update(mean, to: now)
      var random = Random(seed: pass.seed, stream: UInt64(pass.batch))
      x = context.add(x, context.tensor(random.floats(batch.count * 4, amplitude: noise), [batch.count, 4]))
    }
    let hidden = context.relu(context.matmul(context.subtract(x, pass[mean]), pass[first]))
    return context.add(context.matmul(hidden, pass[second]), pass[bias])
  }

  private func labels(_ batch: Batch) -> Tensor {
    let labels = context.empty([batch.count], .i64)
    for (index, point) in batch.enumerated() { labels.pointer(as: Int64.self)[index] = Int64(point.label) }
    return labels
  }

  func loss(of batch: Batch, _ pass: Pass) throws -> Tensor {
    seen += batch.map { [$0.epoch, $0.number] }
    isTracked = [first, second, bias].map { pass[$0].isTracked }
    let loss = context.crossEntropy(logits(batch, pass), labels(batch))
    if let broken, broken.batch == pass.batch { return context.multiply(loss, broken.factor) }
    return loss
  }

  func measure(_ batch: Batch, _ pass: Pass) throws -> [String: MetricSum] {
    let logits = logits(batch, pass)
    let loss = context.crossEntropy(logits, labels(batch)).floats[0]
    let values = logits.floats
    let hits = batch.enumerated().count { (values[2 * $0 + 1] > values[2 * $0] ? 1 : 0) == $1.label }
    return [
      "loss": MetricSum(sum: Double(loss) * Double(batch.count), count: batch.count),
      "accuracy": MetricSum(sum: Double(hits), count: batch.count),
    ]
  }
}

/// A run of the small model, made anew as a new process would make it.
struct TinyRun {
  var options = TrainerOptions(steps: 20)
  var threads = 1
  var loaderThreads = 1
  var isAveraged = false
  var points = TinyPoints(count: 37)
  var batch = 8
  var rule: any UpdateRule = AdamW()
  var broken: (batch: Int, factor: Double)?

  struct Run {
    let model: TinyClassifier
    let optimizer: GroupOptimizer
    let average: WeightAverage?
    let trainer: Trainer<TinyClassifier>
  }

  func make() throws -> Run {
    let context = Context(threads: threads)
    let model = TinyClassifier(context)
    model.broken = broken
    let optimizer = try GroupOptimizer(model.parameters, rule: rule, context: context)
    let average = isAveraged ? try WeightAverage(of: model.parameters, .exponential(decay: 0.8), context: context) : nil
    var loading = DataLoaderOptions(batch: batch)
    (loading.seed, loading.threads) = (4, loaderThreads)
    let (points, options) = (points, loading)
    let trainer = try Trainer(
      model, optimizer, schedule: try CosineSchedule(from: 0.05, steps: max(1, self.options.steps)), average: average,
      options: self.options, context: context,
      validation: {
        var loading = DataLoaderOptions(batch: 16)
        (loading.shuffles, loading.threads) = (false, 0)
        return try DataLoader(TinyPoints(count: 30), options: loading)
      }, data: { try DataLoader(points, options: options, from: $0) })
    return Run(model: model, optimizer: optimizer, average: average, trainer: trainer)
  }
}

extension TinyRun.Run {
  /// All that the run has come to, as bits.
  var bits: [String: [UInt8]] {
    var bits: [String: [UInt8]] = [:]
    func add(_ name: String, _ tensor: Tensor) {
      bits[name] = Array(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * tensor.dtype.blockBytes))
    }
    for parameter in model.parameters + model.buffers { add("model " + parameter.name, parameter.value) }
    for (name, tensor) in optimizer.state { add("optimizer " + name, tensor) }
    for (name, tensor) in average?.state ?? [:] { add("average " + name, tensor) }
    return bits
  }
}

/// Says yes when it has been asked so often.
final class Countdown: Sendable {
  private let rest: Mutex<Int>
  init(_ count: Int) { rest = Mutex(count) }
  var isOver: Bool {
    rest.withLock { rest in
      rest -= 1
      return rest < 0
    }
  }
}
