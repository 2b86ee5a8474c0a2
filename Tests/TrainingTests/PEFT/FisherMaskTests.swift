import NumericTypes
import Tensors
import Testing
import Text
import Training
import VenturiTesting

@Suite("Fisher masks")
struct FisherMaskTests {
  @Test("The gradient of sparse changes is that of differences in Double") func gradient() {
    var law = GradientLaw("sparse change") { random in
      let (n, i, o) = (random.integer(1...6), random.integer(1...6), random.integer(1...6))
      let places = (0..<i * o).filter { _ in random.integer(0...2) == 0 } + [random.integer(0...i * o - 1)]
      let all = Set(places).sorted()
      return GradientCase([[n, o], [n, i], [all.count]], &random) { inputs, context in
        func indices(_ values: [Int]) -> Tensor { context.cast(context.tensor(values.map { Float($0) }), to: .i32) }
        return SparseMethod.output(
          inputs[0], of: inputs[1], values: inputs[2], rows: indices(all.map { $0 / i }),
          columns: indices(all.map { $0 % i }), context)
      }
    }
    law.isTwice = false
    #expect(law.violations() == [])
  }

  @Test("The least of the largest numbers is that of a sorted list, its equals counted") func least() {
    var random = Random(seed: 5)
    for count in [1, 2, 7, 100, 399, 400] {
      // Many are equal, some are 0 and some differ in the lower half of their bits alone.
      let numbers = (0..<400).map { index -> Float in
        index % 3 == 0 ? Float(random.integer(0...5)) : 1 + Float(random.integer(0...40)) * 1e-6
      }
      let sorted = numbers.sorted(by: >)
      let found = numbers.withUnsafeBufferPointer { whole in
        FisherMask.least(count, of: [.init(rebasing: whole[..<150]), .init(rebasing: whole[150...])])
      }
      #expect(Float(bitPattern: found.bits) == sorted[count - 1])
      #expect(found.equals == count - sorted.count { $0 > sorted[count - 1] })
    }
  }

  /// A trained tensor's or buffer's numbers by name.
  private func numbers(_ all: [Parameter], _ name: String, _ context: Context) -> [Int] {
    guard let value = all.first(where: { $0.name == name })?.value else { return [] }
    return context.cast(value, to: .f32).floats.map { Int($0) }
  }

  @Test("What is trained are the weights of the largest mean squared gradients, as many as the share says")
  func chosen() throws {
    let context = Context(threads: 2)
    let base = try AdapterSample.base(context)
    let examples = try [AdapterSample.batch(rows: 1), SampleModels.tokens(rows: 2, packed: true)]
    let adapter = AdapterConfiguration(.fisher(share: 0.03), targets: [.key, .value, .down])
    let model = try AdaptedGPT(base, [adapter], examples: examples, seed: 1, context: context)

    // The same with all gradients of all examples and a sorted list.
    let pass = ModelTrial(model: base, batch: examples[0], context: context).evaluation()
    let names = (0..<2).flatMap { ["layers.\($0).attention.qkv.weight", "layers.\($0).mlp.down.weight"] }
    let places = names.map { name in base.parameters.firstIndex { $0.name == name } ?? -1 }
    let gradients = try examples.map { try base.differentiated($0, tracking: places, pass).gradients.map(\.floats) }
    struct Entry: Hashable {
      var name: String
      var row: Int
      var column: Int
    }
    var entries: [(entry: Entry, square: Float)] = []
    for (index, name) in names.enumerated() {
      let isAttention = name.contains("qkv")
      let columns = isAttention ? 16 : base.configuration.hidden
      for place in gradients[0][index].indices {
        let square = gradients.reduce(Float(0)) { $0 + $1[index][place] * $1[index][place] }
        let (row, layer) = (place / columns, "layers.\(index / 2).")
        if !isAttention {
          entries.append((Entry(name: layer + "mlp.down_proj", row: row, column: place % columns), square))
        } else if row >= 16 {
          // 16 rows of queries, 8 of keys, 8 of values.
          let name = layer + "self_attn." + (row < 24 ? "k_proj" : "v_proj")
          entries.append((Entry(name: name, row: (row - 16) % 8, column: place % columns), square))
        }
      }
    }
    let count = Int((0.03 * Double(entries.count)).rounded())
    let expected = Set(entries.sorted { $0.square > $1.square }.prefix(count).map(\.entry))
    var found: Set<Entry> = []
    for name in Set(entries.map(\.entry.name)) {
      let rows = numbers(model.buffers, name + ".fisher_rows", context)
      let columns = numbers(model.buffers, name + ".fisher_columns", context)
      #expect(rows == rows.sorted())
      for (row, column) in zip(rows, columns) { found.insert(Entry(name: name, row: row, column: column)) }
    }
    #expect(found == expected && model.trainableCount == count && found.count == count)
  }

  @Test("Only the chosen weights change, the optimizer keeps nothing for others, and one thread chooses as two do")
  func trained() throws {
    let batch = try AdapterSample.batch()
    let sample = try AdapterSample([AdapterConfiguration(.fisher(share: 0.02))])
    _ = try sample.train(steps: 6, batch: batch)
    let merged = try sample.model.merged(sample.context)
    let changed = zip(merged.parameters, sample.base.parameters).reduce(0) { sum, pair in
      sum + zip(pair.0.value.floats, pair.1.value.floats).count { $0 != $1 }
    }
    #expect(changed > 0 && changed <= sample.model.trainableCount)
    let optimizer = try GroupOptimizer(sample.model.parameters, rule: AdamW(), context: sample.context)
    let kept = optimizer.state.filter { $0.key != "step" }.values.reduce(0) { $0 + $1.count }
    #expect(kept == 2 * sample.model.trainableCount)
    let other = try AdapterSample([AdapterConfiguration(.fisher(share: 0.02))], threads: 1)
    #expect(other.model.buffers.map(\.name) == sample.model.buffers.map(\.name))
  }

  @Test("Without examples, and with those that do not fit, there is no mask") func refused() throws {
    let context = Context(threads: 1)
    let base = try AdapterSample.base(context)
    func expect(_ field: String, _ share: Double, _ examples: [TokenBatch]) {
      #expect {
        try AdaptedGPT(
          base, [AdapterConfiguration(.fisher(share: share))], examples: examples, seed: 1, context: context)
      } throws: { error in
        guard case TrainingError.invalidOption(let found, _, _) = error else { return false }
        return found == field
      }
    }
    let foreign = TokenSequence(inputs: [TokenID(SampleModels.vocabulary)], targets: [0], sequenceStarts: [0])
    expect("peft.examples", 0.1, [])
    expect("peft.examples", 0.1, try [TokenBatch([foreign])])
    expect("peft.share", 0, try [AdapterSample.batch()])
    expect("peft.share", .nan, try [AdapterSample.batch()])
  }
}
