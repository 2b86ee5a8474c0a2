import Tensors

/// How the products of ``DenseLayer`` are done in place of the plain x Wᵀ: by other arithmetic, or keeping less for the way
/// back. A pass has at most one; who wants two composes them.
public protocol ProductRule: AnyObject {
  /// Rows x [N, inputs] by W [outputs, inputs], which is `pass[weight]` → x Wᵀ, [N, outputs], with its gradient; nothing
  /// where the plain product is to be done.
  func product(_ x: Tensor, by weight: Weight, _ pass: Pass) -> Tensor?
}
