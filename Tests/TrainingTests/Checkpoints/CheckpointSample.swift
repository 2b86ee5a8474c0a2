import Formats
import Foundation
import NumericTypes
import Tensors
import Training
import VenturiTesting

/// Checkpoints of made-up tensors that tell their step.
enum CheckpointSample {
  static let context = Context(threads: 1)

  /// A checkpoint of `step` with `floats` numbers in two tensors of the weights, and a few in the other parts.
  static func checkpoint(_ step: Int, floats: Int = 300, salt: UInt64 = 0) -> TrainingCheckpoint {
    var random = Random(seed: UInt64(step), stream: salt)
    func tensor(_ count: Int) -> Tensor { context.tensor(random.floats(count), [count]) }
    var checkpoint = TrainingCheckpoint(
      step: step,
      tensors: [
        .parameters: ["a.weight": tensor(floats / 2), "b.weight": tensor(floats - floats / 2)],
        .buffers: ["mean": tensor(3)],
        .optimizer: ["a.moment": tensor(5), "step": context.full([], Double(step), .i64)],
        .average: ["a.average": tensor(2)],
      ])
    checkpoint.loader = DataLoaderState(epoch: 1, position: step, seed: .max, shuffles: true, count: 1 << 40)
    checkpoint.progress.batches = 2 * step
    checkpoint.progress.loss = 1 / 3
    checkpoint.progress.validation = ["loss": 0.1, "accuracy": 2.0 / 3]
    checkpoint.progress.best = 0.1
    checkpoint.seed = .max - 1
    checkpoint.configuration = ["model": ["width": 8], "rate": .number(1e-3)]
    return checkpoint
  }

  /// Whether two checkpoints are the same to the bit.
  static func isSame(_ a: TrainingCheckpoint, _ b: TrainingCheckpoint) -> Bool {
    guard a.step == b.step, a.progress == b.progress, a.loader == b.loader, a.seed == b.seed,
      a.configuration == b.configuration
    else { return false }
    return TrainingCheckpoint.Part.allCases.allSatisfy { part in
      let (x, y) = (a.tensors[part] ?? [:], b.tensors[part] ?? [:])
      guard Set(x.keys) == Set(y.keys) else { return false }
      return x.allSatisfy { name, tensor in y[name].map { isSame(tensor, $0) } ?? false }
    }
  }

  static func isSame(_ a: Tensor, _ b: Tensor) -> Bool {
    guard a.shape == b.shape, a.dtype == b.dtype else { return false }
    return memcmp(a.pointer, b.pointer, a.count * a.dtype.blockBytes) == 0
  }

  /// What in a run's folder is no checkpoint.
  static func leftovers(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.range(of: #"^step-[0-9]{8}$"#, options: .regularExpression) == nil
    }
  }
}
