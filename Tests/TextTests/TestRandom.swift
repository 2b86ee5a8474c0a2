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

  /// Valid text of many scripts, with runs and spaces.
  mutating func text(scalars count: Int) -> String {
    var text = String.UnicodeScalarView()
    while text.count < count {
      let kind = Int.random(in: 0..<8, using: &self)
      let range: ClosedRange<UInt32> =
        switch kind {
        case 0, 1: 0x61...0x7A
        case 2: 0x20...0x3F
        case 3: 0x00...0x7F
        case 4: 0xA0...0x52F
        case 5: 0x3040...0x9FFF
        case 6: 0x1F300...0x1FAFF
        default: 0x00...0x10FFFF
        }
      let length = Int.random(in: 1...6, using: &self)
      let same = Bool.random(using: &self)
      var value = UInt32.random(in: range, using: &self)
      for _ in 0..<length {
        if !same { value = UInt32.random(in: range, using: &self) }
        if let scalar = Unicode.Scalar(value) { text.append(scalar) }
      }
    }
    return String(text)
  }

  /// Bytes of which many are the parts of broken sequences.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in
      switch Int.random(in: 0..<4, using: &self) {
      case 0: UInt8.random(in: 0x80...0xBF, using: &self)
      case 1: UInt8.random(in: 0xC0...0xFF, using: &self)
      case 2: UInt8.random(in: 0x61...0x7A, using: &self)
      default: UInt8.random(in: 0...0xFF, using: &self)
      }
    }
  }
}
