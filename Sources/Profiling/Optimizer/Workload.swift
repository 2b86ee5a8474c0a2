import Inference
import Text

/// The prompts with which a goal is measured: questions that want an answer, a story and a copy, so that what depends on
/// the text is not judged by one kind of it.
public struct Workload: Sendable {
  /// A prompt.
  public struct Item: Sendable, Equatable {
    /// What kind of text it asks for.
    public var kind: String
    /// The prompt's tokens.
    public var tokens: [Int32]
  }

  /// The prompts.
  public var items: [Item]
  /// The tokens of each answer.
  public var answerTokens: Int

  /// The kinds of text that there are.
  public static var kinds: [String] { tasks.map(\.0) }

  private static let tasks = [
    ("explanation", "Explain in your own words why water flows faster where a pipe is narrow."),
    ("story", "Tell a short story about a heron who waits for the spring."),
    (
      "copy",
      """
      Repeat the following lines exactly, without any change.
      Opening hours: Monday 9 to 12 and 14 to 18, Tuesday 9 to 12 and 14 to 18, Wednesday 9 to 12, Thursday 9 to 12 and \
      14 to 20, Friday 9 to 12 and 14 to 18, Saturday 10 to 13, Sunday closed.
      """
    ),
  ]

  /// The workload of a goal.
  ///
  /// - Parameters:
  ///   - text: what stands before the questions, as deep as the goal wants it, and what is read as a long prompt.
  ///   - contextLength: the most tokens of a sequence.
  ///   - kinds: the kinds of text to ask for; all of them by default.
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` for a goal that does not fit the context, a text that is
  ///   empty or kinds of which none is known; the template's errors.
  public init(
    goal: Goal, text: String, tokenizer: Tokenizer, template: ChatTemplate?, contextLength: Int,
    kinds: [String] = Self.kinds, answerTokens: Int = 32
  ) throws {
    let tasks = Self.tasks.filter { kinds.contains($0.0) }
    if tasks.isEmpty {
      throw ProfilingError.invalidSetting(
        field: "texts", problem: "there are \(Self.kinds.joined(separator: ", "))")
    }
    self.answerTokens = answerTokens
    switch goal {
    case .prefill(let count):
      let tokens = try Self.filler(text, tokens: count, tokenizer, seed: 0)
      items = [Item(kind: "prose", tokens: tokens)]
    case .latency, .memory:
      items = try tasks.map {
        Item(kind: $0.0, tokens: try Self.prompt($0.1, before: "", tokenizer, template))
      }
    case .decode(let depth):
      items = try tasks.enumerated().map { index, task in
        var tokens = try Self.prompt(task.1, before: "", tokenizer, template)
        if tokens.count < depth {
          // As many sentences as fit: the depth is met to within one.
          var before = ""
          var room = depth - tokens.count
          for sentence in SampleText.endless(text, seed: UInt64(index)) {
            let count = tokenizer.encode(sentence + " ", parseSpecial: false, addBoundaries: false).count
            if count > room || count == 0 { break }
            room -= count
            before += sentence + " "
          }
          tokens = try Self.prompt(task.1, before: before, tokenizer, template)
        }
        return Item(kind: task.0, tokens: tokens)
      }
    }
    let longest = items.map(\.tokens.count).max() ?? 0
    if longest + answerTokens >= contextLength {
      throw ProfilingError.invalidSetting(
        field: "goal \(goal.name)",
        problem: "\(longest) tokens and an answer of \(answerTokens) do not fit a context of \(contextLength)")
    }
  }

  private static func prompt(
    _ task: String, before: String, _ tokenizer: Tokenizer, _ template: ChatTemplate?
  ) throws -> [Int32] {
    let text = before.isEmpty ? task : before + "\n\n" + task
    guard let template else { return tokenizer.encode(text, parseSpecial: false) }
    return try tokenizer.encode(template.render([ChatMessage(role: .user, content: text)]))
  }

  /// The first `tokens` tokens of an endless text.
  private static func filler(
    _ text: String, tokens: Int, _ tokenizer: Tokenizer, seed: UInt64
  ) throws -> [Int32] {
    var found: [Int32] = []
    for sentence in SampleText.endless(text, seed: seed) {
      let piece = tokenizer.encode(sentence + " ", parseSpecial: false, addBoundaries: found.isEmpty)
      if piece.isEmpty { break }
      found += piece
      if found.count >= tokens { return Array(found.prefix(tokens)) }
    }
    throw ProfilingError.invalidSetting(field: "text", problem: "it has no tokens")
  }
}
