import NumericTypes
import Tensors

/// The adapters of a model in one run: what its layers ask.
struct AdapterRun: PassAdapter {
  let plan: AdapterPlan
  let frozen: FrozenWeights
  /// The run that has the adapters' weights.
  let pass: Pass

  var promptCount: Int { plan.promptCount }

  func dense(_ layer: DenseLayer, _ x: Tensor, _ own: Pass) -> Tensor? {
    let context = pass.context
    let matrix = frozen.matrix(layer.weight)
    guard let parts = plan.linear[layer.weight] else {
      guard case .packed(let matrix) = matrix else { return nil }
      return layer.biased(matrix.product(x, context), own)
    }
    // Only a part that is the whole layer changes what is read.
    let input = parts.count == 1 ? parts[0].methods.reduce(x) { $1.input($0, pass) } : x
    let product = matrix.product(input, context)
    func changed(_ y: Tensor, _ part: AdapterPlan.Part, isWeight: Bool) -> Tensor {
      let rows = FrozenRows(matrix: matrix, rows: part.target.rows)
      return part.methods.reduce(y) { $1.isWeight == isWeight ? $1.output($0, of: input, rows, pass) : $0 }
    }
    func all(_ y: Tensor, isWeight: Bool) -> Tensor {
      if !parts.contains(where: { $0.methods.contains { $0.isWeight == isWeight } }) { return y }
      if parts.count == 1 { return changed(y, parts[0], isWeight: isWeight) }
      let made = parts.map { changed(y.sliced(axis: 1, $0.target.rows), $0, isWeight: isWeight) }
      return context.concatenate(made, axis: 1)
    }
    return all(layer.biased(all(product, isWeight: true), own), isWeight: false)
  }

  func normed(_ norm: Weight, _ y: Tensor, _ own: Pass) -> Tensor {
    plan.norms[norm]?.reduce(y) { $1.changed($0, pass) } ?? y
  }

  func prefix(of attention: AttentionLayer, _ own: Pass) -> AttentionPrefix? {
    guard let block = plan.attentionBlocks[attention.inward.weight] else { return nil }
    let found = plan.prefixes.compactMap { $0.prefix(of: block, pass) }
    return found.first
  }

  func changed(
    _ output: Tensor, input: Tensor, block: Int, _ sublayer: Sublayer, _ own: Pass
  ) -> Tensor {
    let methods = plan.bottlenecks[AdapterPlan.Place(block: block, sublayer: sublayer)] ?? []
    return methods.reduce(output) { $1.changed($0, input: input, pass) }
  }

  func side(_ side: Tensor?, beside x: Tensor, after blocks: Int, _ places: TokenPlaces, _ own: Pass) -> Tensor? {
    plan.ladder?.side(side, beside: x, after: blocks, places, pass)
  }

  func joined(_ x: Tensor, _ side: Tensor, _ own: Pass) -> Tensor { plan.ladder?.joined(x, side, pass) ?? x }

  func prompt(_ own: Pass) -> Tensor? { plan.prompts.first.map { pass[$0] } }
}
