import NumericTypes
import Tensors

/// W + s B A with A [rank, inputs] random and B [outputs, rank] zero at first (Hu et al.: LoRA: Low-rank adaptation of large
/// language models, 2021); s is α / rank, or α / √rank (Kalajdzievski: A rank stabilization scaling factor, 2023).
package struct LoRAMethod: LinearMethod {
  let a: Weight
  let b: Weight
  let scale: Double
  let dropout: DropoutLayer
  /// A and B as they were at first, where B was not zero.
  let start: (a: Tensor, b: Tensor)?

  /// The parameters `lora_A` and `lora_B`, s B A as `start` has it where that is given.
  init(
    _ builder: inout ModelBuilder, _ target: LinearTarget, rank: Int, scale: Double, dropout rate: Double,
    start: LowRankFactors? = nil
  ) {
    if let start {
      let (context, share) = (builder.context, 1 / scale.squareRoot())
      let first = (a: context.multiply(start.right, share), b: context.multiply(start.left, share))
      self.start = first
      a = builder.weight("lora_A", context.copy(first.a))
      b = builder.weight("lora_B", context.copy(first.b))
    } else {
      self.start = nil
      a = builder.weight("lora_A", [rank, target.inputs], .fanIn)
      b = builder.weight("lora_B", [target.outputs, rank], .constant(0))
    }
    self.scale = scale
    dropout = builder.within("lora_A") { DropoutLayer(&$0, rate: rate) }
  }

  var isWeight: Bool { true }

  func output(_ y: Tensor, of x: Tensor, _ weight: FrozenRows, _ pass: Pass) -> Tensor {
    Self.output(y, of: dropout(x, pass), a: pass[a], b: pass[b], scale: scale, pass.context)
  }

  /// y + s (x Aᵀ) Bᵀ.
  package static func output(
    _ y: Tensor, of x: Tensor, a: Tensor, b: Tensor, scale: Double, _ context: Context
  ) -> Tensor {
    context.within("adapter") {
      let low = context.multiply(context.matmul(x, a.transposed()), scale)
      return context.add(y, context.matmul(low, b.transposed()))
    }
  }

  /// s B A.
  private func change(_ pass: Pass) -> Tensor {
    pass.context.multiply(pass.context.matmul(pass[b], pass[a]), scale)
  }

  func merged(_ plain: PlainLinear, _ pass: Pass) -> PlainLinear {
    PlainLinear(weight: pass.context.add(plain.weight, change(pass)), bias: plain.bias)
  }

  func unmerged(_ plain: PlainLinear, frozen: FrozenRows, _ pass: Pass) -> PlainLinear {
    PlainLinear(weight: pass.context.subtract(plain.weight, change(pass)), bias: plain.bias)
  }
}
