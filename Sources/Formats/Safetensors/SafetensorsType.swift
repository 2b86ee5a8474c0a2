import NumericTypes

/// The tensor types that safetensors names, those that this engine does not read included, so that they are refused by
/// name and their places can be proved all the same.
public enum SafetensorsType {
  /// The bits of an element, by the format's name of its type.
  static let bits: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
  ]
  /// The order in which the format's own library lays out the data: what needs the widest alignment first.
  static let order = [
    "U64", "I64", "F64", "C64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16", "F8_E5M2FNUZ", "F8_E4M3FNUZ",
    "F8_E8M0", "F8_E4M3", "F8_E5M2", "I8", "U8", "F6_E3M2", "F6_E2M3", "F4", "BOOL",
  ]

  /// The type called `name` in a file; nothing when the engine does not read it.
  public static func dtype(named name: String) -> DType? {
    bits[name] == nil ? nil : DType(rawValue: name.lowercased())
  }

  /// The name that safetensors gives to `dtype`; nothing for block-quantised types, which it does not have.
  public static func name(of dtype: DType) -> String? {
    let name = dtype.rawValue.uppercased()
    return bits[name] == dtype.blockBytes * 8 ? name : nil
  }
}
