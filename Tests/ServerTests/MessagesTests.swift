import Formats
import Server
import Testing
import Venturi
import VenturiTesting

/// `POST /v1/messages`: the wire details of Anthropic's interface.
@Suite struct MessagesTests {
  private static let tool: JSON = [
    "name": "add", "description": "Adds.",
    "input_schema": ["type": "object", "properties": ["a": ["type": "integer"]], "required": ["a"]],
  ]
  private static let call = "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1}}</tool_call>"

  private static func body(_ fields: JSON) -> JSON {
    var members = fields.members ?? []
    if fields["messages"] == nil { members.append(JSON.Member("messages", [["role": "user", "content": "hi"]])) }
    if fields["max_tokens"] == nil { members.append(JSON.Member("max_tokens", 500)) }
    return .object(members)
  }

  private static func ask(_ server: TestServer, _ fields: JSON = [:]) async throws -> HTTPReply {
    try await server.post("/v1/messages", body(fields))
  }

  /// The data of the events, each of which must have its type as its name.
  private static func events(_ reply: HTTPReply) throws -> [JSON] {
    try reply.text.split(separator: "\n\n").map { event in
      let lines = event.split(separator: "\n", maxSplits: 1)
      let json = try JSON(parsing: lines[1].dropFirst(6))
      #expect(lines[0] == "event: \(json["type"]?.text ?? "")", "\(event)")
      return json
    }
  }

  @Test func aWholeAnswerHasTheFormThatClientsKnow() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("Grüße"))) { server in
      let reply = try await Self.ask(server, ["model": "scripted", "system": "be brief"])
      #expect(reply.status == 200, "\(reply.text)")
      let json = reply.json
      #expect(json["id"]?.text?.hasPrefix("msg_") == true && json["type"] == "message" && json["role"] == "assistant")
      #expect(json["model"] == "scripted" && json["content"] == [["type": "text", "text": "Grüße"]])
      #expect(json["stop_reason"] == "end_turn" && json["stop_sequence"] == .null)
      let prompt = try ServerFixtures.tokenizer().encode("xsystem\nbe briefx\nxuser\nhix\nxassistant\n").count
      #expect(
        json["usage"] == [
          "input_tokens": .integer(prompt), "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
          "output_tokens": .integer("Grüße".utf8.count + 1),
        ])
    }
  }

  @Test func aStreamTellsEachBlockFromItsBeginningToItsEnd() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("ab" + Self.call + Self.call))) { server in
      let reply = try await Self.ask(server, ["tools": [Self.tool], "stream": true])
      #expect(reply.headers["content-type"] == "text/event-stream" && !reply.text.contains("[DONE]"))
      let events = try Self.events(reply)
      let json = "{\"a\":1}"
      let expected =
        ["message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"]
        + Array(
          repeating: ["content_block_start"] + Array(repeating: "content_block_delta", count: json.utf8.count)
            + ["content_block_stop"], count: 2
        ).flatMap { $0 } + ["message_delta", "message_stop"]
      #expect(events.map { $0["type"]?.text } == expected)
      let start = events[0]["message"]
      #expect(
        start?["content"] == [] && start?["stop_reason"] == .null && (start?["usage"]?["input_tokens"]?.int ?? 0) > 0)
      #expect(events[1]["content_block"] == ["type": "text", "text": ""] && events[1]["index"] == 0)
      #expect(events[2]["delta"] == ["type": "text_delta", "text": "a"])
      #expect(events[5]["content_block"]?["type"] == "tool_use" && events[5]["content_block"]?["input"] == [:])
      #expect(events[5]["content_block"]?["name"] == "add" && events[5]["index"] == 1)
      let parts = events.filter { $0["index"] == 1 && $0["delta"]?["type"] == "input_json_delta" }
      #expect(parts.compactMap { $0["delta"]?["partial_json"]?.text }.joined() == json)
      let end = events[events.count - 2]
      #expect(end["delta"] == ["stop_reason": "tool_use", "stop_sequence": .null])
      let whole = try await Self.ask(server, ["tools": [Self.tool]]).json
      #expect(whole["usage"]?["output_tokens"] == end["usage"]?["output_tokens"] && whole["stop_reason"] == "tool_use")
      let blocks = whole["content"]?.elements ?? []
      #expect(blocks.map { $0["type"] } == ["text", "tool_use", "tool_use"] && blocks[0]["text"] == "ab")
      #expect(blocks[1]["input"] == ["a": 1] && blocks[1]["id"]?.text?.hasPrefix("call_") == true)
    }
  }

  @Test func answersEndForAReason() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("one two " + Self.call))) { server in
      let stopped = try await Self.ask(server, ["stop_sequences": ["x", "two"], "tools": [Self.tool]]).json
      #expect(stopped["stop_reason"] == "stop_sequence" && stopped["stop_sequence"] == "two")
      #expect(stopped["content"] == [["type": "text", "text": "one "]])
      let most = JSON.integer("one two ".utf8.count + Self.call.utf8.count - "}}</tool_call>".utf8.count)
      let cut = try await Self.ask(server, ["max_tokens": most, "tools": [Self.tool]]).json
      #expect(cut["stop_reason"] == "max_tokens")
      // The number may have gone on, so it is not known.
      #expect(cut["content"]?.elements?.last?["input"] == [:])
      let stream = try Self.events(
        try await Self.ask(server, ["max_tokens": most, "tools": [Self.tool], "stream": true]))
      #expect(stream.compactMap { $0["delta"]?["partial_json"]?.text }.joined() == "{\"a\":1")
      #expect(stream.suffix(3).map { $0["type"] } == ["content_block_stop", "message_delta", "message_stop"])
      let plain = try await Self.ask(server, ["tools": [Self.tool], "tool_choice": ["type": "none"]]).json
      #expect(plain["content"] == [["type": "text", "text": .string("one two " + Self.call)]])
    }
  }

  @Test func aConversationOfBlocksIsAConversation() async throws {
    let messages: JSON = [
      ["role": "system", "content": "be brief"], ["role": "user", "content": "1+2, 3+4?"],
      [
        "role": "assistant", "content": "let me see", "reasoning_content": "hm",
        "tool_calls": [
          ["id": "c1", "function": ["name": "add", "arguments": "{\"a\": 1}"]],
          ["id": "c2", "function": ["name": "add", "arguments": "{\"a\": 3}"]],
        ],
      ],
      ["role": "tool", "content": "3", "tool_call_id": "c1"], ["role": "tool", "content": "7", "tool_call_id": "c2"],
      ["role": "user", "content": "thanks"],
    ]
    let blocks: JSON = [
      ["role": "user", "content": [["type": "text", "text": "1+2, 3+4?", "cache_control": ["type": "ephemeral"]]]],
      [
        "role": "assistant",
        "content": [
          ["type": "thinking", "thinking": "hm", "signature": "s"], ["type": "text", "text": "let me see"],
          ["type": "tool_use", "id": "c1", "name": "add", "input": ["a": 1]],
          ["type": "tool_use", "id": "c2", "name": "add", "input": ["a": 3]],
        ],
      ],
      [
        "role": "user",
        "content": [
          ["type": "tool_result", "tool_use_id": "c1", "content": "3"],
          ["type": "tool_result", "tool_use_id": "c2", "content": [["type": "text", "text": "7"]], "is_error": false],
          ["type": "text", "text": "thanks"],
        ],
      ],
    ]
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("ok"))) { server in
      let one = try await server.chat(["messages": messages]).json["usage"]
      let other = try await Self.ask(
        server, ["messages": blocks, "system": [["type": "text", "text": "be brief"]]]
      ).json["usage"]
      #expect(one?["prompt_tokens"] != nil && one?["prompt_tokens"] == other?["input_tokens"])
    }
  }

  @Test func anAnswerThatMustCallCalls() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      for choice in [["type": "any"], ["type": "tool", "name": "add"]] as [JSON] {
        let choice: JSON = .object((choice.members ?? []) + [JSON.Member("disable_parallel_tool_use", true)])
        let reply = try await Self.ask(server, ["tools": [Self.tool], "tool_choice": choice, "temperature": 1])
        let blocks = reply.json["content"]?.elements ?? []
        #expect(blocks.count == 1 && blocks[0]["type"] == "tool_use", "\(reply.text)")
        #expect(blocks.first?["input"]?["a"]?.int != nil && reply.json["stop_reason"] == "tool_use", "\(reply.text)")
      }
    }
  }

  @Test(arguments: [
    ("{}", "max_tokens"), ("{\"max_tokens\": 1}", "messages"), ("{\"messages\": [], \"max_tokens\": 1}", "messages"),
    ("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}", "max_tokens"),
    ("{\"messages\": 1, \"max_tokens\": 1}", "messages"),
    (with("\"max_tokens\": 0", most: false), "max_tokens"), (with("\"system\": 1"), "system"),
    (with("\"system\": [{\"type\": \"image\"}]"), "system[0].type"),
    (with("\"stop_sequences\": [1]"), "stop_sequences[0]"), (with("\"stop_sequences\": [\"\"]"), "stop_sequences[0]"),
    (with("\"stream\": 1"), "stream"), (with("\"temperature\": -1"), "temperature"), (with("\"top_k\": 1.5"), "top_k"),
    (with("\"mcp_servers\": [{}]"), "mcp_servers"), (with("\"container\": \"c\""), "container"),
    (with("\"output_config\": {\"format\": {\"type\": \"x\"}}"), "output_config.format.type"),
    (with("\"tools\": [{\"type\": \"web_search_20250305\", \"name\": \"w\"}]"), "tools[0].type"),
    (with("\"tools\": [{\"name\": \"w\"}]"), "tools[0].input_schema"), (with("\"tools\": [{}]"), "tools[0].name"),
    (with("\"tool_choice\": \"auto\""), "tool_choice"), (with("\"tool_choice\": {}"), "tool_choice.type"),
    (with("\"tool_choice\": {\"type\": \"some\"}"), "tool_choice.type"),
    (with("\"tool_choice\": {\"type\": \"tool\"}"), "tool_choice.name"),
    (with("\"tool_choice\": {\"type\": \"any\"}"), "tool_choice"),
    (messages("{\"role\": \"tool\", \"content\": \"x\"}"), "messages[0].role"),
    (messages("{\"role\": \"user\"}"), "messages[0].content"),
    (messages("{\"role\": \"user\", \"content\": 1}"), "messages[0].content"),
    (messages("{\"role\": \"user\", \"content\": [{}]}"), "messages[0].content[0].type"),
    (messages("{\"role\": \"user\", \"content\": [{\"type\": \"image\"}]}"), "messages[0].content[0].type"),
    (messages("{\"role\": \"user\", \"content\": [{\"type\": \"tool_use\"}]}"), "messages[0].content[0].type"),
    (messages("{\"role\": \"assistant\", \"content\": [{\"type\": \"tool_use\"}]}"), "messages[0].content[0].input"),
    (
      messages("{\"role\": \"user\", \"content\": [{\"type\": \"tool_result\"}]}"), "messages[0].content[0].tool_use_id"
    ),
  ])
  func aRefusalHasTheFormOfTheInterfaceAndNamesTheField(_ body: String, _ field: String) async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(""))) { server in
      let reply = try await server.send("POST", "/v1/messages", body: Array(body.utf8))
      #expect(reply.status == 400 && reply.json["type"] == "error" && reply.error["type"] == "invalid_request_error")
      #expect(reply.error["message"]?.text?.hasPrefix(field + ":") == true, "\(reply.text)")
    }
  }

  private static func with(_ field: String, most: Bool = true) -> String {
    "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \(most ? "\"max_tokens\": 9, " : "")\(field)}"
  }

  private static func messages(_ message: String) -> String { "{\"max_tokens\": 9, \"messages\": [\(message)]}" }

  @Test func allErrorsOfTheRouteHaveItsForm() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying(""))
    try await TestServer.with(engine, { $0.keys = (try? KeyRing(["secret"])) ?? KeyRing() }) { server in
      let body = Self.body([:])
      let stranger = try await server.post("/v1/messages", body)
      #expect(
        stranger.status == 401 && stranger.error["type"] == "authentication_error" && stranger.json["type"] == "error")
      #expect(try await server.post("/v1/messages", body, ["X-Api-Key": "secret"]).status == 200)
      #expect(try await server.post("/v1/messages", body, ["Authorization": "Bearer secret"]).status == 200)
      let unknown = try await server.post("/v1/messages", Self.body(["model": "gpt"]), ["x-api-key": "secret"])
      #expect(unknown.status == 404 && unknown.error["type"] == "not_found_error")
      let method = try await server.get("/v1/messages", ["x-api-key": "secret"])
      #expect(method.status == 405 && method.json["type"] == "error" && method.headers["allow"] == "POST")
      let broken = try await server.send("POST", "/v1/messages", ["x-api-key": "secret"], body: Array("{".utf8))
      #expect(broken.status == 400 && broken.error["type"] == "invalid_request_error")
      let other = try await server.post("/v1/chat/completions", body)
      #expect(other.json["type"] == nil && other.error["code"] == "missing_api_key")
    }
  }

  @Test func whatGoesWrongInAStreamIsAnEvent() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      let banned: JSON = .object((0..<ServerFixtures.vocabularySize).map { JSON.Member("\($0)", -100) })
      let reply = try await Self.ask(server, ["stream": true, "logit_bias": banned])
      let last = try Self.events(reply).last
      #expect(last?["type"] == "error" && last?["error"]?["type"] == "api_error", "\(reply.text)")
      try await server.isIdle()
    }
  }
}
