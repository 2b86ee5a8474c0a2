import Foundation
import Venturi
import VenturiTesting

/// The golden texts, and the checksums that the scripts make of ids.
struct TokenizerTexts {
  let mixed: [UInt8]
  let random: [[UInt8]]

  static let shared = Result { try TokenizerTexts() }

  private init() throws {
    mixed = [UInt8](try Data(contentsOf: GoldenFiles.url("tokenizer/mixed.txt.bin")))
    let bytes = [UInt8](try Data(contentsOf: GoldenFiles.url("tokenizer/random.bin")))
    var position = 4
    func number() -> Int {
      position += 2
      return Int(bytes[position - 2]) | Int(bytes[position - 1]) << 8
    }
    var strings: [[UInt8]] = []
    while position < bytes.count {
      let length = number()
      strings.append(Array(bytes[position..<position + length]))
      position += length
      position += 2 * number()
    }
    random = strings
  }

  /// The mixed text in parts of about 4 KiB that end behind a line feed.
  var blocks: [[UInt8]] {
    var blocks: [[UInt8]] = []
    var start = 0
    while start < mixed.count {
      let line = mixed[min(start + 4096, mixed.count - 1)...].firstIndex(of: 0x0A)
      let end = line.map { $0 + 1 } ?? mixed.count
      blocks.append(Array(mixed[start..<end]))
      start = end
    }
    return blocks
  }

  /// FNV-1a over the four bytes of each id.
  static func hash(_ ids: some Sequence<TokenID>) -> String {
    var bytes: [UInt8] = []
    for id in ids {
      for shift in [Int32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: id >> shift)) }
    }
    return hash(bytes: bytes)
  }

  /// The same over several lists, each ended by 0xFFFFFFFF.
  static func hash(lists: [[TokenID]]) -> String {
    var ids: [TokenID] = []
    for list in lists { ids += list + [-1] }
    return hash(ids)
  }

  static func hash(bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  static func json(_ path: String) throws -> JSON {
    try JSON(parsing: [UInt8](try Data(contentsOf: GoldenFiles.url(path))))
  }

  /// A vocabulary of llama.cpp's by its name.
  static func vocabulary(_ name: String) throws -> Tokenizer {
    let url = try GoldenFiles.cases("vocabularies").appending(path: "ggml-vocab-\(name).gguf")
    return try Tokenizer(GGUFFile(ByteView(copying: [UInt8](try Data(contentsOf: url)))))
  }
}
