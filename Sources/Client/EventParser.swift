import NIOCore

/// Server-sent events out of bytes that come in any pieces (WHATWG HTML, 9.2.6): the data of each, which is all that the OpenAI
/// interface uses.
public struct EventParser: Sendable {
  /// The most bytes of one event.
  public let limit: Int
  private var line: [UInt8] = []
  private var data: [UInt8] = []
  private var hasData = false
  private var endedByReturn = false

  /// A parser at the beginning of a stream.
  public init(limit: Int = 4 << 20) { self.limit = limit }

  /// Takes bytes in and hands over the events that they complete.
  ///
  /// - Throws: ``ClientError/tooLarge(limit:)``; what `body` throws.
  public mutating func read(_ bytes: some Sequence<UInt8>, _ body: ([UInt8]) throws -> Void) throws {
    for byte in bytes {
      switch byte {
      case 0x0A:
        // The second half of a line's end.
        if endedByReturn {
          endedByReturn = false
          continue
        }
        try endLine(body)
      case 0x0D:
        endedByReturn = true
        try endLine(body)
        continue
      default:
        if line.count + data.count >= limit { throw ClientError.tooLarge(limit: limit) }
        line.append(byte)
      }
      endedByReturn = false
    }
  }

  private mutating func endLine(_ body: ([UInt8]) throws -> Void) throws {
    defer { line.removeAll(keepingCapacity: true) }
    if line.isEmpty {
      defer {
        data.removeAll(keepingCapacity: true)
        hasData = false
      }
      if hasData { try body(data) }
      return
    }
    guard line.starts(with: Self.field) else { return }
    var value = line.dropFirst(Self.field.count)
    if value.isEmpty {
      // `data` alone is an empty line of it.
    } else if value.first == UInt8(ascii: ":") {
      value = value.dropFirst()
      if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    } else {
      return
    }
    if hasData { data.append(0x0A) }
    data.append(contentsOf: value)
    hasData = true
  }

  private static let field = Array("data".utf8)
}
