import VenturiTesting

extension GGUFNoise {
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
