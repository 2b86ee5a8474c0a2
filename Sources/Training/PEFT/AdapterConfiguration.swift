import NumericTypes

/// One method of parameter-efficient fine-tuning and where it sits in a model; several together are a hybrid.
public struct AdapterConfiguration: Sendable, Hashable {
  /// What is trained.
  public enum Method: Sendable, Hashable {
    /// W + s B A. `isStabilized` scales by α / √rank, else by α / rank; the rate of B is `rateFactor` times that of A (Hayou,
    /// Ghosh, Yu: LoRA+, 2024).
    case lora(rank: Int, alpha: Double, isStabilized: Bool = false, rateFactor: Double = 1, dropout: Double = 0)
    /// LoRA of the direction, and a magnitude for each row; the cheap form takes the norm for a constant on the way back.
    case dora(rank: Int, alpha: Double, isExact: Bool = false)
    /// Shared random matrices, trained vectors.
    case vera(rank: Int, initial: Double = 0.1)
    /// LoRA in triplets, whose number shrinks.
    case adaLoRA(AdaLoRABudget, alpha: Double)
    /// Factors of keys, values and the inner feed-forward.
    case ia3
    /// Factors and shifts of what linear layers and norms of blocks give.
    case ssf
    /// Biases of linear layers; where a model has none they are new, and zero at first.
    case bitFit
    /// The weights of linear layers whose squared gradients over some examples are largest, this share of them.
    case fisher(share: Double)
    /// A bottleneck behind sublayers.
    case serial(width: Int, activation: Activation = .relu)
    /// A bottleneck beside sublayers, scaled.
    case parallel(width: Int, scale: Double = 4, activation: Activation = .relu)
    /// Keys and values before each sequence; `inner` is the width of the network that they come out of in training.
    case prefix(count: Int, inner: Int? = nil)
    /// A network of this width beside the model, a block of it beside every one of the model's or every few.
    case ladder(width: Int, every: Int = 1)
    /// Embeddings before each sequence.
    case prompt(count: Int)
  }

  /// What is trained.
  public var method: Method
  /// The linear layers; those that the method's paper takes by default.
  public var targets: Set<LinearRole>
  /// The sublayers, of methods that sit beside them.
  public var sublayers: Set<Sublayer>
  /// The first block that has adapters: the ones below keep no activations (Rücklé et al.: AdapterDrop, 2021).
  public var firstBlock: Int

  /// A method at its paper's places, in all blocks.
  public init(
    _ method: Method, targets: Set<LinearRole>? = nil, sublayers: Set<Sublayer>? = nil, firstBlock: Int = 0
  ) {
    self.method = method
    self.targets = targets ?? method.usualTargets
    self.sublayers = sublayers ?? method.usualSublayers
    self.firstBlock = firstBlock
  }

  /// Prefixes on attention and scaled parallel bottlenecks beside the feed-forward (He et al.: Towards a unified view, 2022).
  public static func mam(prefix count: Int, width: Int, scale: Double = 4) -> [AdapterConfiguration] {
    [
      AdapterConfiguration(.prefix(count: count)),
      AdapterConfiguration(.parallel(width: width, scale: scale), sublayers: [.feedForward]),
    ]
  }
}

extension AdapterConfiguration.Method {
  /// The name in a configuration.
  public var name: String {
    switch self {
    case .lora: "lora"
    case .dora: "dora"
    case .vera: "vera"
    case .adaLoRA: "adalora"
    case .ia3: "ia3"
    case .ssf: "ssf"
    case .bitFit: "bitfit"
    case .fisher: "fisher"
    case .serial: "serial"
    case .parallel: "parallel"
    case .prefix: "prefix"
    case .ladder: "ladder"
    case .prompt: "prompt"
    }
  }

  /// Whether a plain model can do the same.
  public var isMergeable: Bool {
    switch self {
    case .lora, .dora, .vera, .adaLoRA, .ia3, .ssf, .bitFit, .fisher: true
    case .serial, .parallel, .prefix, .ladder, .prompt: false
    }
  }

  fileprivate var usualTargets: Set<LinearRole> {
    switch self {
    case .ia3: [.key, .value, .down]
    case .lora, .dora, .vera, .adaLoRA, .ssf, .bitFit, .fisher: Set(LinearRole.allCases)
    case .serial, .parallel, .prefix, .ladder, .prompt: []
    }
  }

  fileprivate var usualSublayers: Set<Sublayer> {
    switch self {
    case .serial: [.attention, .feedForward]
    case .parallel: [.feedForward]
    default: []
    }
  }

  /// The rank, of methods that have one.
  var rank: Int? {
    switch self {
    case .lora(let rank, _, _, _, _), .dora(let rank, _, _), .vera(let rank, _): rank
    case .adaLoRA(let budget, _): budget.rank
    default: nil
    }
  }
}

extension AdapterConfiguration {
  /// The linear layers that have the method.
  func targets(among all: [LinearTarget]) -> [LinearTarget] {
    all.filter { targets.contains($0.role) && $0.block >= firstBlock }
  }

  /// Checks the numbers against a model.
  ///
  /// - Throws: ``TrainingError/invalidOption(field:value:expected:)``.
  func validate(for model: GPTConfiguration, targets all: [LinearTarget]) throws(TrainingError) {
    func refuse(_ field: String, _ value: String, _ expected: String) -> TrainingError {
      .invalidOption(field: "peft.\(field)", value: value, expected: expected)
    }
    func check(_ field: String, _ value: Double, _ range: ClosedRange<Double>) throws(TrainingError) {
      guard range.contains(value) else { throw refuse(field, "\(value)", "\(range.lowerBound) to \(range.upperBound)") }
    }
    func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(TrainingError) {
      guard range.contains(value) else { throw refuse(field, "\(value)", "\(range.lowerBound) to \(range.upperBound)") }
    }
    guard (0..<model.layers).contains(firstBlock) else {
      throw refuse("firstLayer", "\(firstBlock)", "one of the \(model.layers) layers, from 0 on")
    }
    let known = Set(all.map(\.role))
    if let other = targets.subtracting(known).map(\.rawValue).min() {
      throw refuse("targets", other, "one of \(LinearRole.allCases.filter(known.contains).map(\.rawValue))")
    }
    if let rank = method.rank {
      let least = all.filter { targets.contains($0.role) }.map { min($0.inputs, $0.outputs) }.min() ?? 1
      // VeRA's matrices are random, and may be wider than the layer.
      let most = if case .vera = method { 1 << 16 } else { least }
      guard (1...most).contains(rank) else {
        throw refuse("rank", "\(rank)", "from 1 to \(most), the smaller side of the smallest target")
      }
    }
    switch method {
    case .lora(_, let alpha, _, let factor, let dropout):
      try check("alpha", alpha, 1e-6...1e6)
      try check("rateFactor", factor, 1e-6...1e6)
      try check("dropout", dropout, 0...0.99)
    case .dora(_, let alpha, _): try check("alpha", alpha, 1e-6...1e6)
    case .vera(_, let initial): try check("initial", initial, -1e6...1e6)
    case .adaLoRA(let budget, let alpha):
      try check("alpha", alpha, 1e-6...1e6)
      try budget.validate()
    case .ia3, .ssf, .bitFit: break
    case .fisher(let share): try check("share", share, 1e-9...1)
    case .serial(let width, _): try check("width", width, 1...1 << 16)
    case .parallel(let width, let scale, _):
      try check("width", width, 1...1 << 16)
      try check("scale", scale, -1e6...1e6)
    case .prefix(let count, let inner):
      try check("count", count, 0...1 << 14)
      if let inner { try check("inner", inner, 1...1 << 14) }
    case .ladder(let width, let every):
      try check("width", width, 2...1 << 16)
      if !width.isMultiple(of: 2) { throw refuse("width", "\(width)", "an even number") }
      try check("every", every, 1...model.layers - firstBlock)
    case .prompt(let count): try check("count", count, 0...model.length - 1)
    }
    let sits: Bool =
      switch method {
      case .serial, .parallel: !sublayers.isEmpty
      case .prefix, .ladder, .prompt: true
      default: !targets.isEmpty
      }
    if !sits { throw refuse("targets", "[]", "at least one place for \(method.name)") }
    if case .ia3 = method, !targets.isSubset(of: [.key, .value, .down]) {
      throw refuse("targets", "\(targets.map(\.rawValue).sorted())", "k_proj, v_proj or down_proj, for (IA)³")
    }
  }
}
