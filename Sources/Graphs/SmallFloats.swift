import Formats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The floating-point types of 4 and 8 bits (Micikevicius et al.: FP8 formats for deep learning, 2022; OCP Microscaling
/// formats, 2023), by the values of their codes.
struct SmallFloats: Sendable {
  /// The value of each code.
  let values: [Float]
  /// The non-negative finite values in rising order with their codes.
  private let steps: [(value: Float, code: UInt8)]
  private let infinity: UInt8?
  private let notANumber: UInt8?
  private let negativeZero: UInt8?
  private let sign: UInt8

  /// The table of a type; nothing for others.
  static func of(_ type: ONNXElementType) -> SmallFloats? {
    switch type {
    case .float8E4M3FN: e4m3
    case .float8E4M3FNUZ: e4m3uz
    case .float8E5M2: e5m2
    case .float8E5M2FNUZ: e5m2uz
    case .float4E2M1: e2m1
    case .float8E8M0: e8m0
    default: nil
    }
  }

  private static let e4m3 = SmallFloats(exponent: 4, fraction: 3, bias: 7) { $0 & 0x7F == 0x7F ? .nan : nil }
  private static let e4m3uz = SmallFloats(exponent: 4, fraction: 3, bias: 8) { $0 == 0x80 ? .nan : nil }
  private static let e5m2 = SmallFloats(exponent: 5, fraction: 2, bias: 15) { code in
    code & 0x7F < 0x7C ? nil : code & 0x7F == 0x7C ? (code < 0x80 ? .infinity : -.infinity) : .nan
  }
  private static let e5m2uz = SmallFloats(exponent: 5, fraction: 2, bias: 16) { $0 == 0x80 ? .nan : nil }
  private static let e2m1 = SmallFloats(exponent: 2, fraction: 1, bias: 1) { _ in nil }
  private static let e8m0 = SmallFloats(
    values: (0..<256).map { $0 == 255 ? .nan : Float(scalbn(1.0, $0 - 127)) }, sign: 0)

  private init(exponent: Int, fraction: Int, bias: Int, special: (UInt8) -> Float?) {
    let sign = UInt8(1 << (exponent + fraction))
    let codes = 2 * Int(sign)
    let values = (0..<codes).map { code in
      if let value = special(UInt8(code)) { return value }
      let magnitude = code & Int(sign - 1)
      let (e, f) = (magnitude >> fraction, magnitude & (1 << fraction - 1))
      let significand = e == 0 ? Float(f) : Float(1 << fraction + f)
      let value = Float(scalbn(Double(significand), max(e, 1) - bias - fraction))
      return code & Int(sign) != 0 ? -value : value
    }
    self.init(values: values, sign: sign)
  }

  private init(values: [Float], sign: UInt8) {
    self.values = values
    self.sign = sign
    let positive = values.indices.filter { sign == 0 || $0 < Int(sign) }
    steps = positive.filter { values[$0].isFinite }.map { (values[$0], UInt8($0)) }
    infinity = positive.first { values[$0] == .infinity }.map { UInt8($0) }
    notANumber = values.indices.first { values[$0].isNaN }.map { UInt8($0) }
    negativeZero = values.indices.first { values[$0] == 0 && values[$0].sign == .minus }.map { UInt8($0) }
  }

  /// The code of the value nearest to `x`, ties to an even code. What is too large becomes the largest finite value when
  /// `saturates`, else infinity or NaN as the type has them.
  func code(of x: Float, saturates: Bool = true) -> UInt8 {
    let last = steps[steps.count - 1]
    // The type without a NaN has its negative zero for it.
    if x.isNaN { return notANumber ?? negativeZero ?? last.code }
    let isNegative = x.sign == .minus
    let magnitude = x.magnitude
    let signBit = isNegative ? sign : 0
    func whenTooLarge() -> UInt8 {
      if saturates { return last.code | signBit }
      if let infinity { return infinity | signBit }
      return notANumber.map { sign != 0 && $0 & ~sign != 0 ? $0 | signBit : $0 } ?? (last.code | signBit)
    }
    if magnitude == .infinity { return whenTooLarge() }
    // Where the next value would be, from which on rounding leaves the range.
    let step = last.value - steps[steps.count - 2].value
    if magnitude > last.value + step / 2 || (magnitude == last.value + step / 2 && last.code & 1 == 1) {
      return whenTooLarge()
    }
    var (low, high) = (0, steps.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].value < magnitude { low = middle + 1 } else { high = middle }
    }
    var best = low
    if low > 0 {
      let (below, above) = (magnitude - steps[low - 1].value, steps[low].value - magnitude)
      if below < above || (below == above && steps[low - 1].code & 1 == 0) { best = low - 1 }
    }
    let code = steps[best].code
    if steps[best].value == 0 { return isNegative ? negativeZero ?? code : code }
    return code | signBit
  }
}
