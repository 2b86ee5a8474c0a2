import NumericTypes

/// The tensor types that GGUF numbers, those that this engine does not read included, so that they are refused by name.
public enum GGUFTensorType {
  /// The number that GGUF gives to `dtype`; nothing for `bool`, which it does not have.
  public static func code(of dtype: DType) -> UInt32? {
    switch dtype {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q5_0: 6
    case .q5_1: 7
    case .q8_0: 8
    case .q8_1: 9
    case .q2_K: 10
    case .q3_K: 11
    case .q4_K: 12
    case .q5_K: 13
    case .q6_K: 14
    case .q8_K: 15
    case .iq2_xxs: 16
    case .iq2_xs: 17
    case .iq3_xxs: 18
    case .iq1_s: 19
    case .iq4_nl: 20
    case .iq3_s: 21
    case .iq2_s: 22
    case .iq4_xs: 23
    case .i8: 24
    case .i16: 25
    case .i32: 26
    case .i64: 27
    case .f64: 28
    case .iq1_m: 29
    case .bf16: 30
    case .tq1_0: 34
    case .tq2_0: 35
    case .mxfp4: 39
    case .nvfp4: 40
    case .q1_0: 41
    case .q2_0: 42
    case .bool: nil
    }
  }

  /// The type of number `code`; nothing when the engine does not read it.
  public static func dtype(ofCode code: UInt32) -> DType? { readable[code] }

  /// The name of number `code`, with a note on those that the format has removed.
  public static func name(ofCode code: UInt32) -> String {
    readable[code]?.displayName ?? removed[code].map { "\($0), removed from the format," } ?? "unknown"
  }

  /// Numbers whose types the format once had.
  static let removed: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8",
  ]

  private static let readable: [UInt32: DType] = {
    var table: [UInt32: DType] = [:]
    for dtype in DType.allCases { if let code = code(of: dtype) { table[code] = dtype } }
    return table
  }()
}
