/// A cursor over untrusted little-endian bytes: every read is checked against the end and against a memory budget, and
/// every error carries the field and its offset. Nothing here traps, whatever the bytes are.
public struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  /// Where the next read begins, in bytes from the start.
  public private(set) var offset: Int
  /// The heap memory that decoding may still take, in bytes.
  public private(set) var budget: Int

  /// A reader at the start of `bytes`, which stay alive and unchanged while it is used.
  public init(_ bytes: UnsafeRawBufferPointer, offset: Int = 0, budget: Int = .max) {
    self.bytes = bytes
    self.offset = min(max(offset, 0), bytes.count)
    self.budget = max(budget, 0)
  }

  /// The bytes from the cursor to the end.
  public var remaining: Int { bytes.count - offset }

  /// Takes `amount` bytes from the memory budget, before they are allocated.
  ///
  /// - Throws: ``FormatError/budgetExceeded(field:offset:needed:budget:)``.
  public mutating func charge(_ amount: Int, _ field: @autoclosure () -> String) throws(FormatError) {
    guard amount >= 0, amount <= budget else {
      throw .budgetExceeded(field: field(), offset: offset, needed: amount, budget: budget)
    }
    budget -= amount
  }

  /// A little-endian integer; signed ones in two's complement.
  ///
  /// - Throws: ``FormatError/truncated(field:offset:needed:available:)``.
  @inline(__always)
  public mutating func integer<T: FixedWidthInteger>(
    _ type: T.Type, _ field: @autoclosure () -> String
  ) throws(FormatError) -> T {
    let size = MemoryLayout<T>.size
    guard size <= remaining else {
      throw .truncated(field: field(), offset: offset, needed: UInt64(size), available: remaining)
    }
    defer { offset += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// A byte.
  ///
  /// - Throws: ``FormatError/truncated(field:offset:needed:available:)``.
  public mutating func uint8(_ field: @autoclosure () -> String) throws(FormatError) -> UInt8 {
    try integer(UInt8.self, field())
  }

  /// A 32-bit unsigned integer.
  ///
  /// - Throws: ``FormatError/truncated(field:offset:needed:available:)``.
  public mutating func uint32(_ field: @autoclosure () -> String) throws(FormatError) -> UInt32 {
    try integer(UInt32.self, field())
  }

  /// A 64-bit unsigned integer.
  ///
  /// - Throws: ``FormatError/truncated(field:offset:needed:available:)``.
  public mutating func uint64(_ field: @autoclosure () -> String) throws(FormatError) -> UInt64 {
    try integer(UInt64.self, field())
  }

  /// Steps over `count` bytes and tells where they lie.
  ///
  /// - Throws: ``FormatError/truncated(field:offset:needed:available:)``.
  @inline(__always)
  public mutating func skip(_ count: UInt64, _ field: @autoclosure () -> String) throws(FormatError) -> Range<Int> {
    guard count <= UInt64(remaining) else {
      throw .truncated(field: field(), offset: offset, needed: count, available: remaining)
    }
    let start = offset
    offset += Int(count)
    return start..<offset
  }

  /// The next `count` bytes as text.
  ///
  /// - Throws: ``FormatError/truncated(field:offset:needed:available:)``,
  ///   ``FormatError/budgetExceeded(field:offset:needed:budget:)`` or ``FormatError/invalidUTF8(field:offset:)``.
  public mutating func text(_ count: UInt64, _ field: @autoclosure () -> String) throws(FormatError) -> String {
    let start = offset
    let range = try skip(count, field())
    try charge(range.count, field())
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw .invalidUTF8(field: field(), offset: start)
    }
    return text
  }

  /// The byte at `offset`, which was read before.
  func byte(at offset: Int) -> UInt8 { bytes[offset] }
}
