import Formats
import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Changes of the element type.
extension OperatorLibrary {
  static let casts: [GraphOperator] = [
    GraphOperator.one("Cast", 1...1) { node in
      let type: ONNXElementType
      if node.version < 6 {
        let name = try node.string("to", "")
        guard let named = ONNXElementType.allCases.first(where: { $0.name == name }) else {
          throw Refusal("a type '\(name)'")
        }
        type = named
      } else {
        guard let given = try node.elementType("to") else { throw Refusal("the attribute 'to' is missing") }
        type = given
      }
      let saturates = try node.flag("saturate", true)
      let rounding = try node.word("round_mode", "up", among: ["up", "down", "nearest"])
      return { call in try call.cast(call.tensor(0), to: type, saturates: saturates, rounding: rounding) }
    },
    GraphOperator.one("CastLike", 2...2) { node in
      let saturates = try node.flag("saturate", true)
      let rounding = try node.word("round_mode", "up", among: ["up", "down", "nearest"])
      return { call in
        try call.cast(call.tensor(0), to: call.tensor(1).type, saturates: saturates, rounding: rounding)
      }
    },
    GraphOperator.one("BitCast", 1...1) { node in
      guard let type = try node.elementType("to") else { throw Refusal("the attribute 'to' is missing") }
      return { call in
        let x = try call.tensor(0)
        guard x.type.bits == type.bits, type.bits >= 8, x.type != .string else {
          throw Refusal("the bits of \(x.type.name) as \(type.name)")
        }
        return x.relabelled(type)
      }
    },
  ]
}

extension GraphCall {
  func cast(
    _ x: GraphTensor, to type: ONNXElementType, saturates: Bool = true, rounding: String = "up"
  ) throws -> GraphTensor {
    if x.type == type { return x }
    guard type != .complex64, type != .complex128, x.type != .complex64, x.type != .complex128 else {
      throw Refusal("\(x.type.name) to \(type.name)")
    }
    try reserve(bytesEach: 24, x.shape)
    if let strings = x.strings { return try numbers(strings, x.shape, type) }
    if type == .string { return try make(x.shape, strings: texts(x)) }
    if type == .bool {
      return try make(
        x.shape, x.type == .uint64 ? x.values(UInt64.self).map { $0 != 0 } : x.values(Double.self).map { $0 != 0 })
    }
    if let table = SmallFloats.of(type) {
      let values = x.values(Float.self)
      let codes =
        type == .float8E8M0
        ? values.map { Self.scaleCode($0, saturates: saturates, rounding: rounding) }
        : values.map { table.code(of: $0, saturates: saturates) }
      return try make(type, x.shape) { target in
        codes.withUnsafeBytes {
          target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count)
        }
      }
    }
    if x.type.isFloat, type.isInteger {
      // Fractions are dropped; what does not fit keeps its low bits.
      let values = x.values(Double.self)
      return type == .uint64
        ? try make(type, x.shape, values.map { $0 < 0 ? UInt64(bitPattern: Int64(nearest: $0)) : UInt64(nearest: $0) })
        : try make(type, x.shape, values.map { Int64(nearest: $0) })
    }
    if x.type == .uint64, type.isFloat { return try make(type, x.shape, x.values(UInt64.self)) }
    return try convert(x, to: type)
  }

  /// The code of a power of two near a number: the next one up, the next one down or the nearest.
  private static func scaleCode(_ value: Float, saturates: Bool, rounding: String) -> UInt8 {
    if value.isNaN || value < 0 { return 255 }
    if value == 0 { return 0 }
    if value == .infinity { return saturates ? 254 : 255 }
    var exponent = Int(ilogb(Double(value)))
    let power = scalbn(1.0, exponent)
    let isExact = power == Double(value)
    switch rounding {
    case "up": if !isExact { exponent += 1 }
    case "nearest": if Double(value) - power >= power / 2 { exponent += 1 }
    default: break
    }
    let code = exponent + 127
    if code > 254 { return saturates ? 254 : 255 }
    return UInt8(max(code, 0))
  }

  private func numbers(_ strings: [String], _ shape: [Int], _ type: ONNXElementType) throws -> GraphTensor {
    func number(_ text: String) throws -> Double {
      switch text.lowercased() {
      case "inf", "+inf", "infinity", "+infinity": return .infinity
      case "-inf", "-infinity": return -.infinity
      case "nan": return .nan
      default:
        guard let value = Double(text) else { throw Refusal("'\(text.prefix(40))' is no number") }
        return value
      }
    }
    if type.isInteger {
      return try make(
        type, shape, strings.map { text in try Int64(text) ?? Int64(nearest: number(text)) })
    }
    if type == .bool { return try make(shape, strings.map { try number($0) != 0 }) }
    return try make(type, shape, strings.map(number))
  }

  private func texts(_ x: GraphTensor) throws -> [String] {
    switch x.type.lane {
    case .signed:
      return x.type == .bool
        ? x.values(Int64.self).map { $0 != 0 ? "True" : "False" } : x.values(Int64.self).map { "\($0)" }
    case .unsigned: return x.values(UInt64.self).map { "\($0)" }
    case .double: return x.values(Double.self).map { Self.text("\($0)", $0) }
    default: return x.values(Float.self).map { Self.text("\($0)", Double($0)) }
    }
  }

  /// A number as numpy writes it, without a fraction of zero.
  private static func text(_ written: String, _ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-INF" : "INF" }
    return written.hasSuffix(".0") ? String(written.dropLast(2)) : written
  }
}
