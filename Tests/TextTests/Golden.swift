import Foundation
import Text

/// Reads the golden fixtures; a missing or short file throws, so that no test passes without its data.
struct Golden {
  struct Short: Error {
    let file: String
    let offset: Int
  }

  private let name: String
  private(set) var bytes: [UInt8]
  private var position = 0

  init(_ name: String) throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.deletingLastPathComponent().appendingPathComponent("Golden").appendingPathComponent(name)
    bytes = [UInt8](try Data(contentsOf: file))
    self.name = name
  }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ count: Int) throws -> [UInt8] {
    guard count <= bytes.count - position else { throw Short(file: name, offset: position) }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func number(bytes count: Int) throws -> UInt64 {
    try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func ids(_ count: Int) throws -> [TokenID] {
    let pairs = try take(2 * count)
    return (0..<count).map { TokenID(pairs[2 * $0]) | TokenID(pairs[2 * $0 + 1]) << 8 }
  }

  /// Strings with their ids, in the layout of `random.bin` and `special.bin`.
  static func pairs(_ name: String) throws -> [(text: [UInt8], ids: [TokenID])] {
    var file = try Golden(name)
    let count = Int(try file.number(bytes: 4))
    return try (0..<count).map { _ in
      let text = try file.take(Int(try file.number(bytes: 2)))
      return (text, try file.ids(Int(try file.number(bytes: 2))))
    }
  }
}
