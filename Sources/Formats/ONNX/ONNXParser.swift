import NumericTypes

/// The decoding of ONNX messages. Fields that are not known are stepped over, as the wire format asks for.
///
/// What recursion there is goes through ``message(_:_:_:)``, which counts it.
struct ONNXParser {
  let bytes: ByteView
  let limits: ONNXLimits
  /// The heap bytes that are left.
  private(set) var budget: Int
  /// Where the cursor is: the fields and positions from the outermost message inwards.
  private var path: [(name: StaticString, index: Int?)] = []

  init(_ bytes: ByteView, limits: ONNXLimits) {
    self.bytes = bytes
    self.limits = limits
    // What messages take beyond their bytes in the file is bounded, so that small files cannot take much.
    budget = min(limits.memoryBudget, bytes.count.multipliedClamped(by: 16).addingClamped(1 << 20))
  }

  /// The name of a field of the current message, for errors: `graph.node[3].op_type`.
  func place(_ field: String = "") -> String {
    var parts = path.map { part in part.index.map { "\(part.name)[\($0)]" } ?? "\(part.name)" }
    if !field.isEmpty { parts.append(field) }
    return parts.isEmpty ? "model" : parts.joined(separator: ".")
  }

  /// Takes heap bytes from the budget before they are used.
  mutating func charge(_ amount: Int, at offset: Int) throws(FormatError) {
    guard amount <= budget else {
      throw .budgetExceeded(field: place(), offset: offset, needed: amount, budget: budget)
    }
    budget -= amount
  }

  /// Reads the fields in `range` one by one.
  mutating func fields(
    in range: Range<Int>, _ visit: (inout ONNXParser, ProtobufField) throws(FormatError) -> Void
  ) throws(FormatError) {
    var reader = ProtobufReader(bytes.unsafeBytes, range)
    while !reader.isAtEnd { try visit(&self, try reader.next(place())) }
  }

  /// Reads the message that a field holds, `name` being the field's.
  mutating func message<Result>(
    _ field: ProtobufField, _ name: StaticString, index: Int? = nil, cost: Int = 128,
    _ read: (inout ONNXParser, Range<Int>) throws(FormatError) -> Result
  ) throws(FormatError) -> Result {
    let range = try data(field, "\(name)")
    path.append((name, index))
    // An error keeps the path that it was made with; nobody reads on after one.
    guard path.count <= limits.depth else {
      throw .limitExceeded(
        field: "\(name)", offset: field.offset, value: UInt64(path.count), limit: UInt64(limits.depth))
    }
    try charge(cost, at: field.offset)
    let result = try read(&self, range)
    path.removeLast()
    return result
  }

  /// Refuses a message that may be there only once and is there again.
  func once<Value>(_ value: Value?, _ field: ProtobufField, _ name: String) throws(FormatError) {
    if value != nil {
      throw .inconsistent(field: place(name), offset: field.offset, problem: "the field occurs twice")
    }
  }

  // MARK: Values of fields

  /// Where the bytes of a length-delimited field lie.
  func data(_ field: ProtobufField, _ name: @autoclosure () -> String) throws(FormatError) -> Range<Int> {
    guard case .bytes(let range) = field.value else { throw wrongType(field, name(), expected: "length-delimited") }
    return range
  }

  func int(_ field: ProtobufField, _ name: @autoclosure () -> String) throws(FormatError) -> Int64 {
    guard case .varint(let value) = field.value else { throw wrongType(field, name(), expected: "varint") }
    return Int64(bitPattern: value)
  }

  func float(_ field: ProtobufField, _ name: @autoclosure () -> String) throws(FormatError) -> Float {
    guard case .fixed32(let bits) = field.value else { throw wrongType(field, name(), expected: "32-bit number") }
    return Float(bitPattern: bits)
  }

  /// Text of at most ``ONNXLimits/textBytes``.
  mutating func text(_ field: ProtobufField, _ name: @autoclosure () -> String) throws(FormatError) -> String {
    let range = try data(field, name())
    guard range.count <= limits.textBytes else {
      throw .limitExceeded(
        field: place(name()), offset: field.offset, value: UInt64(range.count), limit: UInt64(limits.textBytes))
    }
    try charge(32 + range.count, at: field.offset)
    guard let text = String(validating: bytes.unsafeBytes[range], as: UTF8.self) else {
      throw .invalidUTF8(field: place(name()), offset: field.offset)
    }
    return text
  }

  /// Adds numbers of a repeated field, packed or one by one.
  mutating func varints<Number: FixedWidthInteger>(
    _ field: ProtobufField, _ name: @autoclosure () -> String, into numbers: inout [Number]
  ) throws(FormatError) {
    switch field.value {
    case .varint(let value):
      try charge(MemoryLayout<Number>.size, at: field.offset)
      numbers.append(Number(truncatingIfNeeded: value))
    case .bytes(let range):
      // Every number takes a byte at least, so the charge is an upper bound.
      try charge(range.count.multipliedClamped(by: MemoryLayout<Number>.size), at: field.offset)
      var reader = ProtobufReader(bytes.unsafeBytes, range)
      while !reader.isAtEnd { numbers.append(Number(truncatingIfNeeded: try reader.varint(place(name())))) }
    default: throw wrongType(field, name(), expected: "varint")
    }
  }

  /// Adds numbers of fixed width of a repeated field, packed or one by one.
  mutating func fixed<Bits: FixedWidthInteger, Number>(
    _ field: ProtobufField, _ name: @autoclosure () -> String, into numbers: inout [Number], _: Bits.Type,
    _ convert: (Bits) -> Number
  ) throws(FormatError) {
    switch field.value {
    case .fixed32(let bits) where Bits.bitWidth == 32:
      try charge(4, at: field.offset)
      numbers.append(convert(Bits(truncatingIfNeeded: bits)))
    case .fixed64(let bits) where Bits.bitWidth == 64:
      try charge(8, at: field.offset)
      numbers.append(convert(Bits(truncatingIfNeeded: bits)))
    case .bytes(let range):
      try charge(range.count, at: field.offset)
      var reader = ProtobufReader(bytes.unsafeBytes, range)
      numbers.reserveCapacity(numbers.count + range.count / (Bits.bitWidth / 8))
      while !reader.isAtEnd { numbers.append(convert(try reader.fixed(Bits.self, place(name())))) }
    default: throw wrongType(field, name(), expected: "\(Bits.bitWidth)-bit number")
    }
  }

  mutating func floats(
    _ field: ProtobufField, _ name: @autoclosure () -> String, into numbers: inout [Float]
  ) throws(FormatError) {
    try fixed(field, name(), into: &numbers, UInt32.self) { Float(bitPattern: $0) }
  }

  private func wrongType(_ field: ProtobufField, _ name: String, expected: String) -> FormatError {
    .wrongType(field: place(name), offset: field.offset, found: field.value.name, expected: expected)
  }

  /// A non-negative size that fits.
  func size(_ value: Int64, _ name: @autoclosure () -> String, at offset: Int) throws(FormatError) -> Int {
    guard value >= 0, let size = Int(exactly: value) else {
      throw .invalidValue(field: place(name()), offset: offset, value: "\(value)", expected: "a size of 0 or more")
    }
    return size
  }

  /// The element type of a code.
  func elementType(
    _ code: Int64, _ name: @autoclosure () -> String, at offset: Int
  ) throws(FormatError) -> ONNXElementType {
    guard let raw = Int32(exactly: code), let type = ONNXElementType(rawValue: raw) else {
      throw .unsupportedTensorType(
        field: place(name()), offset: offset, code: UInt32(truncatingIfNeeded: code), name: "ONNX type \(code)")
    }
    return type
  }
}
