import Inference
import Text

/// How an answer is searched for calls of tools.
struct ToolReading: Sendable {
  /// How the model writes calls.
  let format: ToolCallFormat
  /// The functions that it was told of.
  let names: Set<String>
  /// Whether it may call more than once.
  let mayRepeat: Bool
  /// The token that is the format's marker, if it is one that shows no text.
  let marker: Int32?

  init(_ fields: ToolFields, _ format: ToolCallFormat, _ vocabulary: Vocabulary) {
    self.format = format
    names = Set(fields.offered.map(\.name))
    mayRepeat = fields.isParallel
    let token = try? vocabulary.specialToken(format.marker)
    marker = token.flatMap { (try? vocabulary.type(of: $0)) == .control ? $0 : nil }
  }

  /// A reader of one answer.
  var parser: ToolCallParser { ToolCallParser(format, names: names, mayRepeat: mayRepeat) }

  /// What tells a call apart. Mistral's templates insist on nine letters and digits.
  func makeID() -> String {
    [.mistral, .mistralNamed].contains(format)
      ? String(RequestIdentity.make("").prefix(9)) : RequestIdentity.make("call_")
  }
}
