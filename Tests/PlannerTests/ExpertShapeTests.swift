import Costs
import Planner
import Testing

/// Experts and latent state: weights, operations and bytes against sums by hand.
@Suite struct ExpertShapeTests {
  private static func shape(_ name: String) throws -> TransformerShape {
    try ModelCatalogue.published.entry(name).shape
  }

  /// The sums of the tensors in the models' own files.
  @Test func parametersAreThoseOfTheModels() throws {
    let known = [
      "DeepSeek-V3": 671_026_419_200, "DeepSeek-V2": 235_741_434_880, "Mixtral-8x7B": 46_702_792_704,
      "Llama-3.1-405B": 405_853_388_800,
    ]
    for (name, parameters) in known { #expect(try Self.shape(name).parameters == parameters, "\(name)") }
    // 37 and 21 · 10⁹ are said to be active, 12.9 in Mixtral.
    for (name, active) in [("DeepSeek-V3", 37.0), ("DeepSeek-V2", 21), ("Mixtral-8x7B", 12.9)] {
      let found = Double(try Self.shape(name).activeParameters)
      #expect(abs(found / 1e9 / active - 1) < 0.02, "\(name)")
    }
  }

  /// One layer of each kind, matrix by matrix.
  @Test func weightsAreTheMatrices() throws {
    var shape = try Self.small(experts: true, latent: true)
    let attention = 32 * 12 + 12 * 4 * (6 + 2) + 32 * (10 + 2) + 10 * 4 * (6 + 5) + 4 * 5 * 32
    let dense = 3 * 32 * 64
    let router = 32 * 8
    #expect(shape.attentionMatrixWeights == attention && shape.layerMatrixWeights == attention + dense)
    #expect(shape.expertLayerMatrixWeights == attention + router + (8 + 1) * 3 * 32 * 16)
    #expect(shape.activeExpertLayerMatrixWeights == attention + router + (2 + 1) * 3 * 32 * 16)
    let vectors = 3 * (2 * 32 + 12 + 10) + 32
    let matrices = (attention + dense) + 2 * shape.expertLayerMatrixWeights + 2 * 50 * 32
    #expect(shape.parameters == matrices + vectors)
    shape.experts?.hasRouterBias = true
    #expect(shape.parameters == matrices + vectors + 2 * 8)
    #expect(shape.stateNumbersPerToken == 3 * 12)
  }

  private static func small(experts: Bool, latent: Bool) throws -> TransformerShape {
    try TransformerShape(
      name: "small", layers: 3, width: 32, heads: 4, kvHeads: 4, headDim: 8, feedForward: 64, gated: true,
      vocabulary: 50,
      tied: false, biased: false, positions: .rotary,
      experts: experts ? ExpertLayers(routed: 8, active: 2, shared: 1, feedForward: 16, denseLayers: 1) : nil,
      latent: latent ? LatentState(queryRank: 12, rank: 10, rotated: 2, plain: 6, value: 5) : nil)
  }

  /// Products of a forward pass: 2 operations for each weight a row meets, and both products of attention.
  @Test func forwardOperationsEqualTheClosedForm() throws {
    for (experts, latent) in [(true, false), (false, true), (true, true)] {
      let shape = try Self.small(experts: experts, latent: latent)
      for (tokens, past) in [(5, 0), (1, 7), (1, 0)] {
        let load = try Workload(sequences: 2, tokens: tokens, past: past)
        let rows = 2 * Double(tokens)
        let seen = 2 * (0..<tokens).reduce(0.0) { $0 + Double(past + $1 + 1) }
        let absorbed = latent && tokens == 1
        let (query, value) = absorbed ? (12, 10) : (shape.queryDim, shape.valueDim)
        let expected =
          2 * rows * Double(shape.matrixWeights) + 2 * Double(3 * 4 * (query + value)) * seen
        let found = shape.forward(load).operators.reduce(0) { $0 + ($1.kind == .elementwise ? 0 : $1.total.flops) }
        #expect(found == expected, "\(experts) \(latent) \(tokens) \(past)")
      }
    }
  }

  /// Training is three times the forward pass where attention is not in tiles.
  @Test func trainingOperationsAreThreeTimesTheForwardPass() throws {
    for (experts, latent) in [(true, false), (false, true), (true, true)] {
      let shape = try Self.small(experts: experts, latent: latent)
      let load = try Workload(sequences: 2, tokens: 6)
      let kernel = AttentionKernel.materialized(dropout: false)
      func products(_ step: PlannedStep) -> Double {
        step.operators.reduce(0) { $0 + ($1.kind == .elementwise ? 0 : $1.total.flops) }
      }
      let training = try shape.training(load, kernel: kernel)
      #expect(products(training) == 3 * products(shape.forward(load, kernel: kernel)))
      let counted = try shape.trainingOperationsPerToken(sequence: 6, causal: false)
      #expect(products(training) == 12 * counted)
      let names = training.operators.map(\.name)
      #expect(Set(names).count == names.count)
    }
  }

  /// One token reads the weights of its experts, many tokens those of all.
  @Test func expertsAreReadAsOftenAsTheyAreReached() throws {
    let experts = try ExpertLayers(routed: 8, active: 2, feedForward: 16)
    #expect(experts.reached(by: 1) == 2 && experts.reached(by: 0) == 0)
    // By hand: 8 · (1 − (3/4)³).
    #expect(abs(experts.reached(by: 3) - 8 * (1 - 27.0 / 64)) < 1e-12)
    #expect(abs(experts.reached(by: 1e9) - 8) < 1e-9)
    let shape = try Self.shape("DeepSeek-V3")
    let one = shape.forward(try Workload(tokens: 1)).cost.bytesRead
    let active = 2 * Double(shape.matrixWeights)
    #expect(one > active && one < 1.01 * active)
    let many = shape.forward(try Workload(sequences: 4096, tokens: 1)).cost.bytesRead
    #expect(many > 2 * Double(shape.parameters - shape.vocabulary * shape.width))
  }

  /// Decoding with absorbed matrices reads the latent state alone.
  @Test func decodingReadsTheLatentState() throws {
    let shape = try Self.shape("DeepSeek-V3")
    func read(_ past: Int) throws -> Double { shape.forward(try Workload(tokens: 1, past: past)).cost.bytesRead }
    let token = (try read(10_000) - read(9_000)) / 1000
    #expect(abs(token - 70_272) < 1e-3)
  }

  @Test func hostileSizesAreRefused() {
    for (routed, active, shared, width, dense) in [
      (0, 1, 0, 1, 0), (4, 5, 0, 1, 0), (4, 0, 0, 1, 0), (4, 1, -1, 1, 0), (4, 1, 0, 0, 0), (4, 1, 0, 1, -1),
      (.max, 1, 0, 1, 0), (4, 1, .max, 1, 0), (4, 1, 0, 1, .min),
    ] {
      #expect(throws: PlannerError.self) {
        try ExpertLayers(routed: routed, active: active, shared: shared, feedForward: width, denseLayers: dense)
      }
    }
    for bad in [0, -1, Int.max, .min] {
      #expect(throws: PlannerError.self) { try LatentState(queryRank: bad, rank: 1, rotated: 1, plain: 1, value: 1) }
      #expect(throws: PlannerError.self) { try LatentState(queryRank: 1, rank: 1, rotated: bad, plain: 1, value: 1) }
      #expect(throws: PlannerError.self) {
        try Self.small(experts: false, latent: false).trainingOperationsPerToken(sequence: bad, causal: true)
      }
    }
    // More dense layers than layers, and more experts than can be counted.
    for (dense, routed, width) in [(4, 8, 16), (0, 1 << 21, 1 << 21)] {
      #expect(throws: PlannerError.self) {
        try TransformerShape(
          name: "x", layers: 3, width: 1 << 20, heads: 4, kvHeads: 4, headDim: 8, feedForward: 64, gated: true,
          vocabulary: 50, tied: false, biased: false, positions: .rotary,
          experts: ExpertLayers(routed: routed, active: 2, feedForward: width, denseLayers: dense))
      }
    }
  }
}
