import NumericTypes
import Tensors

/// A frozen ``GPT`` with adapters, which alone are trained: what a trainer, an optimizer and a checkpoint see of it are the
/// adapters' parameters.
///
/// ```swift
/// let base = try GPT(Checkpoint(path: path), length: 256, context: context)
/// let model = try AdaptedGPT(base, [AdapterConfiguration(.lora(rank: 8, alpha: 16))], seed: 1, context: context)
/// let optimizer = try GroupOptimizer(model.parameterGroups(rule: AdamW(weightDecay: 0)), context: context)
/// ```
/// Frozen weights get no gradient, and blocks below the first adapter keep no activations: nothing of them is on the tape.
public struct AdaptedGPT: TrainableModel {
  /// The frozen model.
  public let base: GPT
  /// The methods, in the order in which they are run.
  public let adapters: [AdapterConfiguration]
  /// What is trained.
  public let parameters: [Parameter]
  /// What methods keep beside it.
  public let buffers: [Parameter]
  let plan: AdapterPlan
  let frozen: FrozenWeights

  /// Adapters on a model; they change nothing of what it computes yet, prefixes and prompts excepted.
  ///
  /// - Parameters:
  ///   - base: the model.
  ///   - adapters: the methods.
  ///   - packsBase: whether the linear layers of the frozen blocks are kept in NF4 with double quantisation, and the
  ///     embedding in bf16: QLoRA's base. The model that is given must not be held elsewhere for that to save memory.
  ///   - loftQ: in how many turns what 4 bits lose is looked for in LoRA's matrices, so that the run begins near the model
  ///     that is given; 0 for LoRA's own beginning.
  ///   - examples: what methods that look at data first look at; each batch counts alike.
  ///   - seed: what random beginnings depend on.
  ///   - context: where to compute.
  /// - Throws: ``TrainingError/invalidOption(field:value:expected:)``.
  public init(
    _ base: GPT, _ adapters: [AdapterConfiguration], packsBase: Bool = false, loftQ turns: Int = 0,
    examples: [TokenBatch] = [], seed: UInt64, context: Context
  ) throws(TrainingError) {
    for adapter in adapters { try adapter.validate(for: base.configuration, targets: base.linearTargets) }
    let mask = try Self.mask(base, adapters, examples, context)
    let start = try Self.start(base, adapters, packsBase: packsBase, turns: turns)
    frozen = FrozenWeights(base, packs: packsBase, loftQ: start, context)
    var kept = base
    kept.parameters = zip(base.parameters, frozen.values).map { Parameter($0.name, $1) }
    self.base = kept
    self.adapters = adapters
    var builder = ModelBuilder(context: context, seed: seed)
    plan = try AdapterPlan(&builder, self.base, frozen, adapters, mask: mask, seed: seed)
    (parameters, buffers) = (builder.parameters, builder.buffers)
    if parameters.allSatisfy({ $0.value.count == 0 }), !adapters.isEmpty, adapters.allSatisfy({ !$0.isEmptyPrefix }) {
      throw .invalidOption(field: "peft", value: "nothing to train", expected: "a method with parameters")
    }
  }

  /// What is to be found for LoRA to begin with.
  private static func start(
    _ base: GPT, _ adapters: [AdapterConfiguration], packsBase: Bool, turns: Int
  ) throws(TrainingError) -> (targets: [LinearTarget], rank: Int, turns: Int)? {
    if turns == 0 { return nil }
    guard (1...64).contains(turns) else {
      throw .invalidOption(field: "peft.loftq", value: "\(turns)", expected: "0 to 64 turns")
    }
    for adapter in adapters where packsBase {
      guard case .lora(let rank, _, _, _, _) = adapter.method else { continue }
      return (adapter.targets(among: base.linearTargets), rank, turns)
    }
    throw .invalidOption(field: "peft.loftq", value: "\(turns)", expected: "0 without LoRA on a base in nf4")
  }

  /// The weights that a method with a mask may change, found on the model as it is given.
  private static func mask(
    _ base: GPT, _ adapters: [AdapterConfiguration], _ examples: [TokenBatch], _ context: Context
  ) throws(TrainingError) -> FisherMask? {
    for adapter in adapters {
      guard case .fisher(let share) = adapter.method else { continue }
      let targets = adapter.targets(among: base.linearTargets)
      let all = targets.reduce(0) { $0 + $1.outputs * $1.inputs }
      let count = max(1, Int((share * Double(all)).rounded()))
      return try FisherMask(of: base, targets, count: count, examples, context)
    }
    return nil
  }

  /// The number of trained numbers.
  public var trainableCount: Int { parameters.reduce(0) { $0 + $1.value.count } }

  /// The number of frozen weights.
  public var frozenCount: Int {
    frozen.values.reduce(0) { $0 + $1.count } + frozen.packed.values.reduce(0) { $0 + $1.rows * $1.columns }
  }

  /// The bytes of the frozen weights.
  public var frozenBytes: Int { frozen.byteCount }

  /// The bytes among them that are packed in 4 bits, which no allocator counts.
  public var packedBytes: Int { frozen.packed.values.reduce(0) { $0 + $1.byteCount } }

  /// The parameters in groups for an optimizer, those with a rate of their own apart.
  public func parameterGroups(rule: any UpdateRule) -> [ParameterGroup] {
    Dictionary(grouping: parameters) { plan.rateFactors[$0.name] ?? 1 }.sorted { $0.key < $1.key }.map {
      ParameterGroup("adapters, rate \($0.key)", $0.value, rule: rule, rateScale: $0.key)
    }
  }

  /// What the rate of a parameter is multiplied by.
  public func rateFactor(of name: String) -> Double { plan.rateFactors[name] ?? 1 }

  /// The run of the frozen model in a run of the adapters.
  private func run(_ batch: TokenBatch, _ pass: Pass) throws(DataError) -> Pass {
    if plan.needsWholeRows, let inner = batch.sequenceStarts.first(where: { !$0.isMultiple(of: max(1, batch.length)) })
    {
      throw .mismatch(
        field: "tokens", found: "a sequence that begins within a row, at \(inner)",
        expected: "rows of one sequence, for prefixes and prompts,")
    }
    let own = Pass(
      pass.purpose, weights: frozen.values, buffers: [], seed: pass.seed, batch: pass.batch,
      adapter: AdapterRun(plan: plan, frozen: frozen, pass: pass), context: pass.context)
    own.execution = pass.execution
    return own
  }

  /// The logits of every token, [B · N, vocabulary].
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func logits(_ batch: TokenBatch, _ pass: Pass) throws(DataError) -> Tensor {
    try base.logits(batch, try run(batch, pass))
  }

  /// The mean cross-entropy over the tokens that are predicted, and in training the penalties of methods.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func loss(of batch: TokenBatch, _ pass: Pass) throws -> Tensor {
    let loss = try base.loss(of: batch, try run(batch, pass))
    guard pass.isTraining, let penalty = plan.penalty(pass) else { return loss }
    return pass.context.add(loss, penalty)
  }

  /// The number of tokens that are predicted.
  public func targetCount(of batch: TokenBatch) -> Int { batch.targetCount }

  /// `loss` and `accuracy` over the tokens that are predicted.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func measure(_ batch: TokenBatch, _ pass: Pass) throws -> [String: MetricSum] {
    try base.measure(batch, try run(batch, pass))
  }
}

extension AdaptedGPT: SteppedModel {
  /// Lets methods that watch gradients see them.
  public func willStep(_ gradients: [String: Tensor]) {
    for allocator in plan.allocators { allocator.learn(gradients, parameters, buffers) }
  }

  /// Lets methods that drop parameters drop them.
  public func didStep(_ step: Int) {
    for allocator in plan.allocators { allocator.prune(after: step, parameters, buffers) }
  }
}

extension AdapterConfiguration {
  /// Whether the method has no tokens: a model without adapters.
  fileprivate var isEmptyPrefix: Bool {
    switch method {
    case .prefix(let count, _), .prompt(let count): count == 0
    default: false
    }
  }
}
