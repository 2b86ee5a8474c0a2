import Formats
import Tensors

/// A model whose linear layers multiply by 4-bit floats, in training and in evaluation: ``FP4Products``.
///
/// ```swift
/// let model = try FP4Model(gpt, FP4Recipe(.nvfp4, gradients: .stochastic, turned: .all))
/// ```
public struct FP4Model<Base: TrainableModel>: TrainableModel {
  /// The model within, its weights in f32.
  public let base: Base
  /// How its products are done.
  public let rule: FP4Products

  /// A model around another.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(_ base: Base, _ recipe: FP4Recipe) throws(DataError) {
    self.base = base
    rule = try FP4Products(base.parameters, recipe)
  }

  /// Those of the model within.
  public var parameters: [Parameter] { base.parameters }
  /// Those of the model within.
  public var buffers: [Parameter] { base.buffers }

  /// The loss.
  ///
  /// - Throws: what the model within throws.
  public func loss(of batch: Base.Batch, _ pass: Pass) throws -> Tensor {
    pass.products = rule
    return try base.loss(of: batch, pass)
  }

  /// As the model within has it.
  public func targetCount(of batch: Base.Batch) -> Int { base.targetCount(of: batch) }

  /// What is measured with products of four bits.
  ///
  /// - Throws: what the model within throws.
  public func measure(_ batch: Base.Batch, _ pass: Pass) throws -> [String: MetricSum] {
    pass.products = rule
    return try base.measure(batch, pass)
  }

  /// `fp4`: what weights would take, in four bits and in f32.
  public func figures(ofRun: Bool) -> [JSON.Member] {
    guard ofRun else { return base.figures(ofRun: false) }
    let matrices = parameters.filter { parameter in
      parameter.value.shape.rank == 2 && !rule.recipe.exactLayers.contains { parameter.name.contains($0) }
    }
    let (packed, whole) = matrices.reduce(into: (0, 0)) { sums, parameter in
      let (rows, columns) = (parameter.value.shape[0], parameter.value.shape[1])
      let format = rule.recipe.format
      sums.0 += rows * (FP4Matrix.rowBytes(columns) + FP4Matrix.blocks(columns, format))
      sums.1 += 4 * rows * columns
    }
    return base.figures(ofRun: true) + [
      .init("fp4", ["weightBytes": .integer(packed), "f32Bytes": .integer(whole)])
    ]
  }
}
