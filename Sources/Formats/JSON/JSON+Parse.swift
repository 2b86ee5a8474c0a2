extension JSON {
  /// The value that `text` holds, and nothing beside it.
  ///
  /// - Throws: ``JSONError`` with the byte where the text stops being JSON.
  public init(parsing text: some StringProtocol) throws(JSONError) {
    self = try Self(parsing: Array(text.utf8))
  }

  /// The value that UTF-8 `bytes` hold, and nothing beside it.
  ///
  /// - Parameters:
  ///   - bytes: the text.
  ///   - values: the most values in it; each takes far more memory than its text.
  /// - Throws: ``JSONError``.
  public init(parsing bytes: [UInt8], values: Int = .max) throws(JSONError) {
    self = try bytes.withUnsafeBytes { raw in Result { () throws(JSONError) in try Self.whole(raw, values) } }.get()
  }

  private static func whole(_ bytes: UnsafeRawBufferPointer, _ values: Int) throws(JSONError) -> JSON {
    var parser = JSONParser(bytes: bytes)
    parser.values = values
    parser.skipSpace()
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.at < bytes.count { throw JSONError(offset: parser.at, problem: "text after the value") }
    return value
  }
}

/// A recursive reader with a bound on nesting, so that no input can exhaust the stack.
struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  var at = 0
  /// The values that may still be made; each takes far more memory than its text.
  var values = Int.max
  /// The bytes of the longest string.
  var stringBytes = Int.max
  private static let maximumDepth = 128

  /// A reader of `bytes`, which stay alive and unchanged while it is used.
  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

  func failure(_ problem: String) -> JSONError { JSONError(offset: at, problem: problem) }

  mutating func skipSpace() {
    while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  mutating func value(depth: Int) throws(JSONError) -> JSON {
    if depth > Self.maximumDepth { throw failure("nested too deeply") }
    if values == 0 { throw failure("too many values") }
    values -= 1
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case nil: throw failure("a value is missing")
    default: return try number()
    }
  }

  private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let letters = word.withUTF8Buffer { Array($0) }
    guard bytes[at...].starts(with: letters) else { throw failure("not a value") }
    at += letters.count
    return value
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    var members: [JSON.Member] = []
    at += 1
    skipSpace()
    if byte == UInt8(ascii: "}") {
      at += 1
      return .object([])
    }
    while true {
      skipSpace()
      guard byte == UInt8(ascii: "\"") else { throw failure("a member's name is missing") }
      let key = try string()
      skipSpace()
      guard byte == UInt8(ascii: ":") else { throw failure("a colon is missing") }
      at += 1
      skipSpace()
      members.append(JSON.Member(key, try value(depth: depth + 1)))
      skipSpace()
      let next = byte
      guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else { throw failure("a comma or brace is missing") }
      at += 1
      if next == UInt8(ascii: "}") { return .object(members) }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    var values: [JSON] = []
    at += 1
    skipSpace()
    if byte == UInt8(ascii: "]") {
      at += 1
      return .array([])
    }
    while true {
      skipSpace()
      values.append(try value(depth: depth + 1))
      skipSpace()
      let next = byte
      guard next == UInt8(ascii: ",") || next == UInt8(ascii: "]") else {
        throw failure("a comma or bracket is missing")
      }
      at += 1
      if next == UInt8(ascii: "]") { return .array(values) }
    }
  }

  mutating func digits() -> Int {
    let start = at
    while let byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { at += 1 }
    return at - start
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = at
    if byte == UInt8(ascii: "-") { at += 1 }
    let first = byte
    let whole = digits()
    if whole == 0 || (whole > 1 && first == UInt8(ascii: "0")) {
      at = start
      throw failure("not a value")
    }
    var isInteger = true
    if byte == UInt8(ascii: ".") {
      at += 1
      isInteger = false
      if digits() == 0 { throw failure("digits are missing after the point") }
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      at += 1
      isInteger = false
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { at += 1 }
      if digits() == 0 { throw failure("digits are missing in the exponent") }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw failure("a number out of range") }
    return .number(value)
  }

  mutating func string() throws(JSONError) -> String {
    at += 1
    var text: [UInt8] = []
    while let byte {
      if text.count > stringBytes { throw failure("a string of more than \(stringBytes) bytes") }
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let decoded = String(validating: text, as: UTF8.self) else { throw failure("invalid UTF-8") }
        return decoded
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20:
        at -= 1
        throw failure("a control character inside a string")
      default: text.append(byte)
      }
    }
    throw failure("a string that does not end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let kind = byte else { throw failure("a string that does not end") }
    at += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hex()
      if (0xD800..<0xDC00).contains(code), bytes[at...].starts(with: [0x5C, UInt8(ascii: "u")]) {
        let resume = at
        at += 2
        let low = try hex()
        if (0xDC00..<0xE000).contains(low) {
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        } else {
          at = resume
        }
      }
      // Half a pair stands for no character.
      let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    default:
      at -= 1
      throw failure("an unknown escape")
    }
  }

  private mutating func hex() throws(JSONError) -> UInt32 {
    guard at + 4 <= bytes.count, bytes[at] != UInt8(ascii: "+"),
      let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits are missing") }
    at += 4
    return code
  }
}
