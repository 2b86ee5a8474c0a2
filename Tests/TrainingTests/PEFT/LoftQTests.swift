import Formats
import Foundation
import NumericTypes
import Tensors
import Testing
import Training

@Suite("LoftQ")
struct LoftQTests {
  /// The vector of a cosine transform: those of one size are orthonormal.
  private func wave(_ k: Int, _ size: Int) -> [Double] {
    let factor = ((k == 0 ? 1 : 2) / Double(size)).squareRoot()
    return (0..<size).map { factor * cos(Double.pi * Double(k) * (Double($0) + 0.5) / Double(size)) }
  }

  /// Σ σ u vᵀ over the singular values from `first` on.
  private func matrix(_ values: [Double], to count: Int, _ rows: Int, _ columns: Int) -> [Float] {
    var result = [Double](repeating: 0, count: rows * columns)
    for k in 0..<count {
      let (u, v) = (wave(k, rows), wave((k + 3) % columns, columns))
      for row in 0..<rows {
        for column in 0..<columns { result[row * columns + column] += values[k] * u[row] * v[column] }
      }
    }
    return result.map { Float($0) }
  }

  @Test(
    "The nearest product of a rank is that of the largest singular values", arguments: [(40, 60), (60, 40), (9, 50)])
  func factors(_ rows: Int, _ columns: Int) {
    let context = Context(threads: 2)
    let count = min(rows, columns)
    let values = (0..<count).map { 5 * Foundation.pow(0.8, Double($0)) }
    let whole = context.tensor(matrix(values, to: count, rows, columns), [rows, columns])
    for rank in [1, 4, 9] {
      let found = LowRankFactors(of: whole, rank: rank, context)
      #expect(found.left.shape == [rows, rank] && found.right.shape == [rank, columns])
      let product = found.product(context).floats
      let expected = matrix(values, to: rank, rows, columns)
      let off = zip(product, expected).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }.squareRoot()
      // Of a matrix whose norm is about 8; what is left out has a norm of at least 0.6.
      #expect(off < 2e-2, "\(rows) × \(columns), rank \(rank): \(off)")
      let rest = zip(product, whole.floats).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      let least = values[rank...].reduce(0) { $0 + $1 * $1 }
      #expect(rest < 1.0005 * least + 1e-9, "\(rows) × \(columns), rank \(rank): \(rest) of \(least)")
      // Both have the roots of the singular values.
      let (l, r) = (found.left.floats, found.right.floats)
      let lefts = l.reduce(0) { $0 + $1 * $1 }
      let rights = r.reduce(0) { $0 + $1 * $1 }
      #expect(abs(lefts - rights) < 1e-2 * lefts)
    }
  }

  @Test("Eigenvalues and vectors of a small matrix give it back") func eigen() {
    for size in [1, 2, 7, 24] {
      let half = OptimizerSample.unit(size, size * size).map { Double($0) }
      let matrix = (0..<size * size).map { half[$0] + half[$0 % size * size + $0 / size] }
      let found = SymmetricEigen(matrix, size: size)
      #expect(found.values == found.values.sorted(by: >))
      for row in 0..<size {
        for column in 0..<size {
          var (back, dot) = (0.0, 0.0)
          for k in 0..<size {
            back += found.vectors[row * size + k] * found.values[k] * found.vectors[column * size + k]
            dot += found.vectors[k * size + row] * found.vectors[k * size + column]
          }
          #expect(abs(back - matrix[row * size + column]) < 1e-10 && abs(dot - (row == column ? 1 : 0)) < 1e-12)
        }
      }
    }
  }

  @Test("After a turn the weight is NF4's own; turns come nearer to the weight, one thread as two") func turns() {
    let context = Context(threads: 2)
    let weight = context.tensor(OptimizerSample.unit(77, 96 * 128), [96, 128])
    let rows = [0..<64, 64..<96]
    func distance(_ turns: Int) -> Double {
      let start = LoftQStart(weight, rows: rows, rank: 8, turns: turns, context)
      let changes = context.concatenate(start.factors.map { $0.product(context) }, axis: 0)
      let sum = context.add(start.matrix.values(context), changes)
      return zip(sum.floats, weight.floats).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
    let plain = NF4Matrix(weight, context)
    let first = LoftQStart(weight, rows: rows, rank: 8, turns: 1, context)
    #expect(first.matrix.codes == plain.codes && first.matrix.scales == plain.scales)
    let lost = zip(plain.values(context).floats, weight.floats).reduce(0.0) {
      $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
    }
    let (one, five) = (distance(1), distance(5))
    #expect(one < 0.9 * lost && five < one, "\(five), \(one), \(lost)")
    let other = LoftQStart(weight, rows: rows, rank: 8, turns: 3, Context(threads: 1))
    let same = LoftQStart(weight, rows: rows, rank: 8, turns: 3, context)
    #expect(other.matrix.codes == same.matrix.codes)
    #expect(other.factors.map(\.left.floats) == same.factors.map(\.left.floats))
  }

  @Test("A model begins nearer to the one that was not packed, learns, and its file is of that one's changes")
  func learning() throws {
    let batch = try AdapterSample.batch()
    for isStabilized in [false, true] {
      let lora = AdapterConfiguration(.lora(rank: 4, alpha: 12, isStabilized: isStabilized))
      let plain = try AdapterSample([lora], packs: true)
      let sample = try AdapterSample([lora], packs: true, loftQ: 5)
      let expected = try sample.logits(batch, of: sample.base)
      func distance(_ sample: AdapterSample) throws -> Float {
        zip(try sample.logits(batch), expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      let (near, far) = (try distance(sample), try distance(plain))
      #expect(near < 0.8 * far, "\(near) of \(far)")
      // Nothing is learned yet, so the changes are none.
      let fresh = try #require(try sample.model.lowRankAdapter(baseName: nil, baseHash: nil))
      for target in fresh.targets {
        #expect(target.rank == 8)
        for row in 0..<target.outFeatures {
          for column in 0..<target.inFeatures {
            let sum = (0..<8).reduce(Float(0)) {
              $0 + target.b[row * 8 + $1] * target.a[$1 * target.inFeatures + column]
            }
            #expect(abs(sum) < 1e-5)
          }
        }
      }
      let first = try sample.model.merged(sample.context)
      let losses = try sample.train(steps: 12, batch: batch).losses
      #expect(losses[11] < 0.97 * losses[0])
      // What training changed of the merged weights is what the file says, s B A of twice the rank.
      let last = try sample.model.merged(sample.context)
      let adapter = try #require(try sample.model.lowRankAdapter(baseName: nil, baseHash: nil))
      let target = try #require(adapter.targets.first { $0.name == "model.layers.1.mlp.down_proj" })
      let name = "layers.1.mlp.down.weight"
      let (before, after) = (
        try #require(first.parameters.first { $0.name == name }?.value.floats),
        try #require(last.parameters.first { $0.name == name }?.value.floats)
      )
      for place in before.indices {
        let (row, column) = (place / target.inFeatures, place % target.inFeatures)
        let sum = (0..<8).reduce(Float(0)) { $0 + target.b[row * 8 + $1] * target.a[$1 * target.inFeatures + column] }
        #expect(abs(adapter.scale(of: target) * sum - (after[place] - before[place])) < 1e-4)
      }
    }
  }

  @Test("Without LoRA, and without 4 bits, there is nothing to begin with") func refused() {
    for (method, packs, turns) in [
      (AdapterConfiguration.Method.lora(rank: 2, alpha: 2), false, 3), (.ia3, true, 3),
      (.lora(rank: 2, alpha: 2), true, 65),
    ] {
      #expect { try AdapterSample([AdapterConfiguration(method)], packs: packs, loftQ: turns) } throws: {
        "\($0)".contains("peft.loftq")
      }
    }
  }
}
