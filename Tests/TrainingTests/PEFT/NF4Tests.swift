import Foundation
import NumericTypes
import Tensors
import Testing
import Training

@Suite("NF4")
struct NF4Tests {
  /// The quantile of the normal distribution, by bisection.
  private func quantile(_ share: Double) -> Double {
    var (low, high) = (-10.0, 10.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if 0.5 * erfc(-middle / 2.0.squareRoot()) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  @Test("The table is the paper's quantiles: eight above zero, seven below, and zero") func table() {
    // The share at which the outermost one stands: midway between those of 15 and 16 equal parts.
    let outer = 0.5 * ((1 - 1.0 / 30) + (1 - 1.0 / 32))
    func side(_ count: Int) -> [Double] {
      (0..<count).map { quantile(outer + (0.5 - outer) * Double($0) / Double(count)) }
    }
    let all = side(8) + [0] + side(7).map { -$0 }
    let largest = all.map(abs).max() ?? 1
    let expected = all.map { $0 / largest }.sorted()
    #expect(NF4Matrix.table.count == 16)
    #expect(zip(NF4Matrix.table, expected).allSatisfy { abs(Double($0) - $1) <= 1e-6 })
  }

  private func matrix(_ rows: Int, _ columns: Int, _ context: Context) -> Tensor {
    context.tensor(OptimizerSample.unit(rows * 1000 + columns, rows * columns).map { $0 * $0 * $0 }, [rows, columns])
  }

  @Test("Weights are those of a plain implementation, bit for bit, whatever the sides") func plain() {
    for (rows, columns) in [(1, 1), (3, 5), (7, 64), (65, 130), (200, 100)] {
      let (one, two) = (Context(threads: 1), Context(threads: 2))
      let weight = matrix(rows, columns, one)
      let packed = NF4Matrix(weight, one)
      let found = packed.values(one).floats
      #expect(found.map(\.bitPattern) == packed.values(two).floats.map(\.bitPattern))
      let values = weight.floats
      let blocks = stride(from: 0, to: values.count, by: 64).map { Array(values[$0..<min(values.count, $0 + 64)]) }
      let largest = blocks.map { $0.map(abs).max() ?? 0 }
      let mean = Float(largest.reduce(0.0) { $0 + Double($1) } / Double(largest.count))
      var expected: [Float] = []
      for (index, block) in blocks.enumerated() {
        let first = index / 256 * 256
        let group = largest[first..<min(largest.count, first + 256)]
        let unit = (group.map { abs($0 - mean) }.max() ?? 0) / 127
        let code = unit > 0 ? max(-127, min(127, ((largest[index] - mean) / unit).rounded(.toNearestOrEven))) : 0
        let scale = code * unit + mean
        for value in block {
          let nearest = NF4Matrix.table.min { abs($0 - value / scale) < abs($1 - value / scale) } ?? 0
          expected.append(nearest * scale)
        }
      }
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(rows) × \(columns)")
    }
  }

  @Test("A large matrix takes 4.127 bits for a weight and is off by as little as NF4 is") func size() {
    let context = Context(threads: 2)
    var random = Random(seed: 3)
    let weight = context.normal([512, 576], deviation: 0.02, random: &random)
    let packed = NF4Matrix(weight, context)
    #expect(abs(packed.bitsPerWeight - 4.127) < 5e-4)
    let (values, found) = (weight.floats, packed.values(context).floats)
    let error = zip(values, found).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    let power = values.reduce(0.0) { $0 + Double($1 * $1) }
    // Blocks of 64 normal numbers in NF4: a relative squared error near 0.0088.
    #expect(error / power < 0.01 && error / power > 0.006, "\(error / power)")
  }

  @Test("The product and its gradient are those of the weights") func product() {
    let context = Context(threads: 2)
    let packed = NF4Matrix(matrix(48, 80, context), context)
    let dense = packed.values(context)
    let x = context.tensor(OptimizerSample.unit(1, 5 * 80), [5, 80])
    let c = context.tensor(OptimizerSample.unit(2, 5 * 48), [5, 48])
    func run(_ product: (Tensor) -> Tensor) -> ([Float], [Float]) {
      var y: [Float] = []
      let gradient = context.gradient(of: [x]) { inputs in
        let made = product(inputs[0])
        y = made.detached().floats
        return context.sum(context.multiply(made, c))
      }
      return (y, gradient[0].floats)
    }
    let (found, expected) = (run { packed.product($0, context) }, run { context.matmul($0, dense.transposed()) })
    #expect(found.0 == expected.0 && found.1 == expected.1)
  }

  @Test("Adapters on a frozen model in 4 bits learn, and begin as that model") func learning() throws {
    let batch = try AdapterSample.batch()
    let sample = try AdapterSample([AdapterConfiguration(.lora(rank: 3, alpha: 6))], packs: true)
    let full = try AdapterSample([AdapterConfiguration(.lora(rank: 3, alpha: 6))])
    #expect(sample.model.frozenBytes * 4 < full.model.frozenBytes)
    // Merged while nothing is learned, it is the frozen model's own weights.
    let plain = try sample.model.merged(sample.context)
    let (adapted, frozen) = (try sample.logits(batch), try sample.logits(batch, of: plain))
    #expect(zip(adapted, frozen).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
    let losses = try sample.train(steps: 12, batch: batch).losses
    #expect(losses[11] < 0.97 * losses[0])
    for adapter in AdapterSample.methods {
      let one = try AdapterSample([adapter], packs: true)
      #expect(try one.train(steps: 2, batch: batch).losses.allSatisfy(\.isFinite), "\(adapter.method)")
    }
  }
}
