import NumericTypes
import Tensors

/// W + diag(b) B diag(d) A, the random A and B frozen and shared by all layers, the vectors trained (Kopiczko et al.: VeRA:
/// Vector-based random matrix adaptation, 2024). b is zero at first.
package struct VeRAMethod: LinearMethod {
  let scales: Weight
  let outs: Weight
  /// [rank, inputs].
  let a: Tensor
  /// [outputs, rank].
  let b: Tensor

  /// The parameters `vera_lambda_d` and `vera_lambda_b`; A and B are the first columns and rows of the shared matrices.
  init(
    _ builder: inout ModelBuilder, _ target: LinearTarget, rank: Int, initial: Double, shared: (a: Tensor, b: Tensor)
  ) {
    scales = builder.weight("vera_lambda_d", [rank], .constant(initial))
    outs = builder.weight("vera_lambda_b", [target.outputs], .constant(0))
    a = shared.a.sliced(axis: 1, 0..<target.inputs)
    b = shared.b.sliced(axis: 0, 0..<target.outputs)
  }

  /// The matrices that all layers share, from a seed: uniform, of the deviation that keeps a product's size.
  static func shared(
    rank: Int, inputs: Int, outputs: Int, seed: UInt64, _ context: Context
  ) -> (a: Tensor, b: Tensor) {
    func matrix(_ shape: Shape, _ stream: UInt64, fanIn: Int) -> Tensor {
      var random = Random(seed: seed, stream: stream)
      return Initializer.uniform(bound: (3 / Double(fanIn)).squareRoot()).tensor(shape, &random, context)
    }
    return (matrix([rank, inputs], 0x7665_7261, fanIn: inputs), matrix([outputs, rank], 0x7665_7262, fanIn: rank))
  }

  var isWeight: Bool { true }

  func output(_ y: Tensor, of x: Tensor, _ weight: FrozenRows, _ pass: Pass) -> Tensor {
    Self.output(y, of: x, a: a, b: b, scales: pass[scales], outs: pass[outs], pass.context)
  }

  /// y + b ⊙ ((d ⊙ (x Aᵀ)) Bᵀ).
  package static func output(
    _ y: Tensor, of x: Tensor, a: Tensor, b: Tensor, scales: Tensor, outs: Tensor, _ context: Context
  ) -> Tensor {
    let low = context.multiply(context.matmul(x, a.transposed()), scales)
    return context.add(y, context.multiply(context.matmul(low, b.transposed()), outs))
  }

  private func change(_ pass: Pass) -> Tensor {
    let context = pass.context
    return context.multiply(context.matmul(context.multiply(b, pass[scales]), a), pass[outs].column)
  }

  func merged(_ plain: PlainLinear, _ pass: Pass) -> PlainLinear {
    PlainLinear(weight: pass.context.add(plain.weight, change(pass)), bias: plain.bias)
  }

  func unmerged(_ plain: PlainLinear, frozen: FrozenRows, _ pass: Pass) -> PlainLinear {
    PlainLinear(weight: pass.context.subtract(plain.weight, change(pass)), bias: plain.bias)
  }
}
