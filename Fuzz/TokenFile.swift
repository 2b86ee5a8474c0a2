// Token files: whatever the bytes are, the result is a typed error with its place, or documents that cover the tokens and
// hold the same when they are written again.
import Formats

func check(_ bytes: UnsafeRawBufferPointer) {
  let view = ByteView(bytes, keeper: nil)
  for verifies in [true, false] {
    do throws(FormatError) {
      let file = try TokenFile(view, verifies: verifies)
      var next = 0
      var encoder = try? TokenFileEncoder(
        vocabularyCount: file.vocabularyCount, vocabularyDigest: file.vocabularyDigest)
      var copy: [UInt8] = []
      for document in 0..<file.documents {
        let range = file.range(of: document)
        guard range.lowerBound == next else { fatalError("document \(document) begins at \(range.lowerBound)") }
        next = range.upperBound
        let tokens = try file.tokens(range)
        copy += (try encoder?.document(tokens)) ?? []
      }
      guard next == file.count else { fatalError("documents end at \(next) of \(file.count)") }
      // A small vocabulary may be kept in wide tokens, which the encoder does not do.
      if verifies, let encoder, encoder.tokenBytes == file.tokenBytes {
        copy += encoder.end()
        guard copy.elementsEqual(bytes) else { fatalError("another file after writing it again") }
      }
    } catch {
      guard let offset = error.offset, (0...bytes.count).contains(offset) else { fatalError("no place: \(error)") }
    }
  }
}

func seeds() -> [[UInt8]] {
  let digest = String(repeating: "0123456789abcdef", count: 4)
  return [300, 70_000].map { count in
    guard var encoder = try? TokenFileEncoder(vocabularyCount: count, vocabularyDigest: digest) else { return [] }
    let documents = [[1, 2, 299], [], [7]].map { (try? encoder.document($0)) ?? [] }
    return documents.flatMap { $0 } + encoder.end()
  }
}
