/// The name of one file of several that hold a model together, such as `model-00001-of-00003.safetensors`.
public struct PartName: Sendable, Hashable {
  /// What comes before the numbers.
  public var stem: String
  /// The part's number, from 1.
  public var number: Int
  /// The number of parts.
  public var count: Int
  /// What comes after the numbers, such as `.gguf`.
  public var suffix: String

  /// A name from its parts.
  public init(stem: String, number: Int, count: Int, suffix: String) {
    self.stem = stem
    self.number = number
    self.count = count
    self.suffix = suffix
  }

  /// The parts of `name`; nothing when it does not end in five digits, `-of-`, five digits and `suffix`, or when the
  /// number is not one from 1 to the count.
  public init?(_ name: String, suffix: String) {
    guard name.hasSuffix(suffix) else { return nil }
    let bytes = Array(name.utf8.dropLast(suffix.utf8.count))
    // "-00001-of-00003"
    let tail = bytes.suffix(15)
    guard tail.count == 15, tail.first == UInt8(ascii: "-"), tail.dropFirst(6).prefix(4).elementsEqual("-of-".utf8),
      let number = Self.number(tail.dropFirst().prefix(5)), let count = Self.number(tail.suffix(5)),
      (1...max(count, 1)).contains(number), count >= 1
    else { return nil }
    self.init(
      stem: String(decoding: bytes.dropLast(15), as: UTF8.self), number: number, count: count, suffix: suffix)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// The file's name.
  public var name: String { "\(stem)-\(Self.padded(number))-of-\(Self.padded(count))\(suffix)" }

  /// The names of all parts.
  public var all: [PartName] {
    (1...max(count, 1)).map { PartName(stem: stem, number: $0, count: count, suffix: suffix) }
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
