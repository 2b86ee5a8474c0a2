import Formats
import Testing

/// Laws that hold of every parser.
enum HostileLaws {
  /// Every beginning of a good file is refused with a place inside of it, and so is the file with a byte more.
  static func refusesParts(
    _ good: [UInt8], allowsMore: Bool = false, _ parse: (ByteView) throws(FormatError) -> Void
  ) throws {
    try parse(ByteView(copying: good))
    for count in 0..<good.count { prove(Array(good[..<count]), "\(count) bytes", parse) }
    if !allowsMore { prove(good + [0], "a byte more", parse) }
  }

  /// Changing any bit gives an error with its place, or something else that is read: never a trap.
  static func survivesEveryBit(_ good: [UInt8], _ parse: (ByteView) throws(FormatError) -> Void) {
    for place in good.indices {
      for bit in 0..<8 {
        var bytes = good
        bytes[place] ^= 1 << UInt8(bit)
        do throws(FormatError) { try parse(ByteView(copying: bytes)) } catch { checkPlace(error, bytes.count) }
      }
    }
  }

  /// Bytes are refused, with the field if it is told.
  static func prove(
    _ bytes: [UInt8], _ name: String, field: String? = nil, _ parse: (ByteView) throws(FormatError) -> Void
  ) {
    do throws(FormatError) {
      try parse(ByteView(copying: bytes))
      Issue.record("\(name): was accepted")
    } catch {
      checkPlace(error, bytes.count)
      if let field { #expect(error.field == field, "\(name): \(error)") }
    }
  }

  private static func checkPlace(_ error: FormatError, _ count: Int) {
    #expect(!error.field.isEmpty && error.description.utf8.count < 2000)
    // Offsets of what is compressed are those of its content.
    #expect((error.offset ?? 0) >= 0 && (error.offset ?? 0) <= max(count, 1 << 20), "\(error)")
  }
}
