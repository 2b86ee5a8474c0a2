import NumericTypes
import Tensors

extension AdaptedGPT {
  /// The model without adapters that does the same: its weights are the frozen ones with what was learned added or multiplied
  /// in, f32. Where methods shift, its linear layers have biases.
  ///
  /// - Throws: ``TrainingError/invalidOption(field:value:expected:)`` for a method that no weight can stand for.
  public func merged(_ context: Context) throws(TrainingError) -> GPT {
    try checkMergeable()
    let pass = trainedPass(context)
    return try changed(base, isMerging: true, context) { (plain, target, methods) throws(TrainingError) in
      var plain = plain
      for method in methods where method.isWeight { plain = method.merged(plain, pass) }
      for shift in norms(before: target).compactMap(\.shift) {
        // W (n + β) = W n + W β.
        plain.bias = context.add(plain.bias, Self.product(plain.weight, pass[shift], context))
      }
      for method in methods where !method.isWeight { plain = method.merged(plain, pass) }
      return plain
    } norm: { weight, methods in
      methods.reduce(weight) { weight, method in
        method.scale.map { context.multiply(weight, pass[$0]) } ?? weight
      }
    }
  }

  /// The frozen model again from one that ``merged(_:)`` made.
  ///
  /// - Throws: ``TrainingError/invalidOption(field:value:expected:)`` for a method that no weight can stand for, or a
  ///   factor that is 0.
  public func unmerged(_ merged: GPT, _ context: Context) throws(TrainingError) -> GPT {
    try checkMergeable()
    let pass = trainedPass(context)
    return try changed(merged, isMerging: false, context) { (plain, target, methods) throws(TrainingError) in
      var plain = plain
      let rows = FrozenRows(matrix: frozen.matrix(target.layer.weight), rows: target.rows)
      for method in methods.reversed() where !method.isWeight {
        plain = try method.unmerged(plain, frozen: rows, pass)
      }
      for shift in norms(before: target).compactMap(\.shift) {
        plain.bias = context.subtract(plain.bias, Self.product(plain.weight, pass[shift], context))
      }
      for method in methods.reversed() where method.isWeight {
        plain = try method.unmerged(plain, frozen: rows, pass)
      }
      return plain
    } norm: { weight, methods in
      methods.reversed().reduce(weight) { weight, method in
        method.scale.map { context.divide(weight, pass[$0]) } ?? weight
      }
    }
  }

  private func checkMergeable() throws(TrainingError) {
    if let method = adapters.first(where: { !$0.method.isMergeable })?.method {
      throw .invalidOption(
        field: "peft.method", value: method.name, expected: "methods that a plain model can stand for, to merge them")
    }
  }

  /// Whether a merged model needs biases that the frozen one has not.
  private var needsBiases: Bool {
    adapters.contains { adapter in
      switch adapter.method {
      case .ssf, .bitFit: true
      default: false
      }
    }
  }

  private func trainedPass(_ context: Context) -> Pass {
    Pass(.evaluation, weights: parameters.map(\.value), buffers: buffers.map(\.value), context: context)
  }

  /// The methods of the norm in front of a layer.
  private func norms(before target: LinearTarget) -> [ScaleMethod] {
    switch target.role {
    case .query, .key, .value: plan.norms[base.blocks[target.block].norms[0].weight] ?? []
    case .gate, .up: plan.norms[base.blocks[target.block].norms[1].weight] ?? []
    case .output, .down: []
    }
  }

  private static func product(_ weight: Tensor, _ x: Tensor, _ context: Context) -> Tensor {
    context.matmul(weight, x.column).reshaped([weight.shape[0]])
  }

  /// A model whose linear layers and norms are made of those of `model`.
  private func changed(
    _ model: GPT, isMerging: Bool, _ context: Context,
    _ linear: (PlainLinear, LinearTarget, [any LinearMethod]) throws(TrainingError) -> PlainLinear,
    norm: (Tensor, [ScaleMethod]) -> Tensor
  ) throws(TrainingError) -> GPT {
    var configuration = base.configuration
    configuration.hasBiases = configuration.hasBiases || isMerging && needsBiases
    var weights: [String: Tensor] = [:]
    for (index, parameter) in model.parameters.enumerated() {
      let packed = isMerging ? frozen.packed[Weight(index: index)] : nil
      weights[parameter.name] = packed?.values(context) ?? context.cast(parameter.value, to: .f32)
    }
    for target in base.linearTargets {
      let name = base.parameters[target.layer.weight.index].name
      let biasName = String(name.dropLast("weight".count)) + "bias"
      let parts = plan.linear[target.layer.weight] ?? []
      let methods = parts.first { $0.target == target }?.methods ?? []
      guard let weight = weights[name] else { continue }
      let bias = weights[biasName] ?? context.zeros([target.layer.outputs])
      let ordered = methods.filter(\.isWeight) + methods.filter { !$0.isWeight }
      let plain = try linear(
        PlainLinear(
          weight: context.copy(weight.sliced(axis: 0, target.rows)),
          bias: context.copy(bias.sliced(axis: 0, target.rows))),
        target, ordered)
      weights[name] = Self.replaced(weight, target.rows, plain.weight, context)
      if configuration.hasBiases { weights[biasName] = Self.replaced(bias, target.rows, plain.bias, context) }
    }
    for (weight, methods) in plan.norms {
      let name = base.parameters[weight.index].name
      if let value = weights[name] { weights[name] = norm(value, methods) }
    }
    var builder = ModelBuilder(context: context, seed: 0, storage: .f32, given: weights)
    return GPT(configuration, &builder)
  }

  private static func replaced(_ whole: Tensor, _ rows: Range<Int>, _ part: Tensor, _ context: Context) -> Tensor {
    if rows.count == whole.shape[0] { return context.contiguous(part) }
    let parts = [
      whole.sliced(axis: 0, 0..<rows.lowerBound), part, whole.sliced(axis: 0, rows.upperBound..<whole.shape[0]),
    ]
    return context.concatenate(parts.filter { $0.shape[0] > 0 }, axis: 0)
  }
}
