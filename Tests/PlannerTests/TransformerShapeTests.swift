import Costs
import Planner
import Testing

@Suite struct TransformerShapeTests {
  private static func smolLM2() throws(PlannerError) -> TransformerShape {
    try TransformerShape(
      name: "SmolLM2-135M", layers: 30, width: 576, heads: 9, kvHeads: 3, headDim: 64, feedForward: 1536, gated: true,
      vocabulary: 49152, tied: true, biased: false, positions: .rotary)
  }

  private static func shapes() throws(PlannerError) -> [TransformerShape] {
    var untied = try smolLM2()
    untied.tied = false
    return [
      try smolLM2(), untied,
      .gpt("GPT3-1.3B", layers: 24, heads: 16, headDim: 128, positions: 2048, vocabulary: 50257),
      .gpt("small", layers: 2, heads: 3, headDim: 8, positions: 16, vocabulary: 11),
    ]
  }

  @Test func parametersAreThoseOfTheModels() throws {
    let smol = try Self.smolLM2()
    #expect(smol.parameters == 134_515_008 && smol.stateNumbersPerToken == 11_520)
    let gpt = TransformerShape.gpt("GPT-2", layers: 12, heads: 12, headDim: 64, positions: 1024, vocabulary: 50257)
    #expect(gpt.parameters == 124_439_808)
    for (layers, heads, billions) in [(24, 16, 1.3), (32, 20, 2.65)] {
      let shape = TransformerShape.gpt(
        "GPT3", layers: layers, heads: heads, headDim: 128, positions: 2048, vocabulary: 50257)
      let width = 128 * heads
      #expect(shape.parameters == layers * (12 * width * width + 13 * width) + (50257 + 2048 + 2) * width)
      #expect(abs(Double(shape.parameters) / 1e9 - billions) < 0.05)
    }
  }

  /// Products of a forward pass: 2·weights for each row, and 4·H·d for each pair of tokens.
  @Test func forwardOperationsEqualTheClosedForm() throws {
    var cases = 0
    for shape in try Self.shapes() {
      for (sequences, tokens, past) in [(1, 1, 0), (1, 1, 7), (3, 16, 0), (2, 5, 9)] {
        let load = try Workload(sequences: sequences, tokens: tokens, past: past)
        let (b, n, p) = (Double(sequences), Double(tokens), Double(past))
        let weights = 2 * b * n * Double(shape.matrixWeights)
        let perPair = 4 * Double(shape.layers * shape.heads * shape.headDim)
        // Pairs one by one: token i sees p + i + 1.
        let visible = b * (0..<tokens).reduce(0.0) { $0 + p + Double($1) + 1 }
        for (kernel, pairs) in [
          (AttentionKernel.tiled, visible), (.materialized(dropout: true), b * n * (n + p)),
          (.materialized(dropout: false), b * n * (n + p)),
        ] {
          let step = shape.forward(load, kernel: kernel)
          #expect(products(step) == weights + perPair * pairs)
          cases += 1
        }
        let last = shape.forward(load, lastLogitsOnly: true)
        #expect(
          products(shape.forward(load)) - products(last) == 2 * b * (n - 1) * Double(shape.vocabulary * shape.width))
      }
    }
    #expect(cases == 48)
  }

  /// Training: 6·N·weights and 12·layers·width·N² for each sequence, as papers count; what is computed again comes on
  /// top.
  @Test func trainingOperationsEqualTheClosedForm() throws {
    for shape in try Self.shapes() {
      let tokens = 12
      let load = try Workload(sequences: 2, tokens: tokens)
      let n = Double(tokens)
      let weights = 6 * 2 * n * Double(shape.matrixWeights)
      let attention = 2 * 12 * Double(shape.layers * shape.heads * shape.headDim) * n * n
      let kernel = AttentionKernel.materialized(dropout: true)
      let none = try shape.training(load, microbatches: 3, kernel: kernel)
      #expect(products(none) == 3 * (weights + attention))
      let again = try shape.training(load, microbatches: 3, kernel: kernel, recomputation: .attention)
      #expect(products(again) == 3 * (weights + attention * 4 / 3))
      let layer = try shape.training(load, microbatches: 3, kernel: kernel, recomputation: .layer)
      let head = 6 * 2 * n * Double(shape.vocabulary * shape.width)
      #expect(products(layer) == 3 * ((weights - head) * 4 / 3 + head + attention * 4 / 3))
      // In tiles: of 12 products' operations 14, over the pairs that the mask shows.
      let tiled = try shape.training(load, kernel: .tiled)
      #expect(abs(products(tiled) - weights - attention * 14 / 12 * (n + 1) / (2 * n)) < 1)
    }
  }

  /// Decoding reads every weight and the whole cache once.
  @Test func decodedBytesAreWeightsAndState() throws {
    let shape = try Self.smolLM2()
    let step = shape.forward(try Workload(tokens: 1, past: 2047))
    let weights = 2 * Double(shape.matrixWeights)
    let state = 2 * Double(shape.stateNumbersPerToken) * 2048
    let read = step.cost.bytesRead
    #expect(read > weights + state && read < 1.02 * (weights + state))
  }

  @Test func operatorsAddUpToTheStep() throws {
    let step = try TransformerShape.gpt("g", layers: 3, heads: 2, headDim: 8, positions: 64, vocabulary: 100)
      .training(try Workload(tokens: 32), microbatches: 4, kernel: .materialized(dropout: true))
    let flops = step.operators.map { $0.cost.flops * Double($0.count) }.reduce(0, +)
    let bytes = step.operators.map { $0.cost.bytes * Double($0.count) }.reduce(0, +)
    #expect(step.cost.flops == flops && step.cost.bytes == bytes)
    #expect(step.operators.allSatisfy { $0.name == "optimizer" ? $0.count == 1 : $0.count % 4 == 0 })
    #expect(step.repeated(2).cost.flops == 2 * flops)
    let names = step.operators.map(\.name)
    #expect(Set(names).count == names.count)
  }

  /// 34·B·N·D and 5·H·B·N² bytes of activations for a layer, 16 bytes of state for a weight.
  @Test func trainingBytesEqualTheClosedForm() throws {
    let shape = TransformerShape.gpt("g", layers: 4, heads: 2, headDim: 8, positions: 64, vocabulary: 100)
    let load = try Workload(sequences: 3, tokens: 64)
    let stream = 3.0 * 64 * 16
    let layer = 34 * stream + 5 * 2 * 3 * 64 * 64
    let rest = 16 * Double(shape.parameters) + 2 * 3 * 64 * 100 * 2
    let kernel = AttentionKernel.materialized(dropout: true)
    func bytes(_ policy: Recomputation) -> Double { shape.trainingBytes(load, kernel: kernel, recomputation: policy) }
    #expect(bytes(.none) == rest + 4 * layer)
    #expect(bytes(.attention) == rest + 4 * 34 * stream + 5 * 2 * 3 * 64 * 64)
    #expect(bytes(.layer) == rest + 4 * 2 * stream + layer)
    #expect(shape.trainingBytes(load, kernel: .tiled, recomputation: .none) == rest + 4 * 34 * stream)
    let figure = Figure(1e12, source: "test", date: "2026")
    func device(_ memory: Double) -> Device {
      Device(
        name: "d", compute: [:], memory: Figure(memory, source: "test", date: "2026"), bandwidth: figure)
    }
    for policy in Recomputation.allCases {
      #expect(try shape.recomputation(load, kernel: kernel, on: device(bytes(policy))) == policy)
    }
    #expect(throws: PlannerError.self) { try shape.recomputation(load, kernel: kernel, on: device(bytes(.layer) - 1)) }
  }

  @Test func hostileSizesAreRefused() throws {
    func shape(_ layers: Int, _ width: Int, _ heads: Int, _ kvHeads: Int, _ headDim: Int, _ positions: Int) throws {
      _ = try TransformerShape(
        name: "x", layers: layers, width: width, heads: heads, kvHeads: kvHeads, headDim: headDim, feedForward: 4,
        gated: false, vocabulary: 9, tied: true, biased: true, positions: .learned(positions))
    }
    try shape(1, 1, 1, 1, 1, 1)
    for (layers, width, heads, kvHeads, headDim, positions) in [
      (0, 1, 1, 1, 1, 1), (1, -1, 1, 1, 1, 1), (1, 1, 3, 2, 1, 1), (.max, 1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 0),
      (1 << 21, 1 << 21, 1 << 21, 1, 1 << 21, 1), (1, 1, 1, 1, .min, 1),
    ] {
      #expect(throws: PlannerError.self) { try shape(layers, width, heads, kvHeads, headDim, positions) }
    }
    for (sequences, tokens, past) in [(0, 1, 0), (1, 0, 0), (1, 1, -1), (.max, 1, 0), (1, 1, .max)] {
      #expect(throws: PlannerError.self) { try Workload(sequences: sequences, tokens: tokens, past: past) }
    }
    let load = try Workload(tokens: 4)
    for (microbatches, shards) in [(0, 1), (.max, 1), (1, 0), (1, .max)] {
      #expect(throws: PlannerError.self) {
        try Self.smolLM2().training(load, microbatches: microbatches, kernel: .tiled, shards: shards)
      }
    }
  }

  /// Operations of matrix products alone, which closed forms count.
  private func products(_ step: PlannedStep) -> Double {
    step.operators.reduce(0) { $0 + ($1.kind == .elementwise ? 0 : $1.total.flops) }
  }
}
