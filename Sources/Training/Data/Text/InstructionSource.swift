import Text

/// Prompts with the answers that are to be learned, a row each: classification as a language model does it, among others.
///
/// ```json
/// {"prompt": "Verse: Jesus wept.\nTestament:", "answer": " New"}
/// ```
public struct InstructionSource: DataSource {
  /// The rows.
  public let rows: [TokenSequence]

  /// The rows of files of JSON Lines; nothing is put between a prompt and its answer.
  ///
  /// - Parameters:
  ///   - paths: the files.
  ///   - prompt: the field with the prompt.
  ///   - answer: the field with the answer.
  ///   - tokenizer: makes tokens of both, of each alone.
  ///   - length: the tokens of a row; see ``TokenSequence/init(prompt:answer:length:)``.
  /// - Throws: ``DataError`` naming the file and the line.
  public init(
    paths: [String], prompt: String = "prompt", answer: String = "answer", tokenizer: Tokenizer, length: Int
  ) throws {
    var rows: [TokenSequence] = []
    for path in paths {
      func tokens(of field: String) throws -> [[TokenID]] {
        var all: [[TokenID]] = []
        try TextCorpus(paths: [path], form: .jsonLines(field: field)).forEachDocument {
          all.append(tokenizer.encode(bytes: $0, addBoundaries: false))
        }
        return all
      }
      for (index, (prompt, answer)) in zip(try tokens(of: prompt), try tokens(of: answer)).enumerated() {
        do throws(DataError) { rows.append(try TokenSequence(prompt: prompt, answer: answer, length: length)) } catch {
          throw DataError.mismatch(
            field: "\(path), record \(index + 1)", found: "\(prompt.count) and \(answer.count) tokens",
            expected: "a prompt, and an answer of at most \(length) tokens,")
        }
      }
    }
    self.rows = rows
  }

  /// The number of rows.
  public var count: Int { rows.count }

  /// A row, the same in every epoch.
  public func element(at index: Int, epoch: Int) -> TokenSequence { rows[index] }
}

extension TokenSequence {
  /// A prompt and its answer, whose tokens alone are predicted, each from all before it. Of a prompt that is too long the
  /// beginning is left out; behind the answer stand tokens that nothing sees.
  ///
  /// - Parameters:
  ///   - prompt: the tokens of the prompt, at least one.
  ///   - answer: the tokens of the answer, 1 to `length`.
  ///   - length: the tokens of the row.
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public init(prompt: [TokenID], answer: [TokenID], length: Int) throws(DataError) {
    guard !prompt.isEmpty else { throw .mismatch(field: "prompt", found: "no tokens", expected: "some") }
    guard length >= 1, (1...length).contains(answer.count) else {
      throw .mismatch(field: "answer", found: "\(answer.count) tokens", expected: "1 to \(length)")
    }
    let first = prompt.suffix(length + 1 - answer.count)
    let whole = first + answer
    let padding = [TokenID](repeating: 0, count: length + 1 - whole.count)
    let ignored = [TokenID](repeating: Self.ignored, count: first.count - 1)
    self.init(
      inputs: whole.dropLast() + padding,
      targets: ignored + answer + padding.map { _ in Self.ignored }, sequenceStarts: [0])
  }
}
