import Formats
import Testing

@Suite("Gzip and DEFLATE") struct GzipTests {
  private func parse(_ bytes: ByteView) throws(FormatError) { _ = try Gzip.decompressed(bytes, limit: 1 << 20) }

  @Test("What zlib makes in every way comes back") func waysOfZlib() throws {
    let expected = try #require(try NumpyFixtures.expected().first { $0.key == "text" }).value
    for name in ["level0", "level1", "level6", "level9", "huffman", "rle", "fixed", "members"] {
      let text = try Gzip.decompressed(ByteView(copying: NumpyFixtures.bytes("\(name).gz")))
      #expect(text.count == expected["bytes"]?.int, "\(name)")
      #expect(text.withUnsafeBytes { Int(CRC32.of($0)) } == expected["crc32"]?.int, "\(name)")
    }
  }

  @Test func checksumsComeInParts() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let whole = bytes.withUnsafeBytes { CRC32.of($0) }
    for part in [1, 3, 7, 8, 9, 64] {
      var crc = CRC32()
      for start in stride(from: 0, to: bytes.count, by: part) {
        bytes[start..<min(start + part, bytes.count)].withUnsafeBytes { crc.update($0) }
      }
      #expect(crc.value == whole)
    }
    #expect(Array("123456789".utf8).withUnsafeBytes { CRC32.of($0) } == 0xCBF4_3926)
  }

  @Test("A file is refused at every cut, and no changed bit traps", arguments: ["fixed", "level9", "members"])
  func cutAndChanged(_ name: String) throws {
    let good = try NumpyFixtures.bytes("\(name).gz")
    for count in stride(from: 0, to: good.count, by: 1) where name == "fixed" || count % 7 == 0 || count < 64 {
      HostileLaws.prove(Array(good[..<count]), "\(count) bytes", parse)
    }
    // A checksum guards the content: a change is refused, or is one that changes nothing, of the time say.
    let content = try Gzip.decompressed(ByteView(copying: good))
    for place in stride(from: 0, to: good.count, by: 5) {
      var bytes = good
      bytes[place] ^= 0x10
      do throws(FormatError) {
        let changed = try Gzip.decompressed(ByteView(copying: bytes), limit: 1 << 20)
        #expect(changed == content, "byte \(place)")
      } catch { #expect(error.field.hasPrefix("gzip:"), "\(error)") }
    }
  }

  /// A gzip file of these bits of DEFLATE, the first lowest.
  private func file(_ bits: String, _ tail: [UInt8] = [UInt8](repeating: 0, count: 8)) -> [UInt8] {
    let bits = bits.filter { $0 != " " }.map { $0 == "1" }
    var data: [UInt8] = []
    for (index, bit) in bits.enumerated() {
      if index % 8 == 0 { data.append(0) }
      if bit { data[index / 8] |= 1 << UInt8(index % 8) }
    }
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + data + tail
  }

  @Test func blocksThatAreNoneAreRefused() {
    // Numbers are written with their lowest bit first, codes as they are.
    let cases = [
      ("a block of type 3", "1 11"),
      ("a stored block whose length is not repeated", "1 00 00000 10000000 00000000 10000000 00000000"),
      ("a copy from before the beginning", "1 10 0000001 00000"),
      ("length 286", "1 10 11000110"), ("length 287", "1 10 11000111"),
      ("distance 30", "1 10 00110000 0000001 11110"), ("distance 31", "1 10 00110000 0000001 11111"),
      ("287 lengths", "1 01 01111 00000 0000"), ("31 distances", "1 01 00000 01111 0000"),
      ("no code for lengths", "1 01 00000 00000 0000 000 000 000 000"),
      ("codes for lengths that are too many", "1 01 00000 00000 0000 100 100 100 100"),
      ("codes for lengths that are too few", "1 01 00000 00000 0000 100 000 000 000"),
      ("a repeated length at the beginning", "1 01 00000 00000 0000 100 100 000 000 0 00"),
      ("too many lengths", "1 01 00000 00000 0000 000 100 100 000 1 1111111 1 1111111 1 1111111"),
      ("no end of the block", "1 01 00000 00000 0000 000 000 100 100 1 1111111 1 1101110"),
    ]
    for (name, bits) in cases { HostileLaws.prove(file(bits), name, field: "gzip: data", parse) }
    #expect(throws: Never.self) { try parse(ByteView(copying: file("1 10 0000000"))) }
  }

  @Test func headersAndTailsAreProven() throws {
    let good = file("1 10 0000000")
    for (place, value, field) in [
      (0, 0, "gzip: magic"), (1, 0, "gzip: magic"), (2, 7, "gzip: method"), (3, 0x20, "gzip: flags"),
      (3, 0x80, "gzip: flags"), (3, 2, "gzip: header checksum"), (good.count - 8, 1, "gzip: checksum"),
      (good.count - 4, 1, "gzip: size"), (good.count - 1, 128, "gzip: size"),
    ] as [(Int, UInt8, String)] {
      var bytes = good
      bytes[place] = value
      HostileLaws.prove(bytes, "byte \(place)", field: field, parse)
    }
    HostileLaws.prove(good + [0], "a byte behind", field: "gzip: magic", parse)
    var named = good
    named[3] = 8
    HostileLaws.prove(Array(named[..<10]) + [65, 66, 67], "a name that does not end", field: "gzip: name", parse)
    #expect(throws: Never.self) { try parse(ByteView(copying: Array(named[..<10]) + [65, 0] + good[10...])) }
    named[3] = 4
    HostileLaws.prove(Array(named[..<10]) + [255, 255, 0], "a long extra field", field: "gzip: extra", parse)
    named[3] = 16
    HostileLaws.prove(Array(named[..<10]) + [65], "a comment that does not end", field: "gzip: comment", parse)
  }

  @Test("What expands stops at the limit") func bombs() throws {
    let bomb = try NumpyFixtures.bytes("level9.gz")
    let size = try Gzip.decompressed(ByteView(copying: bomb)).count
    #expect(throws: Never.self) { try Gzip.decompressed(ByteView(copying: bomb), limit: size) }
    for limit in [0, 1, 1000, size - 1] {
      do throws(FormatError) {
        _ = try Gzip.decompressed(ByteView(copying: bomb), limit: limit)
        Issue.record("accepted with a limit of \(limit)")
      } catch {
        // A limit of nothing is passed by the first byte, whatever it is then called.
        #expect(error.field.hasPrefix("gzip:"), "\(error)")
      }
    }
    // Many members, each of which is small: the limit holds for all together.
    let member = try NumpyFixtures.bytes("rle.gz")
    HostileLaws.prove((0..<30).flatMap { _ in member }, "30 members", field: "gzip: data", parse)
  }
}
