import NumericTypes
import Tensors

/// y = x Wᵀ + b along the last axis.
public struct DenseLayer: Sendable, Hashable {
  /// W, [outputs, inputs].
  public let weight: Weight
  /// b, [outputs].
  public let bias: Weight?
  /// The inputs.
  public let inputs: Int
  /// The outputs.
  public let outputs: Int

  /// A layer with the parameters `weight` and `bias`; they begin as PyTorch's do unless said otherwise.
  public init(
    _ builder: inout ModelBuilder, from inputs: Int, to outputs: Int, hasBias: Bool = true,
    weight initializer: Initializer = .fanIn, bias biasInitializer: Initializer? = nil
  ) {
    self.inputs = inputs
    self.outputs = outputs
    weight = builder.weight("weight", [outputs, inputs], initializer)
    let bound = 1 / Double(max(1, inputs)).squareRoot()
    bias = hasBias ? builder.weight("bias", [outputs], biasInitializer ?? .uniform(bound: bound)) : nil
  }

  /// [.., inputs] → [.., outputs].
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    let rows = x.shape.rank == 2 ? x : context.contiguous(x).reshaped([x.shape.rows, inputs])
    let y = pass.adapter?.dense(self, rows, pass) ?? biased(pass.product(rows, by: weight), pass)
    return x.shape.rank == 2 ? y : y.reshaped(Shape(x.shape.dimensions.dropLast() + [outputs]))
  }

  /// y + b.
  func biased(_ y: Tensor, _ pass: Pass) -> Tensor { bias.map { pass.context.add(y, pass[$0]) } ?? y }
}
