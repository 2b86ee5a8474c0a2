/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed everywhere.
struct TestRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Letters.
  mutating func word(_ count: Int) -> String {
    String((0..<count).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement(using: &self) ?? "a" })
  }

  /// Characters of any kind, those that command included.
  mutating func text(scalars count: Int) -> String {
    var text = String.UnicodeScalarView()
    while text.count < count {
      let most: UInt32 = [0x7F, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF].randomElement(using: &self) ?? 0x7F
      if let scalar = Unicode.Scalar(UInt32.random(in: 0...most, using: &self)) { text.append(scalar) }
    }
    return String(text)
  }
}
