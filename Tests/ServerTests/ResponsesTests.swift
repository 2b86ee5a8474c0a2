import Formats
import Testing
import Venturi
import VenturiTesting

/// `POST /v1/responses`: the wire details of whole answers and of streams.
@Suite struct ResponsesTests {
  private static let tool: JSON = [
    "type": "function", "name": "now", "parameters": ["type": "object", "properties": [:]],
  ]
  private static let call = "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>"

  private static func ask(_ server: TestServer, _ fields: JSON) async throws -> HTTPReply {
    try await server.post("/v1/responses", fields)
  }

  /// The data of the events, each of which must have its type as its name and the next number.
  private static func events(_ reply: HTTPReply) throws -> [JSON] {
    try reply.text.split(separator: "\n\n").enumerated().map { index, event in
      let lines = event.split(separator: "\n", maxSplits: 1)
      let json = try JSON(parsing: lines[1].dropFirst(6))
      #expect(lines[0] == "event: \(json["type"]?.text ?? "")" && json["sequence_number"]?.int == index, "\(event)")
      return json
    }
  }

  @Test func aWholeAnswerHasTheFormThatClientsKnow() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("Grüße"))) { server in
      let reply = try await Self.ask(
        server,
        ["model": "scripted", "input": "hi", "instructions": "be brief", "metadata": ["a": "b"], "store": false])
      #expect(reply.status == 200, "\(reply.text)")
      let json = reply.json
      #expect(json["object"] == "response" && json["status"] == "completed" && json["model"] == "scripted")
      #expect(json["id"]?.text?.hasPrefix("resp_") == true && json["error"] == .null)
      #expect(json["instructions"] == "be brief" && json["metadata"] == ["a": "b"] && json["store"] == false)
      #expect(json["tools"] == [] && json["tool_choice"] == "auto" && json["parallel_tool_calls"] == true)
      let item = try #require(json["output"]?.elements?.first)
      #expect(json["output"]?.elements?.count == 1 && item["type"] == "message" && item["status"] == "completed")
      #expect(item["id"]?.text?.hasPrefix("msg_") == true && item["role"] == "assistant")
      #expect(item["content"] == [["type": "output_text", "text": "Grüße", "annotations": [], "logprobs": []]])
      let prompt = try ServerFixtures.tokenizer().encode("xsystem\nbe briefx\nxuser\nhix\nxassistant\n").count
      let tokens = "Grüße".utf8.count + 1
      #expect(
        json["usage"] == [
          "input_tokens": .integer(prompt), "input_tokens_details": ["cached_tokens": 0, "cache_write_tokens": 0],
          "output_tokens": .integer(tokens), "output_tokens_details": ["reasoning_tokens": 0],
          "total_tokens": .integer(prompt + tokens),
        ])
    }
  }

  @Test func aStreamTellsEachItemFromItsBeginningToItsEnd() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("ab" + Self.call))) { server in
      let fields: JSON = ["input": "hi", "tools": [Self.tool], "stream": true]
      let reply = try await Self.ask(server, fields)
      #expect(reply.headers["content-type"] == "text/event-stream" && !reply.text.contains("[DONE]"))
      let events = try Self.events(reply)
      #expect(
        events.map { $0["type"]?.text?.dropFirst(9) } == [
          "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
          "output_text.done", "content_part.done", "output_item.done", "output_item.added",
          "function_call_arguments.delta", "function_call_arguments.delta", "function_call_arguments.done",
          "output_item.done", "completed",
        ])
      #expect(events[0]["response"]?["status"] == "in_progress" && events[0]["response"]?["output"] == [])
      #expect(events[0]["response"]?["usage"] == .null)
      let message = try #require(events[2]["item"]?["id"])
      #expect(
        events[3...7].allSatisfy { $0["item_id"] == message && $0["output_index"] == 0 && $0["content_index"] == 0 })
      #expect(events[4]["delta"] == "a" && events[5]["delta"] == "b" && events[6]["text"] == "ab")
      let call = try #require(events[9]["item"])
      #expect(call["type"] == "function_call" && call["name"] == "now" && call["arguments"] == "")
      #expect(call["status"] == "in_progress" && call["call_id"]?.text?.hasPrefix("call_") == true)
      #expect(events[10...12].allSatisfy { $0["item_id"] == call["id"] && $0["output_index"] == 1 })
      #expect(events[12]["arguments"] == "{}" && events[13]["item"]?["status"] == "completed")
      // What ended is what the response has, and what a whole answer says but for its ids.
      let output = events[14]["response"]?["output"]?.elements ?? []
      #expect(output == [events[8]["item"], events[13]["item"]] && events[14]["response"]?["status"] == "completed")
      let whole = try await Self.ask(server, ["input": "hi", "tools": [Self.tool]]).json["output"]?.elements ?? []
      func plain(_ items: [JSON]) -> [JSON] {
        items.map { .object(($0.members ?? []).filter { !["id", "call_id"].contains($0.key) }) }
      }
      #expect(plain(whole) == plain(output))
    }
  }

  @Test func anAnswerThatIsCutIsIncomplete() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(Self.call))) { server in
      let most = JSON.integer(Self.call.utf8.count - "}}</tool_call>".utf8.count)
      let fields: JSON = ["input": "hi", "tools": [Self.tool], "max_output_tokens": most]
      let json = try await Self.ask(server, fields).json
      #expect(json["status"] == "incomplete" && json["incomplete_details"] == ["reason": "max_output_tokens"])
      let item = json["output"]?.elements?.first
      #expect(item?["type"] == "function_call" && item?["status"] == "incomplete" && item?["arguments"] == "{")
      let stream = try await Self.ask(server, .object((fields.members ?? []) + [JSON.Member("stream", true)]))
      let last = try Self.events(stream).last
      #expect(last?["type"] == "response.incomplete" && last?["response"]?["status"] == "incomplete")
      #expect(last?["response"]?["output"]?.elements?.first?["arguments"] == "{")
    }
  }

  @Test func aConversationOfItemsIsAConversation() async throws {
    // What the model is told shows in the tokens that it is told.
    let messages: JSON = [
      ["role": "system", "content": "be brief"], ["role": "user", "content": "what time?"],
      [
        "role": "assistant", "content": "let me see",
        "tool_calls": [
          ["id": "c1", "function": ["name": "now", "arguments": "{}"]],
          ["id": "c2", "function": ["name": "now", "arguments": "{\"z\": 1}"]],
        ],
      ],
      ["role": "tool", "content": "12:00", "tool_call_id": "c1"],
      [
        "role": "assistant", "content": "",
        "tool_calls": [["id": "c3", "function": ["name": "now", "arguments": "{}"]]],
      ],
      ["role": "tool", "content": "12:01", "tool_call_id": "c3"],
    ]
    let input: JSON = [
      ["role": "user", "content": [["type": "input_text", "text": "what time?"]]],
      ["type": "message", "role": "assistant", "content": [["type": "output_text", "text": "let me see"]], "id": "m"],
      ["type": "function_call", "call_id": "c1", "name": "now", "arguments": "{}", "id": "f", "status": "completed"],
      ["type": "function_call", "call_id": "c2", "name": "now", "arguments": "{\"z\": 1}"],
      ["type": "function_call_output", "call_id": "c1", "output": "12:00"],
      ["type": "function_call", "call_id": "c3", "name": "now", "arguments": "{}"],
      ["type": "function_call_output", "call_id": "c3", "output": [["type": "input_text", "text": "12:01"]]],
    ]
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("ok"))) { server in
      let one = try await server.chat(["messages": messages]).json["usage"]
      let other = try await Self.ask(server, ["input": input, "instructions": "be brief"]).json["usage"]
      #expect(one?["prompt_tokens"] != nil && one?["prompt_tokens"] == other?["input_tokens"])
      // Instructions and a system item are one system message.
      let both: JSON = [["role": "developer", "content": "b"], ["role": "user", "content": "c"]]
      let merged = try await Self.ask(server, ["input": both, "instructions": "a"]).json["usage"]
      let plain = try ServerFixtures.tokenizer().encode("xsystem\na\n\nbx\nxuser\ncx\nxassistant\n").count
      #expect(merged?["input_tokens"]?.int == plain)
    }
  }

  @Test func anAnswerMayBeBoundToAFormOrToACall() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      let format: JSON = ["format": ["type": "json_schema", "name": "x", "schema": ["enum": ["yes", "no"]]]]
      let bound = try await Self.ask(server, ["input": "hi", "text": format]).json
      let text = bound["output"]?.elements?.first?["content"]?.elements?.first?["text"]?.text
      #expect(["\"yes\"", "\"no\""].contains(text) && bound["text"] == format)
      for choice in ["required", ["type": "function", "name": "now"]] as [JSON] {
        let reply = try await Self.ask(
          server, ["input": "hi", "tools": [Self.tool], "tool_choice": choice, "parallel_tool_calls": false])
        let item = reply.json["output"]?.elements?.first
        #expect(item?["type"] == "function_call" && item?["name"] == "now" && item?["status"] == "completed")
        #expect(reply.json["tool_choice"] == choice && reply.json["tools"] == [Self.tool])
      }
    }
  }

  @Test func whatGoesWrongInAStreamIsAnEventWithTheNextNumber() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      // Nothing that the vocabulary has follows this grammar to its end.
      let banned: JSON = .object((0..<ServerFixtures.vocabularySize).map { JSON.Member("\($0)", -100) })
      let reply = try await Self.ask(server, ["input": "hi", "stream": true, "logit_bias": banned])
      let events = try Self.events(reply)
      #expect(events.last?["type"] == "error" && events.last?["message"]?.text?.isEmpty == false, "\(reply.text)")
      try await server.isIdle()
    }
  }
}
