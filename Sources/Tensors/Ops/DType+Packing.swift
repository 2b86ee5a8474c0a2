import CVenturi
import NumericTypes

extension DType {
  /// The C side's name of a type whose matrices can be packed; `nil` for the others.
  var packedFormat: vt_format? {
    switch self {
    case .q4_0: VT_Q4_0
    case .q4_1: VT_Q4_1
    case .q5_0: VT_Q5_0
    case .q5_1: VT_Q5_1
    case .q8_0: VT_Q8_0
    case .q8_1: VT_Q8_1
    case .q2_K: VT_Q2_K
    case .q3_K: VT_Q3_K
    case .q4_K: VT_Q4_K
    case .q5_K: VT_Q5_K
    case .q6_K: VT_Q6_K
    case .q8_K: VT_Q8_K
    case .iq1_s: VT_IQ1_S
    case .iq1_m: VT_IQ1_M
    case .iq2_xxs: VT_IQ2_XXS
    case .iq2_xs: VT_IQ2_XS
    case .iq2_s: VT_IQ2_S
    case .iq3_xxs: VT_IQ3_XXS
    case .iq3_s: VT_IQ3_S
    case .iq4_nl: VT_IQ4_NL
    case .iq4_xs: VT_IQ4_XS
    case .tq1_0: VT_TQ1_0
    case .tq2_0: VT_TQ2_0
    case .q1_0: VT_Q1_0
    case .q2_0: VT_Q2_0
    case .mxfp4: VT_MXFP4
    case .nvfp4: VT_NVFP4
    case .f16: VT_F16
    case .bf16: VT_BF16
    case .f32: VT_F32
    case .f64, .i8, .i16, .i32, .i64, .bool: nil
    }
  }

  /// What panels of this type's matrices are laid out as: packing brings some types to the form of another.
  var panelFormat: vt_format? { packedFormat.map(vt_format_form) }

  /// Whether 16-bit input costs products with matrices of this type no more than 8-bit input does, where a processor has
  /// no products of bytes: weights that lie there as bytes are widened anyway.
  public var takesWordsFreely: Bool { panelFormat == VT_Q8_0 }
}
