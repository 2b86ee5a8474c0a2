/// The integers that a GGUF array can hold.
public protocol GGUFInteger: FixedWidthInteger {
  /// The type as GGUF numbers it.
  static var valueType: GGUFValueType { get }
}

extension UInt8: GGUFInteger {
  /// GGUF's `uint8`.
  public static var valueType: GGUFValueType { .uint8 }
}

extension Int8: GGUFInteger {
  /// GGUF's `int8`.
  public static var valueType: GGUFValueType { .int8 }
}

extension UInt16: GGUFInteger {
  /// GGUF's `uint16`.
  public static var valueType: GGUFValueType { .uint16 }
}

extension Int16: GGUFInteger {
  /// GGUF's `int16`.
  public static var valueType: GGUFValueType { .int16 }
}

extension UInt32: GGUFInteger {
  /// GGUF's `uint32`.
  public static var valueType: GGUFValueType { .uint32 }
}

extension Int32: GGUFInteger {
  /// GGUF's `int32`.
  public static var valueType: GGUFValueType { .int32 }
}

extension UInt64: GGUFInteger {
  /// GGUF's `uint64`.
  public static var valueType: GGUFValueType { .uint64 }
}

extension Int64: GGUFInteger {
  /// GGUF's `int64`.
  public static var valueType: GGUFValueType { .int64 }
}
