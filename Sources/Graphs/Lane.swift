import Formats
import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A type that operators compute in: `Float` for floating-point types up to 32 bits, `Double`, `Int64` for integers and
/// Bool, `UInt64` for uint64. Whole numbers wrap around.
package protocol Lane: Comparable, Sendable {
  /// The value nearest to a number; what does not fit is held to the range, NaN becomes 0 for whole numbers.
  init(nearest value: Double)
  /// The value of a whole number; what does not fit wraps around.
  init(whole value: Int64)
  /// The value as a double.
  var double: Double { get }
  /// The value as a whole number, its fraction dropped, held to the range.
  var whole: Int64 { get }
  static func plus(_ a: Self, _ b: Self) -> Self
  static func minus(_ a: Self, _ b: Self) -> Self
  static func times(_ a: Self, _ b: Self) -> Self
  /// The quotient; whole numbers are cut towards 0, and 0 for a divisor of 0.
  static func over(_ a: Self, _ b: Self) -> Self
  /// What division leaves, with the sign of the dividend.
  static func remainder(_ a: Self, _ b: Self) -> Self
  static func power(_ a: Self, _ b: Double) -> Self
  var isNumber: Bool { get }
}

extension Lane {
  static var nothing: Self { Self(whole: 0) }
  static var unit: Self { Self(whole: 1) }

  /// What division leaves, with the sign of the divisor.
  static func modulo(_ a: Self, _ b: Self) -> Self {
    let rest = remainder(a, b)
    return rest != nothing && (rest < nothing) != (b < nothing) ? plus(rest, b) : rest
  }
}

extension Float: Lane {
  package init(nearest value: Double) { self = Float(value) }
  package init(whole value: Int64) { self = Float(value) }
  package var double: Double { Double(self) }
  package var whole: Int64 { Int64(nearest: Double(self)) }
  package static func plus(_ a: Float, _ b: Float) -> Float { a + b }
  package static func minus(_ a: Float, _ b: Float) -> Float { a - b }
  package static func times(_ a: Float, _ b: Float) -> Float { a * b }
  package static func over(_ a: Float, _ b: Float) -> Float { a / b }
  package static func remainder(_ a: Float, _ b: Float) -> Float { fmodf(a, b) }
  package static func power(_ a: Float, _ b: Double) -> Float { Float(pow(Double(a), b)) }
  package var isNumber: Bool { !isNaN }
}

extension Double: Lane {
  package init(nearest value: Double) { self = value }
  package init(whole value: Int64) { self = Double(value) }
  package var double: Double { self }
  package var whole: Int64 { Int64(nearest: self) }
  package static func plus(_ a: Double, _ b: Double) -> Double { a + b }
  package static func minus(_ a: Double, _ b: Double) -> Double { a - b }
  package static func times(_ a: Double, _ b: Double) -> Double { a * b }
  package static func over(_ a: Double, _ b: Double) -> Double { a / b }
  package static func remainder(_ a: Double, _ b: Double) -> Double { fmod(a, b) }
  package static func power(_ a: Double, _ b: Double) -> Double { pow(a, b) }
  package var isNumber: Bool { !isNaN }
}

extension Int64: Lane {
  package init(nearest value: Double) {
    self = value.isNaN ? 0 : value >= 0x1p63 ? .max : value < -0x1p63 ? .min : Int64(value)
  }
  package init(whole value: Int64) { self = value }
  package var double: Double { Double(self) }
  package var whole: Int64 { self }
  package static func plus(_ a: Int64, _ b: Int64) -> Int64 { a &+ b }
  package static func minus(_ a: Int64, _ b: Int64) -> Int64 { a &- b }
  package static func times(_ a: Int64, _ b: Int64) -> Int64 { a &* b }
  package static func over(_ a: Int64, _ b: Int64) -> Int64 {
    b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
  }
  package static func remainder(_ a: Int64, _ b: Int64) -> Int64 {
    b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue
  }
  package static func power(_ a: Int64, _ b: Double) -> Int64 { wholePower(a, b) }
  package var isNumber: Bool { true }
}

extension UInt64: Lane {
  package init(nearest value: Double) {
    self = value.isNaN || value < 0 ? 0 : value >= 0x1p64 ? .max : UInt64(value)
  }
  package init(whole value: Int64) { self = UInt64(bitPattern: value) }
  package var double: Double { Double(self) }
  package var whole: Int64 { Int64(clamping: self) }
  package static func plus(_ a: UInt64, _ b: UInt64) -> UInt64 { a &+ b }
  package static func minus(_ a: UInt64, _ b: UInt64) -> UInt64 { a &- b }
  package static func times(_ a: UInt64, _ b: UInt64) -> UInt64 { a &* b }
  package static func over(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? 0 : a / b }
  package static func remainder(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? 0 : a % b }
  package static func power(_ a: UInt64, _ b: Double) -> UInt64 { wholePower(a, b) }
  package var isNumber: Bool { true }
}

/// A power of a whole number: by squaring, which wraps around, where the exponent is a whole number.
private func wholePower<Whole: Lane>(_ a: Whole, _ b: Double) -> Whole {
  guard b >= 0, b < 0x1p53, b == b.rounded() else { return Whole(nearest: pow(a.double, b)) }
  var (result, base, rest) = (Whole.unit, a, Int64(b))
  while rest > 0 {
    if rest & 1 == 1 { result = Whole.times(result, base) }
    base = Whole.times(base, base)
    rest >>= 1
  }
  return result
}

/// Elements as they are stored, converted from and to lanes.
enum Lanes {
  /// Reads `count` elements of a type.
  static func load<Number: Lane>(
    _ type: ONNXElementType, _ source: UnsafeRawPointer, count: Int, to target: UnsafeMutablePointer<Number>
  ) {
    func each<Stored>(_: Stored.Type, _ convert: (Stored) -> Number) {
      let source = source.assumingMemoryBound(to: Stored.self)
      for i in 0..<count { (target + i).initialize(to: convert(source[i])) }
    }
    switch type {
    case .float32:
      if Number.self == Float.self { return copy(source, count, target) }
      each(Float.self) { Number(nearest: Double($0)) }
    case .float64:
      if Number.self == Double.self { return copy(source, count, target) }
      each(Double.self) { Number(nearest: $0) }
    case .int64:
      if Number.self == Int64.self { return copy(source, count, target) }
      each(Int64.self) { Number(whole: $0) }
    case .uint64:
      if Number.self == UInt64.self { return copy(source, count, target) }
      each(UInt64.self) { value in
        Number.self == Int64.self ? Number(whole: Int64(bitPattern: value)) : Number(nearest: Double(value))
      }
    case .float16: each(UInt16.self) { Number(nearest: Double(floatFromHalf(bits: $0))) }
    case .bfloat16: each(UInt16.self) { Number(nearest: Double(BFloat16(bitPattern: $0).float)) }
    case .int8, .int4, .int2: each(Int8.self) { Number(whole: Int64($0)) }
    case .uint8, .uint4, .uint2: each(UInt8.self) { Number(whole: Int64($0)) }
    case .bool: each(UInt8.self) { Number(whole: $0 == 0 ? 0 : 1) }
    case .int16: each(Int16.self) { Number(whole: Int64($0)) }
    case .uint16: each(UInt16.self) { Number(whole: Int64($0)) }
    case .int32: each(Int32.self) { Number(whole: Int64($0)) }
    case .uint32: each(UInt32.self) { Number(whole: Int64($0)) }
    case .string, .complex64, .complex128: (target).initialize(repeating: Number.nothing, count: count)
    default:
      let table = SmallFloats.of(type)?.values ?? [0]
      each(UInt8.self) { Number(nearest: Double(table[min(Int($0), table.count - 1)])) }
    }
  }

  private static func copy<Number>(_ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutablePointer<Number>) {
    if count > 0 { target.initialize(from: source.assumingMemoryBound(to: Number.self), count: count) }
  }

  /// Writes elements of a type: floating-point numbers rounded to nearest, whole numbers wrapped around.
  static func store<Number: Lane>(
    _ type: ONNXElementType, _ source: UnsafePointer<Number>, count: Int, to target: UnsafeMutableRawPointer
  ) {
    func each<Stored>(_: Stored.Type, _ convert: (Number) -> Stored) {
      let target = target.assumingMemoryBound(to: Stored.self)
      for i in 0..<count { target[i] = convert(source[i]) }
    }
    func whole(_ value: Number) -> Int64 {
      (value as? UInt64).map { Int64(bitPattern: $0) } ?? value.whole
    }
    switch type {
    case .float32:
      if Number.self == Float.self {
        target.copyMemory(from: source, byteCount: count * 4)
      } else {
        each(Float.self) { Float($0.double) }
      }
    case .float64: each(Double.self) { $0.double }
    case .int64: each(Int64.self) { whole($0) }
    case .uint64: each(UInt64.self) { ($0 as? UInt64) ?? UInt64(bitPattern: $0.whole) }
    case .float16: each(UInt16.self) { halfBits($0.double) }
    case .bfloat16: each(UInt16.self) { BFloat16(Float($0.double)).bitPattern }
    case .int8: each(Int8.self) { Int8(truncatingIfNeeded: whole($0)) }
    case .uint8: each(UInt8.self) { UInt8(truncatingIfNeeded: whole($0)) }
    case .int4: each(Int8.self) { Int8(truncatingIfNeeded: (whole($0) << 60) >> 60) }
    case .uint4: each(UInt8.self) { UInt8(truncatingIfNeeded: whole($0) & 15) }
    case .int2: each(Int8.self) { Int8(truncatingIfNeeded: (whole($0) << 62) >> 62) }
    case .uint2: each(UInt8.self) { UInt8(truncatingIfNeeded: whole($0) & 3) }
    case .bool: each(UInt8.self) { $0 == Number.nothing ? 0 : 1 }
    case .int16: each(Int16.self) { Int16(truncatingIfNeeded: whole($0)) }
    case .uint16: each(UInt16.self) { UInt16(truncatingIfNeeded: whole($0)) }
    case .int32: each(Int32.self) { Int32(truncatingIfNeeded: whole($0)) }
    case .uint32: each(UInt32.self) { UInt32(truncatingIfNeeded: whole($0)) }
    case .string, .complex64, .complex128: break
    default:
      guard let table = SmallFloats.of(type) else { return }
      each(UInt8.self) { table.code(of: Float($0.double)) }
    }
  }

  /// The bits of the binary16 number nearest to `x`, ties to even, rounded once.
  static func halfBits(_ x: Double) -> UInt16 {
    let sign: UInt16 = x.sign == .minus ? 0x8000 : 0
    if x.isNaN { return sign | 0x7E00 }
    let magnitude = x.magnitude
    if magnitude >= 65520 { return sign | 0x7C00 }
    if magnitude < 0x1p-14 {
      return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
    }
    let exponent = Int(magnitude.exponent)
    let fraction = (scalbn(magnitude, 10 - exponent)).rounded(.toNearestOrEven)
    // A fraction of 2048 carries into the exponent by itself.
    return sign | (UInt16(exponent + 14) << 10 + UInt16(fraction))
  }
}
