import NumericTypes
import Tensors

/// Groups of parameters, each with its rule: SGD, ``AdamW``, ``Muon`` for the matrices beside AdamW for the rest.
///
/// Weights that are stored as bf16 have f32 weights in the state, from which they are rounded after each step.
public final class GroupOptimizer: Optimizer {
  /// A parameter and what is kept for it.
  private struct Tracked {
    let parameter: Parameter
    let rule: any UpdateRule
    let rateScale: Double
    let slots: [StateSlot]
    let state: [Tensor]
    /// The f32 weights of a parameter that is stored in 16 bits.
    let master: Tensor?

    var weights: Tensor { master ?? parameter.value }

    /// The entries of the saved state.
    var entries: [(name: String, tensor: Tensor)] {
      let own = zip(slots, state).map { ("\(parameter.name).\($0.name)", $1) }
      return own + (master.map { [("\(parameter.name).master", $0)] } ?? [])
    }
  }

  /// The groups.
  public let groups: [ParameterGroup]
  /// The number of steps taken so far, loaded ones included.
  public private(set) var stepCount = 0
  private let context: Context
  /// Where state is kept, if not in memory.
  private let stateFile: StateFile?
  private let tracked: [Tracked]
  private let frozenNames: Set<String>

  /// An optimizer of the parameters of `groups`, its state in memory, or in a file that nobody else uses: the steps are the
  /// same to the last bit.
  ///
  /// - Throws: ``OptimizerError`` for settings outside their ranges, names that occur twice, parameters that are not
  ///   contiguous f32 or bf16 in memory of their own, and a file that is too small.
  public init(
    _ groups: [ParameterGroup], context: Context, stateFile: StateFile? = nil
  ) throws(OptimizerError) {
    var names: Set<String> = []
    for group in groups {
      if !names.insert(group.name).inserted { throw .duplicateName(group.name) }
      try check("\(group.name).rateScale", group.rateScale, .notNegative)
      try group.rule.validate()
    }
    try Parameter.check(groups.flatMap(\.parameters))
    self.groups = groups
    self.context = context
    self.stateFile = stateFile
    if let stateFile, stateFile.byteCount < StateFile.bytes(of: groups) {
      throw .invalidSetting(
        field: "the bytes of the state's file", value: Double(stateFile.byteCount),
        expected: "\(StateFile.bytes(of: groups)) or more")
    }
    /// In the file where there is one.
    func kept(_ shape: Shape, _ dtype: DType, zeros: Bool, _ content: () -> Tensor) -> Tensor {
      guard let place = stateFile?.tensor(shape, dtype) else { return content() }
      // A new file holds zeros.
      if !zeros { context.copy(content(), over: place) }
      stateFile?.settle([place])
      return place
    }
    frozenNames = Set(groups.filter(\.isFrozen).flatMap { $0.parameters.map(\.name) })
    tracked = groups.filter { !$0.isFrozen }.flatMap { group in
      group.parameters.map { parameter in
        let slots = group.rule.slots(for: parameter.value.shape)
        let state = slots.map { slot in
          switch slot.content {
          case .value(let value):
            kept(slot.shape, slot.dtype, zeros: value == 0) { context.full(slot.shape, value, slot.dtype) }
          case .weights: kept(slot.shape, .f32, zeros: false) { context.floatCopy(parameter.value) }
          }
        }
        let master =
          parameter.value.dtype == .f32
          ? nil : kept(parameter.value.shape, .f32, zeros: false) { context.floatCopy(parameter.value) }
        return Tracked(
          parameter: parameter, rule: group.rule, rateScale: group.rateScale, slots: slots, state: state, master: master
        )
      }
    }
  }

  /// An optimizer of one group.
  ///
  /// - Throws: ``OptimizerError``.
  public convenience init(
    _ parameters: [Parameter], rule: any UpdateRule, context: Context
  ) throws(OptimizerError) {
    try self.init([ParameterGroup("all", parameters, rule: rule)], context: context)
  }

  /// The parameters that are changed, without frozen ones.
  public var parameters: [Parameter] { tracked.map(\.parameter) }

  /// Takes a step at `rate`, times the factor of each group. Gradients are asked for once.
  ///
  /// - Throws: ``OptimizerError`` before any weight is changed; what `gradients` throws.
  public func step(rate: Double, gradients: () throws -> [String: Tensor]) throws {
    try check("rate", rate, .notNegative)
    precondition(context.capturing == nil, "a step of an optimizer is not captured: its rate changes")
    let given = try gradients()
    try checkGradients(given)
    stepCount += 1
    for item in tracked where item.parameter.value.count > 0 {
      guard let gradient = given[item.parameter.name] else { continue }
      let plain = context.contiguous(context.cast(gradient, to: .f32))
      withExtendedLifetime(plain) {
        item.rule.update(
          Update(
            weights: item.weights, gradient: plain, state: item.state, step: stepCount, rate: rate * item.rateScale,
            context: context, stored: item.master == nil ? nil : item.parameter.value))
      }
      stateFile?.settle(item.state + (item.master.map { [$0] } ?? []))
    }
  }

  private func checkGradients(_ gradients: [String: Tensor]) throws(OptimizerError) {
    for item in tracked {
      let name = item.parameter.name
      guard let gradient = gradients[name] else { throw .missingGradient(name) }
      if gradient.shape != item.parameter.value.shape {
        throw .wrongGradient(name: name, found: gradient.shape, expected: item.parameter.value.shape)
      }
      if ![.f32, .bf16, .f16].contains(gradient.dtype) {
        throw .unusable(name: name, reason: "its gradient is \(gradient.dtype.displayName), not F32, BF16 or F16")
      }
    }
    let known = Set(tracked.map(\.parameter.name)).union(frozenNames)
    if let unknown = gradients.keys.filter({ !known.contains($0) }).min() { throw .unknownGradient(unknown) }
  }

  /// All that a later process needs to go on: `step` and, for each parameter, what its rule keeps and the f32 weights of 16-bit
  /// ones. The optimizer's own memory, changed by the next step.
  public var state: [String: Tensor] {
    var all = Dictionary(uniqueKeysWithValues: tracked.flatMap(\.entries).map { ($0.name, $0.tensor) })
    all["step"] = savedCount(stepCount, context)
    return all
  }

  /// Takes over a saved state, all of it or nothing.
  ///
  /// - Throws: ``OptimizerError`` naming the entry that does not fit.
  public func load(_ state: [String: Tensor]) throws(OptimizerError) {
    let entries = tracked.flatMap(\.entries)
    let count = try checkState(state, entries, count: "step")
    for (name, tensor) in entries {
      if let saved = state[name] { context.copy(context.contiguous(saved), over: tensor) }
      stateFile?.settle([tensor])
    }
    stepCount = count
    for item in tracked {
      if let master = item.master { context.copy(context.cast(master, to: .bf16), over: item.parameter.value) }
    }
  }

  /// Runs `body` with the weights that a model is evaluated with in the parameters' places, and puts the trained ones back.
  public func withEvaluationWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
    var saved: [(Tensor, Tensor)] = []
    for item in tracked where item.parameter.value.count > 0 {
      let weights = item.weights
      guard let other = item.rule.evaluationWeights(of: weights, state: item.state, in: context) else { continue }
      let value = item.parameter.value
      saved.append((context.copy(value), value))
      context.copy(context.cast(other, to: value.dtype), over: value)
    }
    defer { for (old, value) in saved { context.copy(old, over: value) } }
    return try body()
  }
}

/// A count as it is saved.
func savedCount(_ count: Int, _ context: Context) -> Tensor {
  let tensor = context.empty([], .i64)
  tensor.pointer(as: Int64.self)[0] = Int64(count)
  return tensor
}

/// Checks a saved state against the entries that it must have, and returns the value of its entry `name`.
func checkState(
  _ state: [String: Tensor], _ entries: [(name: String, tensor: Tensor)], count name: String
) throws(OptimizerError) -> Int {
  func check(_ name: String, _ shape: Shape, _ dtype: DType) throws(OptimizerError) -> Tensor {
    guard let saved = state[name] else { throw .missingState(name) }
    if saved.shape != shape || saved.dtype != dtype {
      throw .wrongState(
        name: name, found: saved.shape, foundType: saved.dtype, expected: shape, expectedType: dtype)
    }
    return saved
  }
  for (name, tensor) in entries { _ = try check(name, tensor.shape, tensor.dtype) }
  let count = Int(try check(name, [], .i64).pointer(as: Int64.self)[0])
  // Rules raise numbers to the count's power, in f64.
  if count < 0 || count > 1 << 53 { throw .invalidState(name: name, value: count, expected: "from 0 to 2^53") }
  let known = Set(entries.map(\.name)).union([name])
  if let unknown = state.keys.filter({ !known.contains($0) }).min() { throw .unknownState(unknown) }
  return count
}
