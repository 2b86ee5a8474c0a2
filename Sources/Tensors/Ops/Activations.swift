import CVenturi

extension Context {
  /// max(x, 0); NaN stays.
  public func relu(_ x: Tensor) -> Tensor { unary(VT_OP_RELU, x) }
  /// tanh x.
  public func tanh(_ x: Tensor) -> Tensor { unary(VT_OP_TANH, x) }
  /// The error function.
  public func erf(_ x: Tensor) -> Tensor { unary(VT_OP_ERF, x) }
  /// 1 / (1 + e^-x).
  public func sigmoid(_ x: Tensor) -> Tensor { unary(VT_OP_SIGMOID, x) }
  /// x / (1 + e^-x).
  public func silu(_ x: Tensor) -> Tensor { unary(VT_OP_SILU, x) }
  /// x Φ(x), exactly, by the error function (Hendrycks, Gimpel: Gaussian error linear units, 2016).
  public func gelu(_ x: Tensor) -> Tensor { unary(VT_OP_GELU, x) }
  /// The approximation of ``gelu(_:)`` by tanh, from the same paper.
  public func geluTanh(_ x: Tensor) -> Tensor { unary(VT_OP_GELU_TANH, x) }
  /// silu(gate) · x, broadcast (Shazeer: GLU variants improve transformer, 2020).
  public func siluMultiply(_ gate: Tensor, _ x: Tensor) -> Tensor { binary(VT_OP_SILU_MULTIPLY, gate, x) }
  /// gelu(gate) · x, broadcast.
  public func geluMultiply(_ gate: Tensor, _ x: Tensor) -> Tensor { binary(VT_OP_GELU_MULTIPLY, gate, x) }
  /// geluTanh(gate) · x, broadcast.
  public func geluTanhMultiply(_ gate: Tensor, _ x: Tensor) -> Tensor { binary(VT_OP_GELU_TANH_MULTIPLY, gate, x) }
}
