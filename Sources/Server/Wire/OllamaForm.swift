import Formats
import Inference
import Text

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Answers of `POST /api/chat` and `/api/generate`: one JSON object a line.
struct OllamaForm: AnswerForm {
  /// Whether the text comes as a message, or by itself.
  let isChat: Bool
  let model: String
  let vocabulary: Vocabulary
  /// Whether log-probabilities were asked for.
  let hasLogProbabilities: Bool
  /// When the request came.
  let begun: ContinuousClock.Instant

  let framing = EventStream.Framing.lines

  func whole(_ answers: [ChoiceAnswer], usage: AnswerUsage) -> JSON {
    guard let answer = answers.first else { return line("", [], [("done_reason", "load"), ("done", true)]) }
    return last(answer, answer.text, answer.tokens)
  }

  func stream(of index: Int) -> any ChoiceStream { Stream(form: self) }

  func closing(_ usage: AnswerUsage) -> [ServerEvent] { [] }

  func failure(_ failure: RequestFailure) -> ServerEvent { ServerEvent(failure.ollama) }

  private struct Stream: ChoiceStream {
    let form: OllamaForm

    func opening() -> [ServerEvent] { [] }

    func say(_ part: AnswerPart, tokens: [GeneratedToken]) -> [ServerEvent] {
      // Tools are refused on these routes.
      guard case .text(let text) = part else { return [] }
      return [ServerEvent(form.line(text, tokens, [("done", false)]))]
    }

    func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken]) -> [ServerEvent] {
      [ServerEvent(form.last(answer, "", tokens))]
    }
  }

  private func last(_ answer: ChoiceAnswer, _ text: String, _ tokens: [GeneratedToken]) -> JSON {
    let (usage, timings) = (answer.completion.usage, answer.completion.timings)
    return line(
      text, tokens,
      [
        ("done_reason", .string(answer.finishReason)), ("done", true),
        ("total_duration", Self.nanoseconds(begun.seconds(to: .now))), ("load_duration", 0),
        ("prompt_eval_count", .integer(usage.promptTokens)),
        ("prompt_eval_duration", Self.nanoseconds(timings.promptSeconds)),
        ("eval_count", .integer(usage.completionTokens)),
        ("eval_duration", Self.nanoseconds(timings.generationSeconds)),
      ])
  }

  private func line(_ text: String, _ tokens: [GeneratedToken], _ rest: [(String, JSON)]) -> JSON {
    let said =
      isChat
      ? JSON.Member("message", ["role": "assistant", "content": .string(text)])
      : JSON.Member("response", .string(text))
    var members = [
      JSON.Member("model", .string(model)), JSON.Member("created_at", .string(Self.time(Date()))), said,
    ]
    if hasLogProbabilities, !tokens.isEmpty {
      members.append(JSON.Member("logprobs", .array(tokens.map { TokenText.entry($0, vocabulary) })))
    }
    return .object(members + rest.map { JSON.Member($0.0, $0.1) })
  }

  /// A moment as RFC 3339 writes it.
  static func time(_ date: Date) -> String { date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }

  /// Seconds as whole nanoseconds; a time that is none counts as none.
  static func nanoseconds(_ seconds: Double) -> JSON {
    .integer(seconds.isFinite && seconds > 0 ? Int(min(seconds, 1e9) * 1e9) : 0)
  }
}

extension RequestFailure {
  /// The body of the answer as ollama's clients know it.
  var ollama: JSON { ["error": .string(message)] }
}
