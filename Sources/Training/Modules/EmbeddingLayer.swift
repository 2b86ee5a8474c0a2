import NumericTypes
import Tensors

/// A row of a table for each index.
public struct EmbeddingLayer: Sendable, Hashable {
  /// The table, [count, width].
  public let weight: Weight

  /// A layer with the parameter `weight`; it begins as PyTorch's does unless said otherwise.
  public init(
    _ builder: inout ModelBuilder, count: Int, width: Int, weight initializer: Initializer = .normal(deviation: 1)
  ) {
    weight = builder.weight("weight", [count, width], initializer)
  }

  /// Indices [I..] → f32 rows [I.., width].
  ///
  /// - Precondition: i32 or i64 below the number of rows.
  public func callAsFunction(_ indices: Tensor, _ pass: Pass) -> Tensor {
    pass.context.cast(pass.context.gather(pass[weight], indices), to: .f32)
  }
}
