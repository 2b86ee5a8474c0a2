import NumericTypes
import Tensors

/// A norm of each head of queries or keys by itself (Henry et al.: Query-key normalization for transformers, 2020).
public struct HeadNorm: Normalization {
  let norm: any Normalization
  let headDim: Int

  /// A norm of `headDim` values for each head.
  public init(_ norm: any Normalization, headDim: Int) {
    self.norm = norm
    self.headDim = headDim
  }

  /// The rows of x [rows, heads · headDim], each head normalised.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    let heads = x.shape[1] / headDim
    return norm(x.reshaped([x.shape[0] * heads, headDim]), context).reshaped(x.shape)
  }
}
