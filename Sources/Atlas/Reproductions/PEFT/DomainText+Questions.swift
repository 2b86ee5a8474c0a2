import Formats
import Profiling
import Text
import Training
import Venturi

extension DomainText {
  /// Verses with the question of which testament they are, half of either: an instruction, and an answer of a word, which alone
  /// is predicted. What is held out are verses between those that are learned from.
  ///
  /// - Throws: what reading the files throws.
  static func questions(_ conditions: RunConditions, rows: Int, length: Int) throws -> Outcome<DomainText> {
    let source: Source
    switch try Self.source(conditions) {
    case .found(let found): source = found
    case .absent(let reason): return .absent(reason)
    }
    let lines = source.bytes.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
    let place = lines.firstIndex { $0.hasPrefix("Mat1:1 ") } ?? lines.count
    let testaments = [(name: "Old", verses: lines[..<place]), (name: "New", verses: lines[place...])]
    /// Every so many verses of each testament, in turns.
    func sequences(_ count: Int, from offset: Double) throws -> [TokenSequence] {
      try (0..<count).flatMap { index in
        try testaments.map { testament in
          let share = (Double(index) + offset) / Double(count)
          let verses = testament.verses
          let line = verses[verses.startIndex + min(verses.count - 1, Int(share * Double(verses.count)))]
          // Without its book and number.
          let verse = line.drop { $0 != " " }.dropFirst()
          let prompt = "Verse: \(verse)\nIs this verse from the Old or the New Testament? Answer:"
          return try TokenSequence(
            prompt: source.tokenizer.encode(prompt, addBoundaries: false),
            answer: source.tokenizer.encode(" " + testament.name, addBoundaries: false), length: length)
        }
      }
    }
    // What is held out lies at .37 / 64 beyond multiples of 1 / 64, where no multiple of 1 / 256 is.
    let (training, heldOut) = conditions.quick ? (3 * rows, rows) : (64 * rows / 2, 16 * rows / 2)
    return .found(
      DomainText(
        checkpoint: source.checkpoint, rows: rows, length: length,
        training: try batches(try sequences(training, from: 0), rows: rows, training),
        heldOut: try batches(try sequences(heldOut, from: 0.37), rows: rows, heldOut)))
  }
}
