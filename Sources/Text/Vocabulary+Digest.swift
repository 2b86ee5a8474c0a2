import Formats

extension Vocabulary {
  /// The SHA-256, in hexadecimal, of what each token stands for and is for. Tokens of another vocabulary mean something
  /// else even where their numbers fit: what was made with one is not read with another.
  public var digest: String {
    var hash = SHA256()
    for id in 0..<count {
      let piece = pieces[Int(starts[id])..<Int(starts[id + 1])]
      var head: [UInt8] = []
      head.append(littleEndian: UInt32(piece.count))
      head.append(littleEndian: types[id].rawValue)
      head.withUnsafeBytes { hash.update($0) }
      piece.withUnsafeBytes { hash.update($0) }
    }
    return hash.finish()
  }
}
