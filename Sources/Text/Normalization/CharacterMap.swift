/// SentencePiece's compiled normalization (`precompiled_charsmap`): a double-array trie of strings with the offset of what
/// each becomes, and these strings. The longest match counts.
///
/// A unit of the trie holds, from its low bits: the byte that leads to it, whether a string ends there, and the distance of
/// its children; one with the highest bit set holds a value.
package struct CharacterMap: Sendable, Equatable {
  private let units: [UInt32]
  private let strings: [UInt8]

  /// The most bytes that are taken; the largest in use has some 400,000.
  static let bytesLimit = 1 << 24
  /// The most bytes that a string becomes; U+FDFA becomes 33.
  package static let replacementLimit = 64

  /// Checks the sizes; every look-up checks its places.
  ///
  /// - Throws: ``TextError/malformedCharacterMap(offset:problem:)``.
  package init(_ bytes: [UInt8]) throws(TextError) {
    guard bytes.count <= CharacterMap.bytesLimit else {
      throw .malformedCharacterMap(offset: CharacterMap.bytesLimit, problem: "\(bytes.count) bytes are too many")
    }
    guard bytes.count >= 4 else {
      throw .malformedCharacterMap(offset: 0, problem: "\(bytes.count) bytes are no header")
    }
    let size = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    guard size > 0, size % 4 == 0, size < bytes.count - 4 else {
      throw .malformedCharacterMap(offset: 0, problem: "a trie of \(size) bytes in \(bytes.count)")
    }
    units = (0..<size / 4).map { unit in
      (0..<4).reduce(0) { $0 | UInt32(bytes[4 + 4 * unit + $1]) << (8 * $1) }
    }
    strings = Array(bytes[(4 + size)...])
    guard strings.last == 0 else {
      throw .malformedCharacterMap(offset: bytes.count - 1, problem: "the last string does not end")
    }
    // Each string's length is bounded, so that no text grows beyond that many times its own.
    var start = 0
    for (index, byte) in strings.enumerated() where byte == 0 {
      guard index - start <= CharacterMap.replacementLimit else {
        throw .malformedCharacterMap(offset: 4 + size + start, problem: "a string of \(index - start) bytes")
      }
      start = index + 1
    }
  }

  /// The text with every longest match replaced. A byte that starts no sequence becomes U+FFFD, which is then no match.
  func apply(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count + 16)
    var position = 0
    while position < text.count {
      if let (length, start) = match(text, position) {
        var index = start
        while strings[index] != 0 {
          output.append(strings[index])
          index += 1
        }
        position += length
      } else {
        let length = width(text, position)
        if length == 0 { output += LenientUTF8.replacement } else { output += text[position..<position + length] }
        position += max(length, 1)
      }
    }
    return output
  }

  /// The length of the sequence at a place; 0 where there is none.
  private func width(_ text: [UInt8], _ position: Int) -> Int {
    text.withUnsafeBufferPointer { text in
      text.baseAddress.flatMap { LenientUTF8.scalar($0 + position, count: text.count - position)?.length } ?? 0
    }
  }

  private static let depthLimit = 64

  /// The length of the longest match, and where its replacement starts.
  private func match(_ text: [UInt8], _ start: Int) -> (length: Int, replacement: Int)? {
    var found: (Int, Int)?
    var node = Int(Self.offset(units[0]))
    // A string of the map is a few characters long.
    for position in start..<min(start + CharacterMap.depthLimit, text.count) {
      let byte = text[position]
      if byte == 0 { break }
      node ^= Int(byte)
      guard node < units.count, units[node] & (1 << 31 | 0xFF) == UInt32(byte) else { break }
      let unit = units[node]
      node ^= Int(Self.offset(unit))
      if unit & 0x100 != 0, node < units.count {
        let place = Int(units[node] & 0x7FFF_FFFF)
        if place < strings.count { found = (position - start + 1, place) }
      }
    }
    return found
  }

  private static func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 1 << 9) >> 6) }
}
