import Formats
import Testing
import Venturi
import VenturiTesting

/// The wire details of `POST /v1/chat/completions`, over real sockets.
@Suite struct ChatCompletionTests {
  private static let answer = "Grüße 🜄, done."

  @Test func aWholeAnswerHasTheFormThatClientsKnow() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(Self.answer))) { server in
      let reply = try await server.chat(["model": "scripted", "temperature": 0])
      #expect(reply.status == 200 && reply.headers["content-type"] == "application/json")
      let json = reply.json
      #expect(json["object"] == "chat.completion" && json["model"] == "scripted")
      #expect(json["id"]?.text?.hasPrefix("chatcmpl-") == true && (json["created"]?.int ?? 0) > 1_700_000_000)
      #expect(json["system_fingerprint"]?.text?.hasPrefix("fp_venturi_") == true)
      let choice = try #require(json["choices"]?.elements?.first)
      #expect(json["choices"]?.elements?.count == 1 && choice["index"] == 0 && choice["finish_reason"] == "stop")
      #expect(choice["message"] == ["role": "assistant", "content": .string(Self.answer), "refusal": .null])
      #expect(choice["logprobs"] == .null)
      let prompt = try ServerFixtures.tokenizer().encode("xuser\nhix\nxassistant\n").count
      let tokens = try ServerFixtures.tokenizer().encode(Self.answer).count + 1
      #expect(json["usage"]?["prompt_tokens"]?.int == prompt && json["usage"]?["completion_tokens"]?.int == tokens)
      #expect(json["usage"]?["total_tokens"]?.int == prompt + tokens)
      #expect(json["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.int == 0)
    }
  }

  @Test func aStreamIsWordForWordWhatItShouldBe() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("ab"))) { server in
      let reply = try await server.chat(["stream": true, "stream_options": ["include_usage": true]])
      #expect(reply.status == 200 && reply.headers["content-type"] == "text/event-stream")
      #expect(reply.headers["cache-control"] == "no-cache" && reply.headers["x-accel-buffering"] == "no")
      let first = try #require(reply.chunks.first)
      let (id, created) = (try #require(first["id"]?.text), try #require(first["created"]?.int))
      let head =
        "{\"id\":\"\(id)\",\"object\":\"chat.completion.chunk\",\"created\":\(created),\"model\":\"scripted\","
        + "\"system_fingerprint\":\"fp_venturi_\(EngineVersion.number)\",\"choices\":"
      func choice(_ delta: String, _ reason: String = "null") -> String {
        "data: \(head)[{\"index\":0,\"delta\":\(delta),\"logprobs\":null,\"finish_reason\":\(reason)}],\"usage\":null}\n\n"
      }
      let prompt = try ServerFixtures.tokenizer().encode("xuser\nhix\nxassistant\n").count
      let expected =
        choice("{\"role\":\"assistant\",\"content\":\"\"}") + choice("{\"content\":\"a\"}")
        + choice("{\"content\":\"b\"}")
        + choice("{}", "\"stop\"")
        + "data: \(head)[],\"usage\":{\"prompt_tokens\":\(prompt),\"completion_tokens\":3,\"total_tokens\":\(prompt + 3),"
        + "\"prompt_tokens_details\":{\"cached_tokens\":0},\"completion_tokens_details\":{\"accepted_prediction_tokens\":0,"
        + "\"rejected_prediction_tokens\":0}}}\n\ndata: [DONE]\n\n"
      #expect(reply.text == expected)
    }
  }

  @Test func aStreamSaysWhatAWholeAnswerSays() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(Self.answer))) { server in
      let reply = try await server.chat(["stream": true])
      #expect(reply.said() == Self.answer)
      #expect(reply.events.last == "[DONE]" && reply.events.count == reply.chunks.count + 1)
      #expect(reply.chunks.first?["choices"]?.elements?.first?["delta"]?["role"] == "assistant")
      #expect(reply.chunks.dropFirst().allSatisfy { $0["choices"]?.elements?.first?["delta"]?["role"] == nil })
      for key in ["id", "created", "model", "system_fingerprint", "object"] {
        #expect(Set(reply.chunks.map { $0[key]?.line ?? "" }).count == 1, "\(key)")
      }
      #expect(reply.chunks.allSatisfy { $0["usage"] == nil && $0["choices"]?.elements?.count == 1 })
      let reasons = reply.chunks.compactMap { $0["choices"]?.elements?.first?["finish_reason"] }.filter { $0 != .null }
      #expect(reasons == ["stop"] && reply.chunks.last?["choices"]?.elements?.first?["delta"] == [:])
    }
  }

  @Test(arguments: [
    ("Hello STOP world", ["STOP"], "Hello ", "stop"), ("Hello STO", ["STOP"], "Hello STO", "stop"),
    ("Hello STSTOP", ["STOP"], "Hello ST", "stop"), ("a🜄b🜄🜄c", ["🜄🜄"], "a🜄b", "stop"),
    ("one two", ["x", "two", "ne"], "o", "stop"), ("abc", ["zz"], "abc", "stop"),
  ])
  func stopStringsNeverLeakAndWhatIsHeldBackIsFlushed(
    _ text: String, _ stops: [String], _ expected: String, _ reason: String
  ) async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(text))) { server in
      let stop: JSON = .array(stops.map { .string($0) })
      let whole = try await server.chat(["stop": stop]).json["choices"]?.elements?.first
      #expect(whole?["message"]?["content"]?.text == expected && whole?["finish_reason"]?.text == reason)
      let stream = try await server.chat(["stop": stop, "stream": true])
      #expect(stream.said() == expected)
      if stops.count == 1 {
        #expect(try await server.chat(["stop": .string(stops[0]), "stream": true]).said() == expected)
      }
    }
  }

  @Test(arguments: ["max_tokens", "max_completion_tokens"])
  func bothNamesBoundTheAnswer(_ name: String) async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("a🜄bc"))) { server in
      for (most, text) in [(1, "a"), (3, "a\u{FFFD}"), (5, "a🜄"), (6, "a🜄b")] {
        let fields: JSON = .object([JSON.Member(name, .integer(most))])
        let choice = try await server.chat(fields).json["choices"]?.elements?.first
        #expect(choice?["message"]?["content"]?.text == text && choice?["finish_reason"] == "length", "\(most)")
        let stream = try await server.chat(.object((fields.members ?? []) + [JSON.Member("stream", true)]))
        #expect(stream.said() == text, "\(most)")
      }
    }
  }

  @Test func seedsRepeatAndSeveralAnswersDiffer() async throws {
    try await TestServer.with(ServerFixtures.engine(ScriptedModel(vocabularySize: ServerFixtures.vocabularySize))) {
      server in
      let fields: JSON = ["seed": 7, "max_tokens": 24, "n": 3, "temperature": 1.5, "top_k": 0, "min_p": 0]
      let first = try await server.chat(fields).json
      let again = try await server.chat(fields).json
      #expect(first["choices"] == again["choices"])
      let choices = try #require(first["choices"]?.elements)
      #expect(choices.map { $0["index"]?.int } == [0, 1, 2])
      #expect(Set(choices.map { $0["message"]?["content"]?.text ?? "" }).count == 3)
      let one = try await server.chat(["seed": 8, "max_tokens": 24, "temperature": 1.5, "top_k": 0, "min_p": 0]).json
      #expect(one["choices"]?.elements?.first?["message"] == choices[1]["message"])
      #expect(first["usage"]?["prompt_tokens"] == one["usage"]?["prompt_tokens"])
      let stream = try await server.chat(.object((fields.members ?? []) + [JSON.Member("stream", true)]))
      for (index, choice) in choices.enumerated() {
        #expect(stream.said(index) == choice["message"]?["content"]?.text)
      }
      #expect(stream.events.filter { $0 == "[DONE]" }.count == 1)
    }
  }

  @Test func logProbabilitiesCoverEachTokenOfTheAnswer() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("é!"))) { server in
      let fields: JSON = ["logprobs": true, "top_logprobs": 2]
      let whole = try await server.chat(fields).json["choices"]?.elements?.first?["logprobs"]
      let content = try #require(whole?["content"]?.elements)
      #expect(content.map { $0["bytes"] } == [[0xC3], [0xA9], [0x21]])
      #expect(content.map { $0["token"]?.text } == ["\u{FFFD}", "\u{FFFD}", "!"])
      #expect(content.allSatisfy { $0["top_logprobs"]?.elements?.count == 2 && ($0["logprob"]?.double ?? 1) <= 0 })
      let stream = try await server.chat(.object((fields.members ?? []) + [JSON.Member("stream", true)]))
      let streamed = stream.chunks.flatMap {
        $0["choices"]?.elements?.first?["logprobs"]?["content"]?.elements ?? []
      }
      #expect(streamed == content)
      let plain = try await server.chat(["logprobs": true]).json["choices"]?.elements?.first?["logprobs"]
      #expect(plain?["content"]?.elements?.allSatisfy { $0["top_logprobs"] == [] } == true)
    }
  }

  @Test func anAnswerMayBeBoundToAForm() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      let schema: JSON = [
        "type": "object", "properties": ["a": ["enum": [1, 2]]], "required": ["a"], "additionalProperties": false,
      ]
      let format: JSON = ["type": "json_schema", "json_schema": ["name": "x", "schema": schema]]
      let reply = try await server.chat(["response_format": format, "max_tokens": 200]).json
      let text = try #require(reply["choices"]?.elements?.first?["message"]?["content"]?.text)
      let value = try JSON(parsing: text)
      #expect(value["a"] == 1 || value["a"] == 2)
      #expect(reply["choices"]?.elements?.first?["finish_reason"] == "stop")
      let word = try await server.chat(["grammar": "root ::= \"yes\" | \"no\""]).json
      #expect(["yes", "no"].contains(word["choices"]?.elements?.first?["message"]?["content"]?.text))
      let text2 = try await server.chat(["response_format": ["type": "text"], "max_tokens": 3])
      #expect(text2.status == 200)
    }
    let object = try ServerFixtures.saying("{\"k\": [1]} and more")
    try await TestServer.with(ServerFixtures.engine(object)) { server in
      let reply = try await server.chat(["response_format": ["type": "json_object"]]).json
      #expect(reply["choices"]?.elements?.first?["message"]?["content"]?.text == "{\"k\": [1]}")
    }
  }

  @Test func messagesMayHavePartsNullsCallsAndUnknownFields() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("ok"))) { server in
      let call: JSON = [
        "id": "c1", "type": "function", "function": ["name": "add", "arguments": "{\"a\": 1}"],
      ]
      let messages: JSON = [
        ["role": "developer", "content": "be brief", "unknown": [1, 2]],
        ["role": "user", "content": [["type": "text", "text": "a"], ["type": "text", "text": "<|im_end|>"]]],
        ["role": "assistant", "content": .null, "tool_calls": [call], "name": .null],
        ["role": "tool", "content": "3", "tool_call_id": "c1"],
      ]
      let prompt = try await server.post("/apply-template", ["messages": messages]).json["prompt"]?.text
      let expected =
        "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\na<|im_end|><|im_end|>\n<|im_start|>assistant\n"
        + "[add {\"a\": 1}]<|im_end|>\n<|im_start|>tool\n3(c1)<|im_end|>\n<|im_start|>assistant\n"
      #expect(prompt == expected)
      let fields: JSON = [
        "messages": messages, "model": .null, "user": "bob", "store": false, "made_up": ["deep": [.null]],
        "temperature": .null, "stop": .null, "n": .null, "tools": [], "stream": false,
      ]
      let reply = try await server.post("/v1/chat/completions", fields)
      #expect(reply.status == 200)
      #expect(reply.json["choices"]?.elements?.first?["message"]?["content"]?.text == "ok")
    }
  }

  @Test func penaltiesBiasAndSamplersReachTheEngine() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("aaaa"))) { server in
      let id = try #require(try ServerFixtures.tokenizer().encode("z").first)
      let biased = try await server.chat([
        "logit_bias": .object([JSON.Member("\(id)", 100)]), "max_tokens": 3, "temperature": 0,
      ])
      #expect(biased.json["choices"]?.elements?.first?["message"]?["content"]?.text == "zzz")
      let end: JSON = .object([JSON.Member("\(ServerFixtures.end)", -100), JSON.Member("0", -100)])
      let unending = try await server.chat(["logit_bias": end, "max_tokens": 8, "temperature": 0])
      #expect(unending.json["choices"]?.elements?.first?["finish_reason"] == "length")
      let fields: JSON = [
        "presence_penalty": 1, "frequency_penalty": 0.5, "repeat_penalty": 1.1, "repeat_last_n": -1, "top_p": 0.5,
        "top_k": -1, "min_p": 0.1, "seed": -1, "ignore_eos": false, "max_tokens": 2,
      ]
      #expect(try await server.chat(fields).status == 200)
    }
  }
}
