import NumericTypes
import Tensors

/// m ⊙ (W + s B A) / ‖W + s B A‖, the norm and m for each row of the weight (Liu et al.: DoRA: Weight-decomposed low-rank
/// adaptation, 2024). m begins as the norms of W. The cheap form takes the norm for a constant on the way back.
///
/// The norms are found without the weight: ‖W + s B A‖² = ‖W‖² + 2 s Σ B ⊙ (W Aᵀ) + s² Σ (B A Aᵀ) ⊙ B, sums along rows.
package struct DoRAMethod: LinearMethod {
  let a: Weight
  let b: Weight
  let magnitude: Weight
  let scale: Double
  let isExact: Bool
  /// ‖W‖² of each row.
  let squares: Tensor

  /// The parameters `lora_A`, `lora_B` and `lora_magnitude_vector`, by the frozen weight's rows.
  init(
    _ builder: inout ModelBuilder, _ target: LinearTarget, rank: Int, scale: Double, isExact: Bool, _ weight: Tensor
  ) {
    let context = builder.context
    a = builder.weight("lora_A", [rank, target.inputs], .fanIn)
    b = builder.weight("lora_B", [target.outputs, rank], .constant(0))
    let wide = context.cast(weight, to: .f64)
    squares = context.cast(context.sum(context.square(wide), axis: 1), to: .f32)
    magnitude = builder.weight("lora_magnitude_vector", context.sqrt(squares))
    self.scale = scale
    self.isExact = isExact
  }

  var isWeight: Bool { true }

  func output(_ y: Tensor, of x: Tensor, _ weight: FrozenRows, _ pass: Pass) -> Tensor {
    Self.output(
      y, of: x, weight: weight.values(pass.context), squares: squares, a: pass[a], b: pass[b],
      magnitude: pass[magnitude], scale: scale, isExact: isExact, pass.context)
  }

  /// (m / ‖W + s B A‖) ⊙ (y + s (x Aᵀ) Bᵀ).
  package static func output(
    _ y: Tensor, of x: Tensor, weight: Tensor, squares: Tensor, a: Tensor, b: Tensor, magnitude: Tensor,
    scale: Double, isExact: Bool, _ context: Context
  ) -> Tensor {
    let changed = LoRAMethod.output(y, of: x, a: a, b: b, scale: scale, context)
    let norm =
      isExact
      ? norms(weight, squares, a, b, scale, context)
      : norms(weight, squares, a.detached(), b.detached(), scale, context)
    return context.multiply(changed, context.divide(magnitude, norm))
  }

  /// ‖W + s B A‖ of each row.
  private static func norms(
    _ weight: Tensor, _ squares: Tensor, _ a: Tensor, _ b: Tensor, _ scale: Double, _ context: Context
  ) -> Tensor {
    let across = context.sum(context.multiply(b, context.matmul(weight, a.transposed())), axis: 1)
    let gram = context.matmul(b, context.matmul(a, a.transposed()))
    let own = context.sum(context.multiply(gram, b), axis: 1)
    let all = context.add(
      squares, context.add(context.multiply(across, 2 * scale), context.multiply(own, scale * scale)))
    return context.sqrt(all)
  }

  /// s B A.
  private func change(_ pass: Pass) -> Tensor {
    pass.context.multiply(pass.context.matmul(pass[b], pass[a]), scale)
  }

  func merged(_ plain: PlainLinear, _ pass: Pass) -> PlainLinear {
    let context = pass.context
    let changed = context.add(plain.weight, change(pass))
    let factors = context.divide(pass[magnitude], norms(changed, context))
    return PlainLinear(weight: context.multiply(changed, factors.column), bias: plain.bias)
  }

  func unmerged(_ plain: PlainLinear, frozen: FrozenRows, _ pass: Pass) throws(TrainingError) -> PlainLinear {
    let (context, change) = (pass.context, change(pass))
    let norm = norms(context.add(frozen.values(context), change), context)
    let factors = context.divide(norm, try invertible(pass[magnitude], "lora_magnitude_vector"))
    return PlainLinear(
      weight: context.subtract(context.multiply(plain.weight, factors.column), change), bias: plain.bias)
  }

  private func norms(_ weight: Tensor, _ context: Context) -> Tensor {
    context.sqrt(context.sum(context.square(weight), axis: 1))
  }
}
