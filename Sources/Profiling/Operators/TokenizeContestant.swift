import Formats
import Text

/// Our own side of the benchmark of tokenizers.
final class TokenizeContestant: OperatorContestant {
  private let subject: TokenizeCase
  private var ids = 0

  init(_ subject: TokenizeCase) { self.subject = subject }

  func turn(repeats: Int) -> Double {
    TimingProtocol.time {
      for _ in 0..<repeats {
        ids = subject.documents.reduce(0) { sum, document in
          sum + subject.tokenizer.encode(bytes: document, addBoundaries: false).count
        }
      }
    } / Double(repeats)
  }

  func figures() -> [JSON.Member] { [JSON.Member("ids", .integer(ids))] }
}
