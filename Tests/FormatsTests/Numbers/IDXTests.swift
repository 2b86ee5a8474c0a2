import Formats
import Testing

@Suite("IDX") struct IDXTests {
  private func parse(_ bytes: ByteView) throws(FormatError) { _ = try IDXFile(bytes, limit: 1 << 20) }

  private let small: [UInt8] = [0, 0, 0x0B, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 255, 255, 0, 3, 0, 4, 1, 0, 128, 0]

  @Test("Every element type is read, compressed or not") func types() throws {
    let expected = try NumpyFixtures.expected().filter { $0.key.hasSuffix(".idx") }
    #expect(expected.count == 6)
    for member in expected {
      let array = try IDXFile(ByteView(copying: NumpyFixtures.bytes(member.key))).array
      try NumpyFixtures.compare(array, member.key, member.value)
    }
    #expect(try IDXFile(ByteView(copying: small)).array.integers() == [1, -1, 3, 4, 256, -32768])
  }

  @Test func cutAndChangedFilesAreRefusedOrRead() throws {
    try HostileLaws.refusesParts(small, parse)
    HostileLaws.survivesEveryBit(small, parse)
    let packed = try NumpyFixtures.bytes("13.idx")
    try HostileLaws.refusesParts(packed, parse)
    HostileLaws.survivesEveryBit(packed, parse)
  }

  @Test func hostileFilesAreRefusedByName() {
    for (place, value, field) in [
      (0, 1, "magic"), (1, 1, "magic"), (2, 0, "element type"), (2, 7, "element type"), (2, 10, "element type"),
      (2, 15, "element type"), (2, 255, "element type"), (3, 17, "axes"), (3, 255, "axes"), (3, 1, "elements"),
      (3, 0, "elements"), (7, 3, "elements"), (7, 1, "elements"), (4, 128, "elements"), (11, 0, "elements"),
      (2, 0x0E, "elements"), (2, 8, "elements"),
    ] as [(Int, UInt8, String)] {
      var bytes = small
      bytes[place] = value
      HostileLaws.prove(bytes, "byte \(place) is \(value)", field: field, parse)
    }
    let huge = [0, 0, 0x0E, 3] + [UInt8](repeating: 255, count: 12)
    HostileLaws.prove(huge, "2⁹⁶ numbers", field: "extents", parse)
    HostileLaws.prove([0, 0, 8, 16] + [UInt8](repeating: 255, count: 64), "16 axes", field: "extents", parse)
    // No elements, and extents whose product without them would not fit.
    HostileLaws.prove(
      [0, 0, 8, 4] + [UInt8](repeating: 255, count: 12) + [0, 0, 0, 0], "nothing of a huge shape", field: "extents",
      parse)
  }
}
