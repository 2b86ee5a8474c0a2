import Formats
import Testing
import Venturi
import VenturiTesting

/// Tools in `POST /v1/chat/completions`: what is told of them, and how calls of them are answered.
@Suite struct ToolTests {
  static let add: JSON = [
    "type": "function",
    "function": [
      "name": "add", "description": "Adds two numbers.",
      "parameters": [
        "type": "object", "properties": ["a": ["type": "integer"], "b": ["enum": [1, 2]]], "required": ["a", "b"],
      ],
    ],
  ]
  static let now: JSON = ["type": "function", "function": ["name": "now"]]
  static let call = "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}\n</tool_call>"

  private static func with(_ fields: JSON, _ more: JSON) -> JSON {
    .object((fields.members ?? []) + (more.members ?? []))
  }

  /// A message, all its deltas joined as clients join them; ids and types come once.
  static func joined(_ reply: HTTPReply, _ index: Int = 0) -> JSON {
    var (text, calls, reason) = ("", [[String: String]](), JSON.null)
    for chunk in reply.chunks {
      guard let choice = chunk["choices"]?.elements?.first(where: { $0["index"]?.int == index }) else { continue }
      text += choice["delta"]?["content"]?.text ?? ""
      for call in choice["delta"]?["tool_calls"]?.elements ?? [] {
        let place = call["index"]?.int ?? -1
        if place == calls.count { calls.append([:]) }
        for (key, value) in [
          ("id", call["id"]), ("type", call["type"]), ("name", call["function"]?["name"]),
          ("arguments", call["function"]?["arguments"]),
        ] { if let text = value?.text { calls[place][key, default: ""] += text } }
      }
      if let end = choice["finish_reason"], end != .null { reason = end }
    }
    return message(text, calls, reason)
  }

  static func whole(_ reply: HTTPReply, _ index: Int = 0) -> JSON {
    let choice = reply.json["choices"]?.elements?.first { $0["index"]?.int == index }
    let calls = (choice?["message"]?["tool_calls"]?.elements ?? []).map { call in
      var members = ["id": call["id"]?.text ?? "", "type": call["type"]?.text ?? ""]
      members["name"] = call["function"]?["name"]?.text
      members["arguments"] = call["function"]?["arguments"]?.text
      return members
    }
    return message(choice?["message"]?["content"]?.text ?? "", calls, choice?["finish_reason"] ?? .null)
  }

  /// Ids are drawn for each answer: what is compared is their form.
  private static func message(_ text: String, _ calls: [[String: String]], _ reason: JSON) -> JSON {
    let list = calls.map { call -> JSON in
      let id = call["id"] ?? ""
      let isGood = id.hasPrefix("call_") && id.utf8.count == 29 || id.utf8.count == 9
      return [
        "id": .string(isGood ? "good" : id), "type": .string(call["type"] ?? ""), "name": .string(call["name"] ?? ""),
        "arguments": .string(call["arguments"] ?? ""),
      ]
    }
    return ["content": .string(text), "calls": .array(list), "reason": reason]
  }

  static func said(_ text: String, _ calls: [(String, String)], _ reason: JSON) -> JSON {
    message(text, calls.map { ["id": "123456789", "type": "function", "name": $0.0, "arguments": $0.1] }, reason)
  }

  private static func check(_ answer: String, _ expected: JSON, hint: String? = nil) async throws {
    try await check(answer, [:], expected, hint: hint)
  }

  /// Asks whole and as a stream and sees that both say `expected`.
  private static func check(
    _ answer: String, _ fields: JSON, _ expected: JSON, hint: String? = nil,
    location: SourceLocation = #_sourceLocation
  ) async throws {
    let template = try hint.map { try ServerFixtures.template(calling: $0) } ?? ServerFixtures.template()
    let engine = try Engine(
      model: ServerFixtures.saying(answer), tokenizer: ServerFixtures.tokenizer(), template: template)
    let fields = with(["tools": [add, now]], fields)
    try await TestServer.with(engine) { server in
      let whole = try await server.chat(fields)
      #expect(whole.status == 200, "\(whole.text)", sourceLocation: location)
      #expect(Self.whole(whole) == expected, sourceLocation: location)
      let stream = try await server.chat(Self.with(fields, ["stream": true]))
      #expect(Self.joined(stream) == expected, sourceLocation: location)
      #expect(stream.events.last == "[DONE]", sourceLocation: location)
    }
  }

  @Test func aStreamedCallIsWordForWordWhatItShouldBe() async throws {
    let answer = "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>"
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(answer))) { server in
      let chunks = try await server.chat(["tools": [Self.now], "stream": true]).chunks
      let choices = chunks.compactMap { $0["choices"]?.elements?.first }
      let id = choices.dropFirst().first?["delta"]?["tool_calls"]?.elements?.first?["id"] ?? .null
      #expect(id.text?.hasPrefix("call_") == true)
      let call: JSON = ["index": 0, "id": id, "type": "function", "function": ["name": "now", "arguments": ""]]
      func arguments(_ text: JSON) -> JSON { ["tool_calls": [["index": 0, "function": ["arguments": text]]]] }
      #expect(
        choices.map { $0["delta"] } == [
          ["role": "assistant", "content": ""], ["tool_calls": [call]], arguments("{"), arguments("}"), [:],
        ])
      #expect(choices.map { $0["finish_reason"] } == [.null, .null, .null, .null, "tool_calls"])
      let whole = try await server.chat(["tools": [Self.now]]).json["choices"]?.elements?.first
      #expect(whole?["message"]?["content"] == .null && whole?["finish_reason"] == "tool_calls")
    }
  }

  @Test func callsAreFoundInTheFormatOfTheTemplate() async throws {
    let arguments = "{\"a\": 1, \"b\": 2}"
    try await Self.check(Self.call, Self.said("", [("add", arguments)], "tool_calls"))
    try await Self.check(
      "Let me see.\n" + Self.call + "\n" + Self.call,
      Self.said("Let me see.\n", [("add", arguments), ("add", arguments)], "tool_calls"),
      hint: "<tool_call>")
    try await Self.check(
      "{\"name\": \"add\", \"parameters\": \(arguments)}; {\"name\": \"now\", \"parameters\": {}}",
      Self.said("", [("add", arguments), ("now", "{}")], "tool_calls"), hint: "<|python_tag|>")
    try await Self.check(
      "[{\"name\": \"add\", \"arguments\": \(arguments)}]", Self.said("", [("add", arguments)], "tool_calls"),
      hint: "[TOOL_CALLS]")
    // One call at most, and none at all.
    try await Self.check(
      Self.call + Self.call, ["parallel_tool_calls": false], Self.said(Self.call, [("add", arguments)], "tool_calls"))
    try await Self.check(Self.call, ["tool_choice": "none"], Self.said(Self.call, [], "stop"))
  }

  @Test func textThatIsNoCallIsContent() async throws {
    for text in [
      "Hello.", "<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>", "<tool_call>", "a <b",
      "<tool_call>{\"name\": \"add\"",
      "\n ", "<tool_call>{\"name\": \"add\", \"arguments\": 3}</tool_call>",
    ] { try await Self.check(text, Self.said(text, [], "stop")) }
    try await Self.check(
      "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": NaN}}</tool_call>",
      Self.said("NaN}}</tool_call>", [("add", "{\"a\": ")], "stop"))
  }

  @Test func anAnswerThatEndsWithinACallKeepsWhatItSaid() async throws {
    let text = "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": \"é🜄 STOP\"}}</tool_call>"
    // Each token is a byte.
    let prefix = "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": \"".utf8.count
    try await Self.check(text, ["max_tokens": 20], Self.said("<tool_call>{\"name\": ", [], "length"))
    try await Self.check(text, ["max_tokens": .integer(prefix)], Self.said("", [("add", "{\"a\": \"")], "length"))
    try await Self.check(
      text, ["max_tokens": .integer(prefix + 1)], Self.said("", [("add", "{\"a\": \"\u{FFFD}")], "length"))
    try await Self.check(
      text, ["max_tokens": .integer(prefix + 5)], Self.said("", [("add", "{\"a\": \"é\u{FFFD}")], "length"))
    try await Self.check(text, ["stop": "STOP"], Self.said("", [("add", "{\"a\": \"é🜄 ")], "stop"))
    // A call that is whole is one, wherever the answer ends behind it.
    try await Self.check(text, ["stop": "</tool"], Self.said("", [("add", "{\"a\": \"é🜄 STOP\"}")], "tool_calls"))
    try await Self.check(
      text, ["max_tokens": .integer(text.utf8.count)], Self.said("", [("add", "{\"a\": \"é🜄 STOP\"}")], "length"))
  }

  @Test func anAnswerThatMustCallCallsAsTheSchemaSays() async throws {
    // A model that says nothing of use, bound.
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    for hint in ["<tool_call>", "<|python_tag|>", "[TOOL_CALLS]", "[TOOL_CALLS] [ARGS]"] {
      let engine = try Engine(
        model: model, tokenizer: ServerFixtures.tokenizer(), template: ServerFixtures.template(calling: hint))
      try await TestServer.with(engine) { server in
        let named: JSON = ["type": "function", "function": ["name": "add"]]
        for (choice, names) in [("required" as JSON, ["add", "now"]), (named, ["add"])] {
          for seed in 0..<4 {
            let fields: JSON = [
              "tools": [Self.add, Self.now], "tool_choice": choice, "seed": .integer(seed), "max_tokens": 400,
              "temperature": 1.5, "parallel_tool_calls": false,
            ]
            let reply = try await server.chat(fields)
            let said = Self.whole(reply)
            #expect(said["content"] == "" && said["reason"] == "tool_calls", "\(reply.text)")
            let calls = said["calls"]?.elements ?? []
            #expect(calls.count == 1 && names.contains(calls[0]["name"]?.text ?? ""), "\(reply.text)")
            let value = try JSON(parsing: calls.first?["arguments"]?.text ?? "")
            if calls.first?["name"] == "add" {
              #expect(value["a"]?.int != nil && [1, 2].contains(value["b"]?.int ?? 0), "\(value)")
            } else {
              #expect(value == [:])
            }
            let stream = try await server.chat(Self.with(fields, ["stream": true]))
            #expect(Self.joined(stream) == said)
          }
        }
        // Several calls, of which the last may be cut off.
        let many = try await server.chat([
          "tools": [Self.now], "tool_choice": "required", "max_tokens": 1000, "seed": 1, "temperature": 1.5,
        ])
        let calls = Self.whole(many)["calls"]?.elements ?? []
        #expect((1...16).contains(calls.count) && calls.allSatisfy { $0["name"] == "now" }, "\(many.text)")
      }
    }
  }

  @Test func aMarkerThatIsAControlTokenCounts() async throws {
    let tokens = TinyLlama.specials + ["[TOOL_CALLS]"] + TinyLlama.byteAlphabet
    let types = [Int32](repeating: 3, count: 4) + [Int32](repeating: 1, count: 256)
    let vocabulary = try Vocabulary(byteLevelTokens: ByteStrings(tokens), types: types, special: SpecialTokens(end: 2))
    let tokenizer = try Tokenizer(vocabulary: vocabulary, merges: ByteStrings([String]()), preTokenizer: "smollm")
    let answer =
      tokenizer.encode("Well. ") + [3] + tokenizer.encode("[{\"name\": \"now\", \"arguments\": {}}]")
    let turn = tokenizer.encode("assistant\n").count
    let model = ScriptedModel(vocabularySize: 260, contextLength: 4096) { history in
      let said = history.count - (history.lastIndex(of: 1) ?? 0) - 1 - turn
      var logits = [Float](repeating: 0, count: 260)
      logits[Int(answer.indices.contains(said) ? answer[said] : 2)] = 50
      return logits
    }
    let engine = try Engine(
      model: model, tokenizer: tokenizer, template: ServerFixtures.template(calling: "[TOOL_CALLS]"))
    try await TestServer.with(engine) { server in
      let expected = Self.said("Well. ", [("now", "{}")], "tool_calls")
      let whole = try await server.chat(["tools": [Self.now]])
      #expect(Self.whole(whole) == expected)
      let id = whole.json["choices"]?.elements?.first?["message"]?["tool_calls"]?.elements?.first?["id"]?.text
      #expect(id?.utf8.count == 9)
      #expect(Self.joined(try await server.chat(["tools": [Self.now], "stream": true])) == expected)
    }
  }

  @Test func everyTokenIsToldOfOnceWhereCallsAre() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("é " + Self.call + " ok"))) { server in
      let fields: JSON = ["tools": [Self.add], "logprobs": true, "n": 2]
      let whole = try await server.chat(fields)
      let stream = try await server.chat(Self.with(fields, ["stream": true]))
      for index in 0..<2 {
        #expect(Self.joined(stream, index) == Self.whole(whole, index))
        let choice = whole.json["choices"]?.elements?.first { $0["index"]?.int == index }
        let content = choice?["logprobs"]?["content"]?.elements ?? []
        #expect(content.count == ("é " + Self.call + " ok").utf8.count)
        let streamed = stream.chunks.compactMap { $0["choices"]?.elements?.first { $0["index"]?.int == index } }
          .flatMap { $0["logprobs"]?["content"]?.elements ?? [] }
        #expect(streamed == content)
      }
    }
  }

  @Test func theModelIsToldOfTools() async throws {
    let listing = try Engine(
      model: ServerFixtures.saying(""), tokenizer: ServerFixtures.tokenizer(),
      template: ServerFixtures.template(calling: ""))
    let body: JSON = ["messages": [["role": "user", "content": "hi"]], "tools": [Self.now]]
    try await TestServer.with(listing) { server in
      let prompt = try await server.post("/apply-template", body).json["prompt"]?.text
      #expect(
        prompt?.hasPrefix("<|im_start|>tools\n[{\"type\": \"function\", \"function\": {\"name\": \"now\",") == true)
      let none = try await server.post("/apply-template", Self.with(body, ["tool_choice": "none"])).json["prompt"]?.text
      #expect(none == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
    }
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(""))) { server in
      let prompt = try await server.post("/apply-template", body).json["prompt"]?.text
      #expect(prompt?.hasPrefix("<|im_start|>system\nYou may call functions") == true)
      #expect(prompt?.contains(ChatTool(name: "now").json.line) == true)
    }
  }

  /// Answers of pieces of calls at random, whole and streamed.
  @Test func joinedDeltasAreTheWholeAnswer() async throws {
    let words = [
      "<tool_call>", "</tool_call>", "{\"name\": \"now\", \"arguments\": ", "{\"a\": \"é\"}", "{\"a\": [", "}", "\n",
      "text 🜄 ", "<tool",
      "<tool_call>{\"name\": \"now\", \"arguments\": {\"b\": 1}}</tool_call>",
    ]
    var random = Random(seed: 11)
    for _ in 0..<40 {
      let answer = (0..<Int.random(in: 1...8, using: &random)).map { _ in
        words[Int.random(in: words.indices, using: &random)]
      }.joined()
      try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(answer))) { server in
        for fields in [[:], ["max_tokens": .integer(max(1, answer.utf8.count - 3))]] as [JSON] {
          let fields = Self.with(fields, ["tools": [Self.now]])
          let whole = Self.whole(try await server.chat(fields))
          let stream = Self.joined(try await server.chat(Self.with(fields, ["stream": true])))
          #expect(whole == stream, "\(answer)")
        }
      }
    }
  }
}
