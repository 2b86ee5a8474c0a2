/// Follows the text of one JSON object byte by byte, and knows at any time whether it can still become one.
public struct JSONObjectScanner: Sendable {
  /// What a byte leads to.
  public enum Outcome: Sendable {
    /// The object goes on.
    case more
    /// The byte ends the object.
    case done
    /// No object begins like this; the scanner is of no more use.
    case broken
  }

  private enum State {
    case start
    /// A value, or where a list or object was just opened, its end.
    case value(orEnd: Bool)
    case key(orEnd: Bool)
    case colon
    /// A comma or an end.
    case after
    case string(isKey: Bool)
    case escape(isKey: Bool)
    case hex(left: Int, isKey: Bool)
    case word(left: ArraySlice<UInt8>)
    case number(Number)
    case over
  }

  private enum Number { case minus, zero, integer, point, fraction, exponent, sign, digits }

  /// The deepest nesting; deeper objects are taken for broken.
  public static let depthLimit = 128

  private var state = State.start
  /// What is open, a list or an object.
  private var closers: [UInt8] = []
  private var count = 0
  private var whole: (count: Int, closers: [UInt8]) = (0, [])

  /// A scanner before the object's first byte.
  public init() {}

  /// The object's text, cut behind the last value that is whole and closed there; what was cut off is not known any more, so
  /// an object that has not ended is given with those members and elements that have.
  ///
  /// - Parameter text: the bytes that the scanner has seen.
  public func closed(_ text: some Collection<UInt8>) -> [UInt8] {
    whole.count == 0 ? Array("{}".utf8) : text.prefix(whole.count) + whole.closers.reversed()
  }

  /// Takes the next byte.
  public mutating func append(_ byte: UInt8) -> Outcome {
    count += 1
    guard step(byte) else { return .broken }
    if case .over = state { return .done }
    return .more
  }

  private mutating func step(_ byte: UInt8) -> Bool {
    let isSpace = byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    switch state {
    case .start: return byte == UInt8(ascii: "{") && open(byte)
    case .value(let orEnd):
      if isSpace { return true }
      if orEnd, byte == UInt8(ascii: "]") { return close(byte) }
      return begin(byte)
    case .key(let orEnd):
      if isSpace { return true }
      if orEnd, byte == UInt8(ascii: "}") { return close(byte) }
      state = .string(isKey: true)
      return byte == UInt8(ascii: "\"")
    case .colon:
      if isSpace { return true }
      state = .value(orEnd: false)
      return byte == UInt8(ascii: ":")
    case .after:
      if isSpace { return true }
      if byte == UInt8(ascii: ",") {
        state = closers.last == UInt8(ascii: "}") ? .key(orEnd: false) : .value(orEnd: false)
        return true
      }
      return close(byte)
    case .string(let isKey):
      if byte == UInt8(ascii: "\"") { return isKey ? set(.colon) : end() }
      if byte == UInt8(ascii: "\\") { state = .escape(isKey: isKey) }
      return byte >= 0x20
    case .escape(let isKey):
      if byte == UInt8(ascii: "u") { return set(.hex(left: 4, isKey: isKey)) }
      state = .string(isKey: isKey)
      return "\"\\/bfnrt".utf8.contains(byte)
    case .hex(let left, let isKey):
      state = left == 1 ? .string(isKey: isKey) : .hex(left: left - 1, isKey: isKey)
      return "0123456789abcdefABCDEF".utf8.contains(byte)
    case .word(let left):
      guard byte == left.first else { return false }
      return left.count == 1 ? end() : set(.word(left: left.dropFirst()))
    case .number(let number): return go(on: number, byte)
    case .over: return false
    }
  }

  private mutating func set(_ next: State) -> Bool {
    state = next
    return true
  }

  private mutating func begin(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["): return open(byte)
    case UInt8(ascii: "\""): return set(.string(isKey: false))
    case UInt8(ascii: "t"): return set(.word(left: Array("rue".utf8)[...]))
    case UInt8(ascii: "f"): return set(.word(left: Array("alse".utf8)[...]))
    case UInt8(ascii: "n"): return set(.word(left: Array("ull".utf8)[...]))
    case UInt8(ascii: "-"): return set(.number(.minus))
    case UInt8(ascii: "0"): return set(.number(.zero))
    case UInt8(ascii: "1")...UInt8(ascii: "9"): return set(.number(.integer))
    default: return false
    }
  }

  private mutating func open(_ byte: UInt8) -> Bool {
    if closers.count == Self.depthLimit { return false }
    let isObject = byte == UInt8(ascii: "{")
    closers.append(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
    whole = (count, closers)
    return set(isObject ? .key(orEnd: true) : .value(orEnd: true))
  }

  private mutating func close(_ byte: UInt8) -> Bool {
    guard byte == closers.last else { return false }
    closers.removeLast()
    return end()
  }

  /// A value ends with the byte that was just taken.
  private mutating func end() -> Bool {
    whole = (count, closers)
    return set(closers.isEmpty ? .over : .after)
  }

  private mutating func go(on number: Number, _ byte: UInt8) -> Bool {
    let isDigit = (0x30...0x39).contains(byte)
    let isExponent = byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
    switch number {
    case .minus:
      if byte == UInt8(ascii: "0") { return set(.number(.zero)) }
      return isDigit && set(.number(.integer))
    case .zero, .integer:
      if isDigit { return number == .integer }
      if byte == UInt8(ascii: ".") { return set(.number(.point)) }
      if isExponent { return set(.number(.exponent)) }
    case .point: return isDigit && set(.number(.fraction))
    case .fraction:
      if isDigit { return true }
      if isExponent { return set(.number(.exponent)) }
    case .exponent:
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { return set(.number(.sign)) }
      return isDigit && set(.number(.digits))
    case .sign: return isDigit && set(.number(.digits))
    case .digits: if isDigit { return true }
    }
    // The number ended before this byte.
    whole = (count - 1, closers)
    state = .after
    return step(byte)
  }
}
