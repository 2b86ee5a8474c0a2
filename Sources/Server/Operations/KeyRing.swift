/// The keys that let a client in.
public struct KeyRing: Sendable {
  /// The most bytes of a key.
  public static let maxKeyBytes = 1024
  /// The most keys.
  public static let maxKeys = 10_000
  private let keys: [[UInt8]]

  /// No keys: everybody is let in.
  public init() { keys = [] }

  /// Some keys, each of printable ASCII without spaces, as a header can carry it.
  ///
  /// - Throws: ``ServerError/invalidSetting(field:value:problem:)``; the key itself is not told.
  public init(_ keys: [String]) throws(ServerError) {
    if keys.count > Self.maxKeys {
      throw .invalidSetting(field: "keys", value: "\(keys.count) keys", problem: "at most \(Self.maxKeys)")
    }
    for (index, key) in keys.enumerated() {
      guard !key.isEmpty, key.utf8.count <= Self.maxKeyBytes, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        throw .invalidSetting(
          field: "keys[\(index)]", value: "of \(key.utf8.count) bytes",
          problem: "must have 1 to \(Self.maxKeyBytes) printable ASCII characters and no space")
      }
    }
    self.keys = keys.map { Array($0.utf8) }
  }

  /// The keys of a file: one in each line, empty lines and those that begin with `#` left out.
  public static func keys(inFile text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
      .map { line in String(line.prefix { $0 != " " && $0 != "\t" && $0 != "\r" }) }
  }

  /// Whether everybody is let in.
  public var isEmpty: Bool { keys.isEmpty }

  /// Whether a key is one of these. Takes the same time wherever a candidate of the same length differs.
  public func accepts(_ candidate: String) -> Bool {
    let given = Array(candidate.utf8)
    var accepted: UInt8 = 0
    for key in keys {
      var difference = UInt(bitPattern: key.count ^ given.count)
      for index in key.indices { difference |= UInt(key[index] ^ (given.isEmpty ? 0 : given[index % given.count])) }
      accepted |= difference == 0 ? 1 : 0
    }
    return accepted != 0
  }
}
