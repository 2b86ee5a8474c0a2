/// Walks JSON whose layout is known, without making a tree of it: names are unique, sizes have limits, and errors are a
/// ``FormatError`` with the field and its place in the file.
struct JSONCursor {
  private var parser: JSONParser
  private let base: Int
  private var budget: Int

  /// A cursor at the start of `bytes`, which lie `base` bytes from the start of the file and stay alive and unchanged;
  /// `budget` is the memory that names may take.
  init(_ bytes: UnsafeRawBufferPointer, base: Int = 0, stringBytes: Int, budget: Int) {
    parser = JSONParser(bytes: bytes)
    parser.stringBytes = stringBytes
    // What is skipped is read as values too: it may not be much.
    parser.values = 1 << 16
    self.base = base
    self.budget = budget
  }

  /// The place in the file.
  var offset: Int { base + parser.at }

  /// The bytes that are left.
  var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: parser.bytes[parser.at...]) }

  mutating func skipSpace() { parser.skipSpace() }

  /// Takes `amount` bytes from the memory budget.
  mutating func charge(_ amount: Int, _ field: @autoclosure () -> String) throws(FormatError) {
    guard amount <= budget else {
      throw .budgetExceeded(field: field(), offset: offset, needed: amount, budget: budget)
    }
    budget -= amount
  }

  /// Walks the members of an object: at most `limit`, no two of one name. `member` reads the value; it gets the name
  /// and its place.
  mutating func object(
    _ field: @autoclosure () -> String, limit: Int,
    _ member: (inout JSONCursor, String, Int) throws(FormatError) -> Void
  ) throws(FormatError) {
    try expect("{", field(), "an object")
    var first: [String: Int] = [:]
    skipSpace()
    if take("}") { return }
    repeat {
      skipSpace()
      let place = offset
      let name = try string(field(), "a name")
      guard first.count < limit else {
        throw .limitExceeded(field: field(), offset: place, value: UInt64(first.count) + 1, limit: UInt64(limit))
      }
      try charge(name.utf8.count + 96, field())
      if let earlier = first.updateValue(place, forKey: name) {
        throw .duplicate(field: name, offset: place, first: earlier)
      }
      skipSpace()
      guard take(":") else { throw failure(field(), "a colon is missing") }
      skipSpace()
      try member(&self, name, place)
      skipSpace()
    } while take(",")
    guard take("}") else { throw failure(field(), "a comma or brace is missing") }
  }

  /// Walks the elements of an array: at most `limit`.
  mutating func array(
    _ field: @autoclosure () -> String, limit: Int, _ element: (inout JSONCursor, Int) throws(FormatError) -> Void
  ) throws(FormatError) {
    try expect("[", field(), "an array")
    skipSpace()
    if take("]") { return }
    var count = 0
    repeat {
      guard count < limit else {
        throw .limitExceeded(field: field(), offset: offset, value: UInt64(count) + 1, limit: UInt64(limit))
      }
      skipSpace()
      try element(&self, count)
      count += 1
      skipSpace()
    } while take(",")
    guard take("]") else { throw failure(field(), "a comma or bracket is missing") }
  }

  /// A string.
  mutating func string(_ field: @autoclosure () -> String, _ expected: String = "a string") throws(FormatError)
    -> String
  {
    guard parser.byte == UInt8(ascii: "\"") else { throw wrongType(field(), expected) }
    do { return try parser.string() } catch {
      throw .notJSON(field: field(), offset: base + error.offset, problem: error.problem)
    }
  }

  /// A whole number from 0, written with digits only.
  mutating func unsigned(_ field: @autoclosure () -> String) throws(FormatError) -> Int {
    let start = parser.at
    guard parser.digits() > 0 else { throw wrongType(field(), "a whole number from 0") }
    let digits = parser.bytes[start..<parser.at]
    let isFraction = [".", "e", "E"].contains { UInt8(ascii: $0) == parser.byte }
    // What is shown of a number that may be as long as the file.
    let text = String(decoding: digits.prefix(24), as: UTF8.self) + (digits.count > 24 ? "…" : "")
    guard !isFraction, digits.count == 1 || digits.first != UInt8(ascii: "0") else {
      throw .invalidValue(
        field: field(), offset: base + start, value: isFraction ? text + " with a fraction or exponent" : text,
        expected: "a whole number from 0")
    }
    guard digits.count <= 19, let value = Int(text) else {
      throw .overflow(field: field(), offset: base + start, computation: text)
    }
    return value
  }

  /// Steps over a value of any kind.
  mutating func skip(_ field: @autoclosure () -> String) throws(FormatError) {
    do { _ = try parser.value(depth: 0) } catch {
      throw .notJSON(field: field(), offset: base + error.offset, problem: error.problem)
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard parser.byte == UInt8(ascii: character) else { return false }
    parser.at += 1
    return true
  }

  private mutating func expect(
    _ character: Unicode.Scalar, _ field: @autoclosure () -> String, _ expected: String
  ) throws(FormatError) {
    guard take(character) else { throw wrongType(field(), expected) }
  }

  private func failure(_ field: @autoclosure () -> String, _ problem: String) -> FormatError {
    .notJSON(field: field(), offset: offset, problem: problem)
  }

  /// The error where something of another kind is found.
  private func wrongType(_ field: @autoclosure () -> String, _ expected: String) -> FormatError {
    let found: String
    switch parser.byte {
    case UInt8(ascii: "{"): found = "object"
    case UInt8(ascii: "["): found = "array"
    case UInt8(ascii: "\""): found = "string"
    case UInt8(ascii: "t"), UInt8(ascii: "f"): found = "truth value"
    case UInt8(ascii: "n"): found = "null"
    case UInt8(ascii: "-"): found = "negative number"
    case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): found = "number"
    default: return failure(field(), "\(expected) is missing")
    }
    return .wrongType(field: field(), offset: offset, found: found, expected: expected)
  }
}
