import Formats
import Server
import Testing
import Venturi
import VenturiTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// More answers are drawn than are given: which ones are given, what they cost, what is refused.
@Suite struct BestOfTests {
  private struct Drawn {
    var text: String
    var weight: Double
  }

  /// What is asked, with some fields changed.
  private static func body(_ fields: JSON, _ changes: JSON) -> JSON {
    .object((fields.members ?? []) + (changes.members ?? []))
  }

  /// What is said without spaces around it.
  private static func bare(_ text: String) -> String {
    String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// The answer that votes choose, by counting over all; saying nothing is no answer.
  private static func elected(_ all: [Drawn]) -> String? {
    let drawn = all.map { Drawn(text: bare($0.text), weight: $0.weight) }.filter { !$0.text.isEmpty }
    func total(_ text: String) -> Double { drawn.filter { $0.text == text }.reduce(0) { $0 + $1.weight } }
    return drawn.max { total($0.text) < total($1.text) }?.text
  }

  @Test func theAnswerIsTheOneThatVotesChoose() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      var repeated = 0
      for seed in 0..<12 {
        // One letter of few: answers come up more than once.
        let fields: JSON = [
          "prompt": "abc", "seed": .integer(seed), "max_tokens": 1, "top_k": 3, "temperature": 1, "min_p": 0,
          "top_p": 1,
        ]
        let all = try await server.post("/v1/completions", Self.body(fields, ["n": 12, "logprobs": 0])).json
        let drawn = try #require(all["choices"]?.elements).map { choice in
          let logarithms = choice["logprobs"]?["token_logprobs"]?.elements?.compactMap(\.double) ?? []
          let mean = logarithms.reduce(0, +) / Double(max(1, logarithms.count))
          return Drawn(text: choice["text"]?.text ?? "", weight: logarithms.isEmpty ? 0 : exp(mean))
        }
        repeated += Set(drawn.map(\.text)).count < drawn.count ? 1 : 0
        let reply = try await server.post("/v1/completions", Self.body(fields, ["best_of": 12]))
        #expect(reply.status == 200)
        let choices = try #require(reply.json["choices"]?.elements)
        #expect(
          choices.count == 1 && choices[0]["index"] == 0
            && choices[0]["text"]?.text.map(Self.bare) == Self.elected(drawn))
        // Nobody asked for log-probabilities.
        #expect(choices[0]["logprobs"] == JSON.null || choices[0]["logprobs"] == nil)
        // All that was generated is told, and the prompt once.
        #expect(reply.json["usage"]?["completion_tokens"] == all["usage"]?["completion_tokens"])
        #expect(reply.json["usage"]?["prompt_tokens"] == all["usage"]?["prompt_tokens"])
      }
      #expect(repeated > 0)
    }
  }

  @Test func eachOfSeveralPromptsGetsItsOwn() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      let fields: JSON = ["seed": 5, "max_tokens": 3, "best_of": 6, "n": 2]
      func ask(_ prompt: JSON) async throws -> [JSON?] {
        let reply = try await server.post("/v1/completions", Self.body(fields, ["prompt": prompt]))
        return (reply.json["choices"]?.elements ?? []).map { $0["text"] }
      }
      let (first, second) = (try await ask("abc"), try await ask("xyz"))
      #expect(first.count == 2 && second.count == 2)
      #expect(try await ask(["abc", "xyz"]) == first + second)
    }
  }

  private static func asked(_ changes: JSON) -> JSON {
    body(["messages": [["role": "user", "content": "abc"]], "max_tokens": 2, "seed": 1], changes)
  }

  @Test func budgetsAreByTask() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    let change: @Sendable (inout ServerSettings) -> Void = {
      $0.limits.choices = 4
      $0.limits.budgets = AnswerBudgets(tasks: ["sums": 3, "hard": 4000], standard: 2)
    }
    try await TestServer.with(ServerFixtures.engine(model), change) { server in
      let path = "/v1/chat/completions"
      let single = try await server.post(path, Self.asked(["ignore_eos": true]))
      let tokens = try #require(single.json["usage"]?["completion_tokens"]?.int)
      // The server's limit of choices holds for budgets too.
      for (metadata, count) in [(["task": "sums"], 3), (["task": "hard"], 4), ([:], 2)] as [(JSON, Int)] {
        let reply = try await server.post(
          path, Self.asked(["best_of": "auto", "metadata": metadata, "ignore_eos": true]))
        #expect(reply.status == 200 && reply.json["choices"]?.elements?.count == 1)
        #expect(reply.json["usage"]?["completion_tokens"]?.int == count * tokens)
      }
      let unknown = try await server.post(path, Self.asked(["best_of": "auto", "metadata": ["task": "other"]]))
      #expect(unknown.status == 400 && unknown.json["error"]?["param"] == "metadata.task")
      #expect(unknown.json["error"]?["message"]?.text?.contains("other") == true)
    }
  }

  @Test func whatCannotBeIsRefused() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    let change: @Sendable (inout ServerSettings) -> Void = { $0.limits.budgets = AnswerBudgets(tasks: ["sums": 3]) }
    try await TestServer.with(ServerFixtures.engine(model), change) { server in
      let path = "/v1/chat/completions"
      let refused: [JSON] = [
        ["best_of": 2, "stream": true], ["best_of": 2, "n": 3], ["best_of": "auto"], ["best_of": "most"],
        ["best_of": "auto", "metadata": ["task": "sums"], "stream": true], ["best_of": 17], ["best_of": 1.5],
      ]
      for changes in refused {
        let reply = try await server.post(path, Self.asked(changes))
        #expect(reply.status == 400 && reply.json["error"]?["param"] == "best_of", "\(changes.line)")
      }
      // As many as are given are just those.
      let same = try await server.post(path, Self.asked(["best_of": 2, "n": 2, "stream": true]))
      #expect(same.status == 200)
      let noName = try await server.post(path, Self.asked(["metadata": ["task": 3]]))
      #expect(noName.status == 400 && noName.json["error"]?["param"] == "metadata.task")
    }
  }
}
