import NumericTypes

extension Context {
  /// C = A B gives gA = gC Bᵀ and gB = Aᵀ gC, summed over axes that were broadcast.
  func recordedMatmul(_ a: Tensor, _ b: Tensor) -> Tensor {
    // An operand is held only where the other one's gradient needs it.
    let (keptA, keptB) = (b.isTracked ? a : nil, a.isTracked ? b : nil)
    let (aShape, bShape, aType, bType) = (a.shape, b.shape, a.dtype, b.dtype)
    let isTransposed = b.strides[b.shape.rank - 1] != 1 && b.strides[b.shape.rank - 2] == 1
    return differentiable([a, b]) {
      computedMatmul(a, b)
    } backward: { call in
      let (context, g) = (call.context, call.gradient)
      var gradients: [Tensor?] = [nil, nil]
      if call.wants(0), let b = keptB {
        let product = context.matmul(g, b.transposed())
        gradients[0] = context.cast(context.sum(product, to: aShape), to: aType)
      }
      if call.wants(1), let a = keptA {
        gradients[1] = context.cast(context.rightGradient(a, g, bShape, isTransposed), to: bType)
      }
      return gradients
    }
  }

  /// Aᵀ G. One right matrix for all left ones gets its sum over them within the product, and one that lies transposed has
  /// its gradient made so, as Gᵀ A.
  private func rightGradient(_ a: Tensor, _ g: Tensor, _ shape: Shape, _ isTransposed: Bool) -> Tensor {
    var (a, g) = (a, g)
    let isOne = shape.dimensions.dropLast(2).allSatisfy { $0 == 1 }
    if isOne, g.shape.rank > 2 {
      if a.shape.rank < g.shape.rank || a.shape.dimensions.dropLast(2) != g.shape.dimensions.dropLast(2) {
        a = a.broadcast(to: Shape(g.shape.dimensions.dropLast() + [a.shape[-1]]))
      }
      a = contiguous(a).reshaped([a.shape.rows, a.shape.last])
      g = contiguous(g).reshaped([g.shape.rows, g.shape.last])
    }
    let product =
      isTransposed ? matmul(g.transposed(), a).transposed() : matmul(a.transposed(), g)
    if isOne, product.shape != shape { return isTransposed ? product.broadcast(to: shape) : product.reshaped(shape) }
    return sum(product, to: shape)
  }
}
