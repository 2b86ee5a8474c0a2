import Numerics

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
    case .q4_K: 12
    case .q5_K: 13
    case .q6_K: 14
    case .i8: 24
    case .i16: 25
    case .i32: 26
    case .i64: 27
    case .f64: 28
    case .bf16: 30
    case .bool: nil
    }
  }

  /// The type of number `code`; nothing when the engine does not read it.
  public static func dtype(ofCode code: UInt32) -> DType? { readable[code] }

  /// The name of number `code`, with a note on those that the format has removed.
  public static func name(ofCode code: UInt32) -> String {
    if let dtype = readable[code] { return dtype.displayName }
    guard let name = unread[code] else { return "unknown" }
    return removed.contains(code) ? "\(name), removed from the format," : name
  }

  /// Numbers whose types the format once had.
  static let removed: Set<UInt32> = [4, 5, 31, 32, 33, 36, 37, 38]

  private static let readable: [UInt32: DType] = {
    var table: [UInt32: DType] = [:]
    for dtype in DType.allCases { if let code = code(of: dtype) { table[code] = dtype } }
    return table
  }()

  private static let unread: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 31: "Q4_0_4_4", 32: "Q4_0_4_8",
    33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8", 39: "MXFP4",
    40: "NVFP4", 41: "Q1_0",
  ]
}
