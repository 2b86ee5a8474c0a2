import NumericTypes
import Tensors

/// Which methods sit where in a model.
struct AdapterPlan: Sendable {
  /// Methods at rows of a linear layer.
  struct Part: Sendable {
    let target: LinearTarget
    var methods: [any LinearMethod]
  }

  /// By the layer's weight: its parts in the order of their rows.
  private(set) var linear: [Weight: [Part]] = [:]
  /// By the norm's weight.
  private(set) var norms: [Weight: [ScaleMethod]] = [:]
  /// By block and sublayer.
  private(set) var bottlenecks: [Place: [BottleneckMethod]] = [:]
  private(set) var prefixes: [PrefixMethod] = []
  /// By the weight of queries, keys and values.
  private(set) var attentionBlocks: [Weight: Int] = [:]
  private(set) var ladder: LadderMethod?
  private(set) var prompts: [Weight] = []
  private(set) var promptCount = 0
  private(set) var allocators: [AdaLoRAAllocator] = []
  private var penalized: [(factor: Double, method: AdaLoRAMethod)] = []
  /// What the rate of a parameter is multiplied by, where it is not 1.
  private(set) var rateFactors: [String: Double] = [:]

  /// A sublayer of a block.
  struct Place: Sendable, Hashable {
    let block: Int
    let sublayer: Sublayer
  }

  /// Whether rows of several sequences can not be had.
  var needsWholeRows: Bool { promptCount > 0 || prefixes.contains { $0.count > 0 } }

  init(
    _ builder: inout ModelBuilder, _ model: GPT, _ frozen: FrozenWeights, _ adapters: [AdapterConfiguration],
    mask: FisherMask?, seed: UInt64
  ) throws(TrainingError) {
    let all = model.linearTargets
    var names: Set<String> = []
    for adapter in adapters {
      if !names.insert(adapter.method.name).inserted {
        throw .invalidOption(field: "peft.method", value: adapter.method.name, expected: "each method once")
      }
    }
    for block in model.blocks { attentionBlocks[block.attention.inward.weight] = block.index }
    for target in all { linear[target.layer.weight, default: []].append(Part(target: target, methods: [])) }
    for adapter in adapters {
      // Adapters of different methods have scopes of their own, so that any two can sit in one layer.
      let scope = adapters.count > 1 ? adapter.method.name : ""
      func add(_ builder: inout ModelBuilder) { self.add(adapter, &builder, model, frozen, all, mask, seed) }
      if scope.isEmpty { add(&builder) } else { builder.within(scope) { add(&$0) } }
    }
    linear = linear.filter { $0.value.contains { !$0.methods.isEmpty } }
  }

  private mutating func add(
    _ adapter: AdapterConfiguration, _ builder: inout ModelBuilder, _ model: GPT, _ frozen: FrozenWeights,
    _ all: [LinearTarget], _ mask: FisherMask?, _ seed: UInt64
  ) {
    let configuration = model.configuration
    let targets = adapter.targets(among: all)
    switch adapter.method {
    case .lora(let rank, let alpha, let isStabilized, let factor, let dropout):
      let scale = alpha / (isStabilized ? Double(rank).squareRoot() : Double(rank))
      for target in targets {
        let method = builder.within(target.name) {
          LoRAMethod(
            &$0, target, rank: rank, scale: scale, dropout: dropout, start: frozen.starts[target])
        }
        add(method, target)
        if factor != 1 { rateFactors[builder.parameters[method.b.index].name] = factor }
      }
    case .dora(let rank, let alpha, let isExact):
      for target in targets {
        let weight = FrozenRows(matrix: frozen.matrix(target.layer.weight), rows: target.rows).values(builder.context)
        add(
          builder.within(target.name) {
            DoRAMethod(&$0, target, rank: rank, scale: alpha / Double(rank), isExact: isExact, weight)
          }, target)
      }
    case .vera(let rank, let initial):
      let shared = VeRAMethod.shared(
        rank: rank, inputs: targets.map(\.inputs).max() ?? 1, outputs: targets.map(\.outputs).max() ?? 1, seed: seed,
        builder.context)
      for target in targets {
        add(
          builder.within(target.name) { VeRAMethod(&$0, target, rank: rank, initial: initial, shared: shared) }, target)
      }
    case .adaLoRA(let budget, let alpha):
      let methods = targets.map { target in
        (
          name: target.name,
          method: builder.within(target.name) {
            AdaLoRAMethod(&$0, target, rank: budget.rank, scale: alpha / Double(budget.rank))
          }
        )
      }
      for (target, item) in zip(targets, methods) { add(item.method, target) }
      allocators.append(AdaLoRAAllocator(&builder, budget, methods))
      if budget.penalty > 0 { penalized += methods.map { (budget.penalty, $0.method) } }
    case .ia3: for target in targets { add(builder.within(target.name) { ScaleMethod.ia3(&$0, target) }, target) }
    case .ssf:
      for target in targets {
        add(builder.within(target.name) { ScaleMethod.ssf(&$0, outputs: target.outputs) }, target)
      }
      for block in model.blocks where block.index >= adapter.firstBlock {
        for (norm, name) in zip(block.norms, ["norm1", "norm2"]) {
          let method = builder.within("layers.\(block.index).\(name)") {
            ScaleMethod.ssf(&$0, outputs: configuration.width)
          }
          norms[norm.weight, default: []].append(method)
        }
      }
    case .bitFit:
      for target in targets {
        add(builder.within(target.name) { ScaleMethod.bitFit(&$0, outputs: target.outputs) }, target)
      }
    case .fisher:
      for (target, places) in zip(targets, mask?.places ?? []) where !places.rows.isEmpty {
        add(builder.within(target.name) { SparseMethod(&$0, places) }, target)
      }
    case .serial(let width, let activation):
      add(adapter, &builder, model, inner: width, activation, isParallel: false, scale: 1)
    case .parallel(let width, let scale, let activation):
      add(adapter, &builder, model, inner: width, activation, isParallel: true, scale: scale)
    case .prefix(let count, let inner):
      let blocks = adapter.firstBlock..<configuration.layers
      prefixes.append(
        builder.within("prefix") {
          PrefixMethod(
            &$0, count: count, blocks: blocks, kvHeads: configuration.kvHeads,
            headDim: configuration.width / configuration.heads, inner: inner)
        })
    case .ladder(let width, let every):
      ladder = builder.within("side") {
        LadderMethod(&$0, configuration, width: width, every: every, firstBlock: adapter.firstBlock)
      }
    case .prompt(let count):
      promptCount += count
      if count > 0 {
        prompts.append(builder.weight("prompt", [count, configuration.width], .normal(deviation: 0.02)))
      }
    }
  }

  private mutating func add(_ method: any LinearMethod, _ target: LinearTarget) {
    guard let index = linear[target.layer.weight]?.firstIndex(where: { $0.target == target }) else { return }
    linear[target.layer.weight]?[index].methods.append(method)
  }

  private mutating func add(
    _ adapter: AdapterConfiguration, _ builder: inout ModelBuilder, _ model: GPT, inner: Int,
    _ activation: Activation, isParallel: Bool, scale: Double
  ) {
    for block in adapter.firstBlock..<model.configuration.layers {
      for sublayer in Sublayer.allCases where adapter.sublayers.contains(sublayer) {
        let method = builder.within("layers.\(block).\(sublayer.rawValue).adapter") {
          BottleneckMethod(
            &$0, width: model.configuration.width, inner: inner, activation: activation, isParallel: isParallel,
            scale: scale)
        }
        bottlenecks[Place(block: block, sublayer: sublayer), default: []].append(method)
      }
    }
  }

  /// What methods add to the loss.
  func penalty(_ pass: Pass) -> Tensor? {
    penalized.reduce(nil) { sum, item in
      let own = pass.context.multiply(item.method.penalty(pass), item.factor)
      return sum.map { pass.context.add($0, own) } ?? own
    }
  }
}
