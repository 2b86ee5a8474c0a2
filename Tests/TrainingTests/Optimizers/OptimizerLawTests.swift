import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

/// What holds for every rule.
@Suite("Laws of optimizers")
struct OptimizerLawTests {
  /// Every rule, with all of its state in use.
  static let rules: [(label: String, rule: any UpdateRule)] = [
    ("SGD", SGD()), ("momentum", SGD(momentum: 0.9, dampening: 0.1, weightDecay: 0.1)),
    ("Nesterov", SGD(momentum: 0.9, nesterov: true)), ("Adam", Adam(weightDecay: 0.1)),
    ("AdamW", AdamW(weightDecay: 0.1)), ("amsgrad", AdamW(weightDecay: 0.1, amsgrad: true)),
    ("NAdamW", NAdamW(weightDecay: 0.1)), ("NAdamW decaying", NAdamW(weightDecay: 0.1, momentumDecay: 4e-3)),
    ("Lion", Lion(weightDecay: 0.1)), ("RMSprop", RMSprop(momentum: 0.9, centered: true, weightDecay: 0.1)),
    ("Adagrad", Adagrad(rateDecay: 0.1, initialSum: 0.1, weightDecay: 0.1)), ("LAMB", LAMB(weightDecay: 0.1)),
    ("Adafactor", Adafactor(weightDecay: 0.1)), ("Muon", Muon()),
    ("Shampoo", Shampoo(weightDecay: 0.1, blockSize: 5, rootInterval: 3)),
    ("Shampoo sums", Shampoo(beta2: 1, weightDecay: 0.1, blockSize: 24, rootInterval: 3, grafting: .gradient)),
    ("schedule-free", ScheduleFreeAdamW(weightDecay: 0.1)),
  ]
  /// The same without decay.
  static let undecayed: [(label: String, rule: any UpdateRule)] = [
    ("SGD", SGD(momentum: 0.9)), ("Nesterov", SGD(momentum: 0.9, nesterov: true)), ("Adam", Adam()),
    ("AdamW", AdamW(weightDecay: 0, amsgrad: true)), ("NAdamW", NAdamW(weightDecay: 0, momentumDecay: 4e-3)),
    ("Lion", Lion()), ("RMSprop", RMSprop(momentum: 0.9, centered: true)), ("Adagrad", Adagrad()),
    ("LAMB", LAMB(weightDecay: 0)), ("Adafactor", Adafactor()), ("Muon", Muon(weightDecay: 0)),
    ("Shampoo", Shampoo(blockSize: 5, rootInterval: 2)), ("Shampoo plain", Shampoo(grafting: .none)),
    ("schedule-free", ScheduleFreeAdamW()),
  ]

  private static func bits(_ tensors: [Tensor]) -> [[UInt8]] {
    tensors.map { tensor in
      Array(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * tensor.dtype.blockBytes))
    }
  }

  private static func bits(_ optimizer: any Optimizer) -> [String: [UInt8]] {
    optimizer.state.mapValues { bits([$0])[0] }
  }

  /// Gradients of a large matrix and a large vector beside the small ones, so that threads have something to share.
  private struct Setting {
    let context: Context
    let parameters: [Parameter]
    let shapes: [Shape] = [[150, 300], [40_001], [3, 5, 7], [9], []]

    init(_ context: Context, _ dtype: DType = .f32) {
      self.context = context
      var random = Random(seed: 3)
      parameters = shapes.enumerated().map { index, shape in
        let weights = context.tensor(random.floats(shape.count), shape)
        return Parameter("p\(index)", context.copy(context.cast(weights, to: dtype)))
      }
    }

    func gradients(_ step: Int) -> [String: Tensor] {
      var random = Random(seed: 5, stream: UInt64(step))
      return Dictionary(
        uniqueKeysWithValues: parameters.map {
          ($0.name, context.tensor(random.floats($0.value.count), $0.value.shape))
        }
      )
    }

    func run(_ optimizer: any Optimizer, _ steps: Range<Int>) throws {
      for step in steps { try optimizer.step(gradients(step), rate: 0.02 / Double(step + 1)) }
    }

    var bits: [[UInt8]] { OptimizerLawTests.bits(parameters.map(\.value)) }
  }

  @Test("Threads and kernels change no bit", arguments: rules.indices)
  func threads(_ index: Int) throws {
    let rule = Self.rules[index].rule
    var results: [[[UInt8]]] = []
    var states: [[String: [UInt8]]] = []
    for (threads, kernels) in [(1, KernelSet.preferred), (2, .preferred), (3, .preferred), (2, .reference)] {
      let setting = Setting(Context(threads: threads, kernels: kernels))
      let optimizer = try GroupOptimizer(setting.parameters, rule: rule, context: setting.context)
      try setting.run(optimizer, 0..<4)
      results.append(setting.bits)
      states.append(Self.bits(optimizer))
    }
    #expect(results[0] != Setting(Context(threads: 1)).bits, "nothing was learnt")
    for other in 1..<4 {
      #expect(results[other] == results[0], "\(Self.rules[index].label), run \(other)")
      #expect(states[other] == states[0], "\(Self.rules[index].label), state of run \(other)")
    }
  }

  @Test("A saved and loaded state goes on to the last bit", arguments: rules.indices, [DType.f32, .bf16])
  func resume(_ index: Int, _ dtype: DType) throws {
    let rule = Self.rules[index].rule
    let context = Context(threads: 2)
    let whole = Setting(context, dtype)
    let optimizer = try GroupOptimizer(whole.parameters, rule: rule, context: context)
    try whole.run(optimizer, 0..<4)
    let saved = optimizer.state.mapValues(context.copy)
    let weights = whole.parameters.map { context.copy($0.value) }
    try whole.run(optimizer, 4..<8)

    let resumed = Setting(context, dtype)
    for (parameter, old) in zip(resumed.parameters, weights) {
      parameter.value.pointer.copyMemory(from: old.pointer, byteCount: old.count * dtype.blockBytes)
    }
    let second = try GroupOptimizer(resumed.parameters, rule: rule, context: context)
    try second.load(saved)
    #expect(second.stepCount == 4)
    try resumed.run(second, 4..<8)
    #expect(resumed.bits == whole.bits, "\(Self.rules[index].label)")
    #expect(Self.bits(second) == Self.bits(optimizer), "\(Self.rules[index].label)")
  }

  @Test("Zero gradients without decay leave weights as they are", arguments: undecayed.indices)
  func zeroGradient(_ index: Int) throws {
    let context = Context(threads: 2)
    let setting = Setting(context)
    let before = setting.bits
    let optimizer = try GroupOptimizer(setting.parameters, rule: Self.undecayed[index].rule, context: context)
    for _ in 0..<3 {
      try optimizer.step(setting.gradients(0).mapValues { context.zeros($0.shape) }, rate: 0.1)
    }
    #expect(setting.bits == before, "\(Self.undecayed[index].label)")
  }

  @Test("Groups are independent, and frozen parameters neither move nor have state")
  func groups() throws {
    let context = Context(threads: 2)
    let together = Setting(context)
    let before = together.bits
    let p = together.parameters
    let optimizer = try GroupOptimizer(
      [
        ParameterGroup("a", [p[0], p[3]], rule: AdamW(weightDecay: 0.3)),
        ParameterGroup("b", [p[1]], rule: Lion(), rateScale: 0.25),
        ParameterGroup("c", [p[2]], rule: AdamW(), isFrozen: true),
        ParameterGroup("d", [p[4]], rule: SGD(momentum: 0.9), rateScale: 0),
      ], context: context)
    try together.run(optimizer, 0..<3)
    #expect(optimizer.parameters.map(\.name) == ["p0", "p3", "p1", "p4"])
    #expect(!optimizer.state.keys.contains { $0.hasPrefix("p2") })
    #expect(together.bits[2] == before[2] && together.bits[4] == before[4])

    let alone = Setting(context)
    let q = alone.parameters
    for (indices, rule, scale) in [([0, 3], AdamW(weightDecay: 0.3), 1.0), ([1], Lion(), 0.25)]
      as [([Int], any UpdateRule, Double)]
    {
      let single = try GroupOptimizer(indices.map { q[$0] }, rule: rule, context: context)
      for step in 0..<3 {
        let names = Set(indices.map { q[$0].name })
        try single.step(
          alone.gradients(step).filter { names.contains($0.key) }, rate: scale * 0.02 / Double(step + 1))
      }
      for index in indices { #expect(alone.bits[index] == together.bits[index], "p\(index)") }
    }
  }

  @Test("Weights of 16 bits follow weights of 32 bits that are kept for them")
  func master() throws {
    for (label, rule) in Self.rules {
      let context = Context(threads: 2)
      let wide = Setting(context, .bf16)
      let plain = wide.parameters.map { Parameter($0.name, context.cast($0.value, to: .f32)) }
      let stored = try GroupOptimizer(wide.parameters, rule: rule, context: context)
      let exact = try GroupOptimizer(plain, rule: rule, context: context)
      try wide.run(stored, 0..<3)
      try wide.run(exact, 0..<3)
      for (a, b) in zip(wide.parameters, plain) {
        #expect(Self.bits([a.value]) == Self.bits([context.cast(b.value, to: .bf16)]), "\(label) \(a.name)")
      }
    }
  }

  @Test("Every rule comes down a convex bowl")
  func convex() throws {
    let context = Context(threads: 2)
    let rates = [
      "SGD": 0.2, "momentum": 0.05, "Nesterov": 0.05, "Adagrad": 0.5, "Muon": 0.05, "LAMB": 0.05, "Adafactor": 0.1,
      "schedule-free": 0.2,
    ]
    let (rows, columns) = (6, 4)
    var random = Random(seed: 9)
    let target = random.floats(rows * columns)
    for (label, rule) in Self.undecayed {
      let weights = context.tensor(random.floats(rows * columns, amplitude: 3), [rows, columns])
      let optimizer = try GroupOptimizer([Parameter("w", weights)], rule: rule, context: context)
      // f(w) = Σ cᵢ (w - t)² / 2 with c from 0.25 to 2.
      func scale(_ index: Int) -> Float { 0.25 + 1.75 * Float(index) / Float(rows * columns - 1) }
      func loss() -> Double {
        weights.floats.enumerated().reduce(0) {
          $0 + Double(scale($1.0) * ($1.1 - target[$1.0]) * ($1.1 - target[$1.0]))
        }
      }
      let first = loss()
      let base = rates[label] ?? 0.05
      for step in 0..<600 {
        let gradient = weights.floats.enumerated().map { scale($0) * ($1 - target[$0]) }
        let rate = label == "schedule-free" ? base : base * (1 - Double(step) / 600)
        try optimizer.step(["w": context.tensor(gradient, [rows, columns])], rate: rate)
      }
      let last = optimizer.withEvaluationWeights(loss)
      #expect(last < 1e-3 * first, "\(label): from \(first) to \(last)")
    }
  }
}
