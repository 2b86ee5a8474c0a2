/// What every way of making rows of a corpus asks for.
enum TokenRows {
  static let lengthLimit = 1 << 24

  static func prove(length: Int) throws(DataError) {
    guard (1...lengthLimit).contains(length) else {
      throw .invalidOption(field: "length", value: "\(length)", expected: "1 to \(lengthLimit)")
    }
  }

  /// The documents that are asked for, all by default, each one of the corpus.
  static func prove(_ documents: [Int]?, in corpus: TokenCorpus) throws(DataError) -> [Int] {
    guard let documents else { return Array(0..<corpus.documents) }
    for document in documents where !(0..<corpus.documents).contains(document) {
      throw .invalidOption(field: "document", value: "\(document)", expected: "below \(corpus.documents)")
    }
    return documents
  }
}
