import Formats
import Testing

@Suite struct XXHash64Tests {
  private static func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { XXHash64.of($0) } }

  /// The values that xxHash's own program and its bindings print.
  @Test(
    arguments: [
      ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
      ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
    ] as [(String, UInt64)])
  func knownValues(_ text: String, _ value: UInt64) { #expect(Self.hash(Array(text.utf8)) == value) }

  @Test func everyFlipAndEveryLengthIsAnother() {
    let bytes = (0..<100).map { UInt8($0 &* 37 & 0xFF) }
    var seen: Set<UInt64> = [Self.hash(bytes)]
    for bit in 0..<800 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      seen.insert(Self.hash(flipped))
    }
    for count in 0..<100 { seen.insert(Self.hash(Array(bytes[..<count]))) }
    #expect(seen.count == 901)
  }

  @Test func placesInMemoryDoNotCount() {
    let bytes = (0..<77).map { UInt8($0) }
    for shift in 0..<9 {
      let moved = [UInt8](repeating: 9, count: shift) + bytes
      let found = moved.withUnsafeBytes { XXHash64.of(UnsafeRawBufferPointer(rebasing: $0[shift...])) }
      #expect(found == Self.hash(bytes))
    }
  }
}
