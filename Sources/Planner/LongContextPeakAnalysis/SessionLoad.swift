/// Users who each give a document, then ask and read in turns.
public struct SessionLoad: Sendable, Hashable {
  /// Who goes when memory is full: the one whose keys came first, or whose keys were last used longest ago.
  public enum Eviction: String, Sendable, Hashable, CaseIterable {
    case fifo
    case lru
  }

  /// Users, all there from the beginning.
  public var users: Int
  /// Questions of each.
  public var questions: Int
  /// Tokens of the document.
  public var context: Int
  /// Tokens of an answer: 250 are a screen.
  public var answer: Int
  /// Seconds that a user reads an answer before the next question.
  public var thinking: Double
  /// Who goes when memory is full.
  public var eviction: Eviction

  /// A load.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for users outside 1…1024, more than 65,536 questions in all, answers
  ///   outside 1…2²⁰ tokens, contexts outside 1…2³¹, and seconds below 0.
  public init(
    users: Int, questions: Int, context: Int, answer: Int = 250, thinking: Double = 0, eviction: Eviction = .lru
  ) throws(PlannerError) {
    guard (1...1024).contains(users) else { throw .invalid(field: "users", problem: "\(users) lies outside 1…1024") }
    guard questions >= 1, questions <= 65_536 / users else {
      throw .invalid(field: "questions", problem: "\(questions) of \(users) users lie outside 1…65,536 in all")
    }
    guard (1...1 << 20).contains(answer) else {
      throw .invalid(field: "answer", problem: "\(answer) lies outside 1…\(1 << 20)")
    }
    guard (1...LongContextAnalysis.contextLimit).contains(context) else {
      throw .invalid(field: "context", problem: "\(context) lies outside 1…\(LongContextAnalysis.contextLimit)")
    }
    guard thinking >= 0, thinking <= 1e9 else {
      throw .invalid(field: "thinking", problem: "\(thinking) lies outside 0…10⁹ seconds")
    }
    self.users = users
    self.questions = questions
    self.context = context
    self.answer = answer
    self.thinking = thinking
    self.eviction = eviction
  }
}
