import NumericTypes
import Tensors

/// γ ⊙ y + β, or γ ⊙ x on the way in: (IA)³ on keys, values and the inner feed-forward (Liu et al.: Few-shot parameter-efficient
/// fine-tuning is better and cheaper than in-context learning, 2022), SSF (Lian et al.: Scaling & shifting your features,
/// 2022), and BitFit, which is β alone (Ben Zaken et al.: BitFit, 2022).
struct ScaleMethod: LinearMethod {
  /// γ [outputs], 1 at first.
  private(set) var scale: Weight?
  /// β [outputs], 0 at first.
  private(set) var shift: Weight?
  /// γ [inputs], 1 at first.
  private(set) var inner: Weight?

  var isWeight: Bool { false }

  /// (IA)³'s `ia3_l`: of the inputs where the layer leads back from the feed-forward, else of the outputs.
  static func ia3(_ builder: inout ModelBuilder, _ target: LinearTarget) -> ScaleMethod {
    var method = ScaleMethod()
    if target.role == .down {
      method.inner = builder.weight("ia3_l", [target.inputs], .constant(1))
    } else {
      method.scale = builder.weight("ia3_l", [target.outputs], .constant(1))
    }
    return method
  }

  /// SSF's `ssf_scale` and `ssf_shift`.
  static func ssf(_ builder: inout ModelBuilder, outputs: Int) -> ScaleMethod {
    ScaleMethod(
      scale: builder.weight("ssf_scale", [outputs], .constant(1)),
      shift: builder.weight("ssf_shift", [outputs], .constant(0)))
  }

  /// BitFit's `bias`, which is added to the layer's own where that has one.
  static func bitFit(_ builder: inout ModelBuilder, outputs: Int) -> ScaleMethod {
    ScaleMethod(shift: builder.weight("bias", [outputs], .constant(0)))
  }

  private init() {}

  private init(scale: Weight? = nil, shift: Weight? = nil) {
    self.scale = scale
    self.shift = shift
  }

  func input(_ x: Tensor, _ pass: Pass) -> Tensor { inner.map { pass.context.multiply(x, pass[$0]) } ?? x }

  func output(_ y: Tensor, of x: Tensor, _ weight: FrozenRows, _ pass: Pass) -> Tensor { changed(y, pass) }

  /// γ ⊙ y + β.
  func changed(_ y: Tensor, _ pass: Pass) -> Tensor {
    let scaled = scale.map { pass.context.multiply(y, pass[$0]) } ?? y
    return shift.map { pass.context.add(scaled, pass[$0]) } ?? scaled
  }

  func merged(_ plain: PlainLinear, _ pass: Pass) -> PlainLinear {
    let context = pass.context
    var merged = plain
    if let inner { merged.weight = context.multiply(merged.weight, pass[inner]) }
    if let scale { merged.weight = context.multiply(merged.weight, pass[scale].column) }
    merged.bias = changed(plain.bias, pass)
    return merged
  }

  func unmerged(_ plain: PlainLinear, frozen: FrozenRows, _ pass: Pass) throws(TrainingError) -> PlainLinear {
    let context = pass.context
    var plain = plain
    if let shift { plain.bias = context.subtract(plain.bias, pass[shift]) }
    if let scale {
      let factors = try invertible(pass[scale], "scale")
      plain.weight = context.divide(plain.weight, factors.column)
      plain.bias = context.divide(plain.bias, factors)
    }
    if let inner { plain.weight = context.divide(plain.weight, try invertible(pass[inner], "ia3_l")) }
    return plain
  }
}
