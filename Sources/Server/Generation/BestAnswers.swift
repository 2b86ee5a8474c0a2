import Inference
import Planner

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension [ChoiceAnswer] {
  /// The answers that are given, where more were drawn for each prompt than it gets.
  ///
  /// Answers that say the same vote together, each with the mean chance of its tokens; where all differ the likeliest counts, as
  /// `best_of` is known to choose.
  func best(_ count: Int, of drawn: Int) -> [ChoiceAnswer] {
    guard drawn > count, count > 0 else { return self }
    return stride(from: 0, to: self.count, by: drawn).flatMap { start in
      var rest = Array(self[start..<Swift.min(start + drawn, self.count)])
      return (0..<count).compactMap { _ in
        rest.isEmpty ? nil : rest.remove(at: AnswerSelector.weighted.choice(of: rest.map(\.candidate)) ?? 0)
      }
    }
  }
}

extension ChoiceAnswer {
  /// What it says and calls, spaces around it left out.
  fileprivate var candidate: AnswerSelector.Candidate {
    var said = text[...]
    while said.last?.isWhitespace == true { said.removeLast() }
    while said.first?.isWhitespace == true { said.removeFirst() }
    let calls = calls.map { "\u{0}\($0.name)\u{0}\($0.arguments)" }.joined()
    let whole = said + calls
    let logarithms = tokens.reduce(0.0) { $0 + Double($1.logProbability ?? -.infinity) }
    return AnswerSelector.Candidate(
      whole.isEmpty ? nil : String(whole), weight: tokens.isEmpty ? 0 : exp(logarithms / Double(tokens.count)))
  }
}
