import Costs

extension TransformerShape {
  /// A forward pass, operator by operator.
  ///
  /// - Parameters:
  ///   - load: the sequences and their tokens.
  ///   - kernel: how attention is computed.
  ///   - precision: the format of products.
  ///   - widths: bytes of each number.
  ///   - lastLogitsOnly: whether only the last token of each sequence gets logits, as in generation.
  public func forward(
    _ load: Workload, kernel: AttentionKernel = .tiled, precision: Precision = .bf16, widths: NumberWidths = .mixed,
    lastLogitsOnly: Bool = false
  ) -> PlannedStep {
    let costs = TransformerCosts(
      shape: self, load: load, widths: widths, kernel: kernel, precision: precision, training: false)
    let logitRows = lastLogitsOnly ? Double(load.sequences) : load.rows
    return PlannedStep(
      "\(name) forward, \(load.sequences) × \(load.tokens) tokens",
      [costs.embedding] + repeated(costs.layers) + costs.head(logitRows: logitRows))
  }

  /// A training step: forward, backward, and the optimizer once.
  ///
  /// - Parameters:
  ///   - load: the sequences of a microbatch, without a past.
  ///   - microbatches: how many are run before the optimizer.
  ///   - kernel: how attention is computed.
  ///   - recomputation: what the backward pass computes again.
  ///   - precision: the format of products.
  ///   - widths: bytes of each number.
  ///   - shards: devices that share the optimizer's state.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts below one or beyond 2³¹.
  public func training(
    _ load: Workload, microbatches: Int = 1, kernel: AttentionKernel, recomputation: Recomputation = .none,
    precision: Precision = .bf16, widths: NumberWidths = .mixed, shards: Int = 1
  ) throws(PlannerError) -> PlannedStep {
    for (field, count) in [("microbatches", microbatches), ("shards", shards)] where !(1...1 << 31).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(1 << 31)")
    }
    let costs = TransformerCosts(
      shape: self, load: load, widths: widths, kernel: kernel, precision: precision, training: true)
    let again: [PlannedOperator] =
      switch recomputation {
      case .none: []
      case .attention: costs.attention.map { $0.repeated(layers, named: ".again") }
      case .layer: repeated(costs.layers, named: ".again")
      }
    let microbatch: [PlannedOperator] =
      [costs.embedding] + repeated(costs.layers) + costs.head(logitRows: load.rows) + costs.headBackward + again
      + repeated(costs.layersBackward) + [costs.embeddingBackward]
    return PlannedStep(
      "\(name) training, \(microbatches) × \(load.sequences) × \(load.tokens) tokens",
      microbatch.map { $0.repeated(microbatches) } + [costs.optimizer(shards: shards)])
  }

  private func repeated(
    _ parts: [(operators: [PlannedOperator], count: Int)], named suffix: String = ""
  ) -> [PlannedOperator] {
    parts.flatMap { part in part.operators.map { $0.repeated(part.count, named: suffix) } }
  }

  /// Bytes that a training step of a dense decoder needs on each device.
  ///
  /// Weights, gradients and the optimizer's share; of each layer 34·B·N·D bytes of activations in 16 bits and, where
  /// attention keeps its matrices, 5·H·B·N² (2 for softmax and dropout each, 1 for what was dropped); of layers that
  /// are computed again only their input and one whole layer; the logits and their gradient.
  public func trainingBytes(
    _ load: Workload, kernel: AttentionKernel, recomputation: Recomputation, widths: NumberWidths = .mixed,
    shards: Int = 1
  ) -> Double {
    let a = widths.activations
    let states = Double(parameters) * (widths.weights + widths.gradients + widths.optimizer / Double(shards))
    let stream = load.rows * Double(width) * a
    let matrices: Double =
      switch kernel {
      case .materialized(let dropout): Double(heads) * load.pairs * (dropout ? 2 * a + 1 : a)
      case .tiled: 0
      }
    let whole = 17 * stream + matrices
    let kept: Double =
      switch recomputation {
      case .none: Double(layers) * whole
      case .attention: Double(layers) * 17 * stream + matrices
      case .layer: Double(layers) * stream + whole
      }
    return states + kept + 2 * load.rows * Double(vocabulary) * a
  }

  /// The least recomputation with which a training step fits `device`.
  ///
  /// - Throws: ``PlannerError/doesNotFit(step:bytes:device:)`` when none lets it fit.
  public func recomputation(
    _ load: Workload, kernel: AttentionKernel, widths: NumberWidths = .mixed, shards: Int = 1, on device: Device
  ) throws(PlannerError) -> Recomputation {
    var least = Double.infinity
    for policy in Recomputation.allCases {
      let bytes = trainingBytes(load, kernel: kernel, recomputation: policy, widths: widths, shards: shards)
      if bytes <= device.memory.value { return policy }
      least = min(least, bytes)
    }
    throw .doesNotFit(step: "a training step of \(name)", bytes: least, device: device.name)
  }
}

extension PlannedOperator {
  /// This operator run `times` as often, its name followed by `suffix`.
  func repeated(_ times: Int, named suffix: String = "") -> PlannedOperator {
    var op = self
    op.count *= times
    op.name += suffix
    return op
  }
}
