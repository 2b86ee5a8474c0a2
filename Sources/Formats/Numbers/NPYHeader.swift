/// What the header of a numpy array says: a dictionary in the way Python writes it, of three known keys.
struct NPYHeader {
  private(set) var type = NumberType.float32
  private(set) var isBigEndian = false
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []

  private let raw: UnsafeRawBufferPointer
  private let end: Int
  private var at: Int

  /// As many as numpy allows.
  private static let rankLimit = 64

  init(_ raw: UnsafeRawBufferPointer, _ place: Range<Int>) throws(FormatError) {
    self.raw = raw
    end = place.upperBound
    at = place.lowerBound
    try expect("{")
    var seen: [String: Int] = [:]
    while next() != UInt8(ascii: "}") {
      let start = at
      let key = try quoted("header")
      if let first = seen.updateValue(start, forKey: key) {
        throw .duplicate(field: "header: \(key)", offset: start, first: first)
      }
      try expect(":")
      switch key {
      case "descr": try readType()
      case "fortran_order": isFortranOrder = try truth()
      case "shape": shape = try tuple()
      default:
        throw .unsupported(field: "header", offset: start, found: key, supported: "descr, fortran_order, shape")
      }
      if next() == UInt8(ascii: ",") { at += 1 } else { break }
    }
    try expect("}")
    if let byte = next() {
      throw .invalidValue(field: "header", offset: at, value: "byte \(byte)", expected: "spaces to the end")
    }
    for key in ["descr", "fortran_order", "shape"] where seen[key] == nil { throw .missingKey(field: "header: \(key)") }
  }

  /// The next byte that is no space; nothing at the end.
  private mutating func next() -> UInt8? {
    while at < end, [0x20, 0x0A, 0x0D, 0x09].contains(raw[at]) { at += 1 }
    return at < end ? raw[at] : nil
  }

  private mutating func expect(_ mark: Unicode.Scalar) throws(FormatError) {
    guard next() == UInt8(ascii: mark) else { throw invalid("header", "'\(mark)'") }
    at += 1
  }

  private func invalid(_ field: String, _ expected: String) -> FormatError {
    let found = raw[at..<min(end, at + 16)]
    return .invalidValue(
      field: field, offset: at, value: found.isEmpty ? "at its end" : "'\(String(decoding: found, as: UTF8.self))'",
      expected: expected)
  }

  private mutating func quoted(_ field: String) throws(FormatError) -> String {
    guard let mark = next(), mark == UInt8(ascii: "'") || mark == UInt8(ascii: "\"") else {
      throw invalid(field, "a quoted name")
    }
    guard let close = raw[at + 1..<end].firstIndex(of: mark), close - at <= 64 else {
      throw invalid(field, "a name of at most 64 bytes in quotes")
    }
    defer { at = close + 1 }
    let letters = raw[at + 1..<close]
    guard letters.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != 0x5C }) else {
      throw invalid(field, "plain ASCII letters")
    }
    return String(decoding: letters, as: UTF8.self)
  }

  private mutating func truth() throws(FormatError) -> Bool {
    _ = next()
    for (word, value) in [("True", true), ("False", false)] where raw[at..<end].starts(with: word.utf8) {
      at += word.utf8.count
      return value
    }
    throw invalid("header: fortran_order", "True or False")
  }

  private mutating func tuple() throws(FormatError) -> [Int] {
    let field = "header: shape"
    guard next() == UInt8(ascii: "(") else { throw invalid(field, "a tuple") }
    at += 1
    var extents: [Int] = []
    while next() != UInt8(ascii: ")") {
      let start = at
      while at < end, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(raw[at]), at - start < 20 { at += 1 }
      guard let extent = Int(String(decoding: raw[start..<at], as: UTF8.self)) else {
        at = start
        throw invalid(field, "whole numbers below 2⁶³")
      }
      // Python 2 wrote long numbers with a letter.
      if at < end, raw[at] == UInt8(ascii: "L") { at += 1 }
      extents.append(extent)
      guard extents.count <= Self.rankLimit else {
        throw .limitExceeded(field: field, offset: start, value: UInt64(extents.count), limit: UInt64(Self.rankLimit))
      }
      if next() == UInt8(ascii: ",") { at += 1 } else { break }
    }
    guard next() == UInt8(ascii: ")") else { throw invalid(field, "')'") }
    at += 1
    return extents
  }

  private mutating func readType() throws(FormatError) {
    let field = "header: descr"
    _ = next()
    let start = at
    if next() == UInt8(ascii: "[") {
      throw .unsupported(field: field, offset: start, found: "records", supported: "numbers")
    }
    let text = try quoted(field)
    let order = text.first
    let kinds: [String: NumberType] = [
      "b1": .bool, "u1": .uint8, "i1": .int8, "u2": .uint16, "i2": .int16, "u4": .uint32, "i4": .int32,
      "u8": .uint64, "i8": .int64, "f2": .float16, "f4": .float32, "f8": .float64, "c8": .complex64,
      "c16": .complex128,
    ]
    guard let order, "<>|=".contains(order), let kind = kinds[String(text.dropFirst())] else {
      let name =
        switch text.first(where: \.isLetter) {
        case "O": "'\(text)' (objects, which Python would have to unpickle)"
        case "S", "U", "a": "'\(text)' (texts)"
        case "M", "m": "'\(text)' (dates)"
        case "V": "'\(text)' (bare bytes)"
        default: "'\(text)'"
        }
      throw .unsupported(
        field: field, offset: start, found: name, supported: "b1, u1 to u8, i1 to i8, f2, f4, f8, c8, c16")
    }
    // One byte has no order, and the machine's own is the little-endian one wherever this was written.
    guard order != "|" || kind.bytes == 1 else {
      throw .invalidValue(field: field, offset: start, value: "'\(text)'", expected: "'<' or '>' in front")
    }
    type = kind
    isBigEndian = order == ">" && kind.partBytes > 1
  }
}
