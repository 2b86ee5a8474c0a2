import NumericTypes
import Tensors

/// W + s P Λ Q, of whose triplets the least important are dropped on the way (Zhang et al.: AdaLoRA: Adaptive budget
/// allocation for parameter-efficient fine-tuning, 2023). Λ is zero at first.
package struct AdaLoRAMethod: LinearMethod {
  /// P, [outputs, rank].
  let left: Weight
  /// Λ, [rank].
  let values: Weight
  /// Q, [rank, inputs].
  let right: Weight
  let scale: Double
  let rank: Int

  /// The parameters `lora_B`, `lora_E` and `lora_A`.
  init(_ builder: inout ModelBuilder, _ target: LinearTarget, rank: Int, scale: Double) {
    left = builder.weight("lora_B", [target.outputs, rank], .normal(deviation: 0.02))
    values = builder.weight("lora_E", [rank], .constant(0))
    right = builder.weight("lora_A", [rank, target.inputs], .normal(deviation: 0.02))
    self.scale = scale
    self.rank = rank
  }

  var isWeight: Bool { true }

  func output(_ y: Tensor, of x: Tensor, _ weight: FrozenRows, _ pass: Pass) -> Tensor {
    Self.output(y, of: x, left: pass[left], values: pass[values], right: pass[right], scale: scale, pass.context)
  }

  /// y + s ((x Qᵀ) ⊙ Λ) Pᵀ.
  package static func output(
    _ y: Tensor, of x: Tensor, left: Tensor, values: Tensor, right: Tensor, scale: Double, _ context: Context
  ) -> Tensor {
    let low = context.multiply(context.matmul(x, right.transposed()), context.multiply(values, scale))
    return context.add(y, context.matmul(low, left.transposed()))
  }

  /// ‖Pᵀ P - I‖² + ‖Q Qᵀ - I‖².
  func penalty(_ pass: Pass) -> Tensor { Self.penalty(left: pass[left], right: pass[right], pass.context) }

  package static func penalty(left: Tensor, right: Tensor, _ context: Context) -> Tensor {
    func distance(_ gram: Tensor) -> Tensor {
      let size = gram.shape[0]
      let index = context.arange(size, .i32)
      let unit = context.cast(context.compare(index.reshaped([size, 1]), .equal, index), to: gram.dtype)
      return context.sum(context.square(context.subtract(gram, unit)))
    }
    return context.add(
      distance(context.matmul(left.transposed(), left)), distance(context.matmul(right, right.transposed())))
  }

  private func change(_ pass: Pass) -> Tensor {
    let context = pass.context
    return context.matmul(context.multiply(pass[left], context.multiply(pass[values], scale)), pass[right])
  }

  func merged(_ plain: PlainLinear, _ pass: Pass) -> PlainLinear {
    PlainLinear(weight: pass.context.add(plain.weight, change(pass)), bias: plain.bias)
  }

  func unmerged(_ plain: PlainLinear, frozen: FrozenRows, _ pass: Pass) -> PlainLinear {
    PlainLinear(weight: pass.context.subtract(plain.weight, change(pass)), bias: plain.bias)
  }
}
