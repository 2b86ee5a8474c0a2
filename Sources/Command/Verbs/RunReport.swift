import CVenturi
import Profiling
import Venturi

/// What `run` says about an answer.
struct RunReport {
  var model: String
  var completion: Completion
  var tokens: [GeneratedToken]
  var engine: Engine
  var loadSeconds: Double
  var processToFirstToken: Double?
  var wantsLogprobs: Bool

  /// The object of `--json`.
  var json: JSON {
    let memory = vt_memory_usage_now()
    let timings = completion.timings
    var members: [JSON.Member] = [
      JSON.Member("text", .string(completion.text)),
      JSON.Member("tokens", .array(completion.tokens.map { .integer(Int($0)) })),
      JSON.Member("finishReason", .string(completion.reason == .stopString ? "stop" : completion.reason.rawValue)),
    ]
    if let stop = completion.stopString { members.append(JSON.Member("stopString", .string(stop))) }
    members.append(
      JSON.Member(
        "usage",
        [
          "promptTokens": .integer(completion.usage.promptTokens),
          "completionTokens": .integer(completion.usage.completionTokens),
          "cachedTokens": .integer(completion.usage.cachedTokens),
          "draftedTokens": .integer(completion.usage.draftedTokens),
          "acceptedTokens": .integer(completion.usage.acceptedTokens),
        ]))
    members.append(
      JSON.Member(
        "timings",
        [
          "loadSeconds": .rounded(loadSeconds),
          "timeToFirstTokenSeconds": .rounded(timings.timeToFirstTokenSeconds),
          "processToFirstTokenSeconds": processToFirstToken.map { .rounded($0, digits: 4) } ?? .null,
          "promptTokensPerSecond": .rounded(timings.promptTokensPerSecond),
          "generationTokensPerSecond": hasSpeed ? .rounded(timings.generationTokensPerSecond) : .null,
          "peakBytes": .integer(Int(clamping: memory.peak_resident)),
          "privateBytes": .integer(Int(clamping: memory.resident_anonymous)),
          "mappedBytes": .integer(Int(clamping: memory.resident_file)),
        ]))
    if wantsLogprobs { members.append(JSON.Member("logprobs", .array(tokens.map { Self.json($0, engine) }))) }
    members.append(JSON.Member("seed", .integer(Int(clamping: completion.seed))))
    members.append(JSON.Member("model", .string(model)))
    members.append(JSON.Member("profile", engine.profile?.path.map { .string($0) } ?? .null))
    return .object(members)
  }

  /// A token with its log-probability and the alternatives.
  static func json(_ token: GeneratedToken, _ engine: Engine) -> JSON {
    func text(_ id: Int32) -> JSON {
      .string((try? engine.tokenizer.decode([id], rendersSpecial: true)) ?? "")
    }
    return [
      "id": .integer(Int(token.id)), "token": text(token.id),
      "logprob": token.logProbability.map { .rounded(Double($0), digits: 7) } ?? .null,
      "top": .array(
        token.alternatives.map { other in
          [
            "id": .integer(Int(other.id)), "token": text(other.id),
            "logprob": .rounded(Double(other.logProbability), digits: 7),
          ]
        }),
    ]
  }

  /// Each token with its log-probability and the alternatives, for people.
  var logprobTable: String {
    func cell(_ token: JSON) -> String {
      "\(token["token"]?.line ?? "") \(Human.fixed(token["logprob"]?.double ?? .nan, 4))"
    }
    return Human.table(
      tokens.map { token in
        let json = Self.json(token, engine)
        return [cell(json), (json["top"]?.elements ?? []).map(cell).joined(separator: "  ")]
      })
  }

  /// Whether there is a time between two tokens.
  private var hasSpeed: Bool { completion.usage.completionTokens > 1 }

  /// The line about the speed.
  var speedLine: String {
    let timings = completion.timings
    let usage = completion.usage
    let peak = Human.bytes(Int(clamping: vt_memory_usage_now().peak_resident))
    let speed = hasSpeed ? "s, \(Human.fixed(timings.generationTokensPerSecond, 1)) tok/s" : ""
    return "prompt \(usage.promptTokens) tokens, \(Human.fixed(timings.promptTokensPerSecond, 1)) tok/s · "
      + "answer \(usage.completionTokens) token\(speed) · "
      + "load \(Human.fixed(loadSeconds * 1000, 0)) ms, first token \(Human.fixed(timings.timeToFirstTokenSeconds * 1000, 0)) ms · "
      + "peak \(peak)"
  }
}
