import Formats
import Inference
import Synchronization

/// Answers of `POST /v1/responses`: a list of items, messages and calls, and a stream of typed events.
struct ResponsesForm: AnswerForm {
  private let id = RequestIdentity.make("resp_")
  private let created = Int.secondsSince1970
  private let model: String
  private let options: GenerationOptions
  private let isParallel: Bool
  /// Fields of the request.
  private let repeated: [JSON.Member]
  private let numbers = EventNumbers()

  init(model: String, options: GenerationOptions, isParallel: Bool, repeated: [JSON.Member]) {
    self.model = model
    self.options = options
    self.isParallel = isParallel
    self.repeated = repeated
  }

  func whole(_ answers: [ChoiceAnswer], usage: AnswerUsage) -> JSON {
    guard let answer = answers.first else { return .null }
    var stream = ResponsesStream(form: self)
    for part in answer.segments.parts { _ = stream.say(part, tokens: []) }
    _ = stream.finish(answer)
    return response(stream.items, answer, usage)
  }

  func stream(of index: Int) -> any ChoiceStream { ResponsesStream(form: self) }

  /// The response itself ends the stream.
  func closing(_ usage: AnswerUsage) -> [ServerEvent] { [] }

  func failure(_ failure: RequestFailure) -> ServerEvent {
    event(
      "error",
      [
        JSON.Member("code", failure.code.map { .string($0) } ?? .null),
        JSON.Member("message", .string(failure.message)),
        JSON.Member("param", failure.parameter.map { .string($0) } ?? .null),
      ])
  }

  /// An event with the next number.
  func event(_ type: String, _ members: [JSON.Member]) -> ServerEvent {
    let head = [JSON.Member("type", .string(type)), JSON.Member("sequence_number", .integer(numbers.next()))]
    return ServerEvent(.object(head + members), name: type)
  }

  /// The response with what there is of it; without an answer, one that has just begun.
  func response(_ items: [JSON], _ answer: ChoiceAnswer? = nil, _ usage: AnswerUsage? = nil) -> JSON {
    let isCut = answer?.completion.reason == .length
    let status = answer == nil ? "in_progress" : isCut ? "incomplete" : "completed"
    func given(_ key: String, _ other: JSON) -> JSON.Member {
      repeated.first { $0.key == key } ?? JSON.Member(key, other)
    }
    return .object([
      JSON.Member("id", .string(id)), JSON.Member("object", "response"), JSON.Member("created_at", .integer(created)),
      JSON.Member("status", .string(status)), JSON.Member("background", false), JSON.Member("error", .null),
      JSON.Member("incomplete_details", isCut ? ["reason": "max_output_tokens"] : .null), given("instructions", .null),
      JSON.Member("max_output_tokens", options.maxTokens.map { .integer($0) } ?? .null),
      JSON.Member("model", .string(model)), JSON.Member("output", .array(items)),
      JSON.Member("parallel_tool_calls", .bool(isParallel)), JSON.Member("previous_response_id", .null),
      JSON.Member("reasoning", ["effort": .null, "summary": .null]), JSON.Member("store", false),
      JSON.Member("temperature", .rounded(Double(options.temperature), digits: 7)),
      given("text", ["format": ["type": "text"]]), given("tool_choice", "auto"), given("tools", []),
      JSON.Member("top_p", .rounded(Double(options.topP), digits: 7)), JSON.Member("truncation", "disabled"),
      JSON.Member("usage", usage.map(Self.json) ?? .null), given("user", .null), given("metadata", [:]),
    ])
  }

  private static func json(_ usage: AnswerUsage) -> JSON {
    [
      "input_tokens": .integer(usage.promptTokens),
      "input_tokens_details": ["cached_tokens": .integer(usage.cachedTokens), "cache_write_tokens": 0],
      "output_tokens": .integer(usage.completionTokens), "output_tokens_details": ["reasoning_tokens": 0],
      "total_tokens": .integer(usage.promptTokens + usage.completionTokens),
    ]
  }

  /// Numbers the events of one stream.
  private final class EventNumbers: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
      count.withLock { count in
        defer { count += 1 }
        return count
      }
    }
  }
}
