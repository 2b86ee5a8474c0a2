import Formats
import Testing
import Venturi
import VenturiTesting

/// The wire details of `POST /v1/completions`.
@Suite struct CompletionTests {
  @Test func aTextGoesOn() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("once upon"))) { server in
      let body: JSON = ["prompt": .string(ServerFixtures.prompt), "logprobs": 1]
      let reply = try await server.post("/v1/completions", body)
      #expect(reply.status == 200 && reply.json["object"] == "text_completion")
      #expect(reply.json["id"]?.text?.hasPrefix("cmpl-") == true)
      let choice = try #require(reply.json["choices"]?.elements?.first)
      #expect(choice["text"] == "once upon" && choice["finish_reason"] == "stop")
      let told = try #require(choice["logprobs"])
      #expect(told["tokens"]?.elements?.compactMap(\.text).joined() == "once upon")
      #expect(told["text_offset"]?.elements?.compactMap(\.int) == Array(0..<9))
      #expect(told["token_logprobs"]?.elements?.count == 9)
      #expect(told["top_logprobs"]?.elements?.allSatisfy { $0.members?.count == 1 } == true)
      let stream = try await server.post(
        "/v1/completions", .object((body.members ?? []) + [JSON.Member("stream", true)]))
      #expect(stream.said() == "once upon" && stream.events.last == "[DONE]")
      #expect(stream.chunks.allSatisfy { $0["object"] == "text_completion" })
      let offsets = stream.chunks.flatMap {
        $0["choices"]?.elements?.first?["logprobs"]?["text_offset"]?.elements?.compactMap(\.int) ?? []
      }
      #expect(offsets == Array(0..<9))
    }
  }

  @Test func sixteenTokensAreTheDefault() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(String(repeating: "x", count: 40)))) {
      server in
      let choice = try await server.post("/v1/completions", ["prompt": .string(ServerFixtures.prompt)]).json["choices"]
      #expect(choice?.elements?.first?["text"]?.text?.count == 16)
      #expect(choice?.elements?.first?["finish_reason"] == "length")
    }
  }

  @Test func promptsMayBeTokensAndSeveral() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      let texts = ["abc", "xyz", "abc"]
      let tokens = try texts.map { try ServerFixtures.tokenizer().encode($0).map { JSON.integer(Int($0)) } }
      let fields: JSON = ["seed": 3, "n": 2, "max_tokens": 5]
      func ask(_ prompt: JSON) async throws -> [JSON] {
        let body: JSON = .object((fields.members ?? []) + [JSON.Member("prompt", prompt)])
        return try await server.post("/v1/completions", body).json["choices"]?.elements ?? []
      }
      let all = try await ask(.array(texts.map { .string($0) }))
      #expect(all.map { $0["index"]?.int } == Array(0..<6))
      #expect(all[0]["text"] == all[4]["text"] && all[0]["text"] != all[2]["text"] && all[0]["text"] != all[1]["text"])
      #expect(try await ask(.array(tokens.map { .array($0) })) == all)
      #expect(try await ask(.array(tokens[0])).map { $0["text"] } == [all[0]["text"], all[1]["text"]])
      #expect(try await ask("abc").map { $0["text"] } == [all[0]["text"], all[1]["text"]])
    }
  }
}
