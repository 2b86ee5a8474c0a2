import Inference
import Text

/// Makes parts of the text of one answer as it comes: of text alone where there are no tools.
struct PartReader {
  private let reading: ToolReading?
  private var parser: ToolCallParser?
  private var calls = 0
  /// All that was said.
  private(set) var segments: [AnswerSegment] = []

  init(_ reading: ToolReading?) {
    self.reading = reading
    parser = reading?.parser
  }

  /// The parts that a piece of text leads to, often none while something may become a call.
  mutating func append(_ piece: String) -> [AnswerPart] {
    guard let found = parser?.append(piece) else { return note([.text(piece)]) }
    return note(found)
  }

  /// The parts that a token leads to by itself: one that marks calls and shows no text.
  mutating func append(_ token: GeneratedToken) -> [AnswerPart] {
    guard let reading, token.id == reading.marker else { return [] }
    return append(reading.format.marker)
  }

  /// The parts that are left at the end.
  mutating func finish() -> [AnswerPart] { note(parser?.finish() ?? []) }

  private mutating func note(_ found: [ToolCallParser.Part]) -> [AnswerPart] {
    var parts: [AnswerPart] = []
    for part in found {
      switch part {
      case .frame: break
      case .text(let text):
        if case .text(var before)? = segments.last {
          segments.removeLast()
          before += text
          segments.append(.text(before))
        } else {
          segments.append(.text(text))
        }
        parts.append(.text(text))
      case .call(let name):
        let id = reading?.makeID() ?? ""
        segments.append(.call(AnswerSegment.Call(id: id, name: name)))
        parts.append(.call(calls, id: id, name: name))
        calls += 1
      case .arguments(let text):
        change { $0.arguments += text }
        parts.append(.arguments(calls - 1, text))
      case .end(let isWhole):
        change { $0.isWhole = isWhole }
        parts.append(.callEnd(calls - 1, isWhole: isWhole))
      }
    }
    return parts
  }

  private mutating func change(_ body: (inout AnswerSegment.Call) -> Void) {
    guard case .call(var call)? = segments.popLast() else { return }
    body(&call)
    segments.append(.call(call))
  }
}
