/// Numbers that tell requests and answers apart.
enum RequestIdentity {
  private static let letters = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

  /// `prefix` and 24 random letters and digits.
  static func make(_ prefix: String) -> String {
    var bytes = Array(prefix.utf8)
    for _ in 0..<24 { bytes.append(letters[Int.random(in: 0..<letters.count)]) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A client's own identity of a request, if it is one that can stand in headers and logs.
  static func accepted(_ given: String?) -> String? {
    guard let given, (1...128).contains(given.utf8.count) else { return nil }
    let isPlain = given.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || [0x2D, 0x2E, 0x5F, 0x3A].contains($0)
    }
    return isPlain ? given : nil
  }
}
