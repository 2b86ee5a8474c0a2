import Formats
import Server
import Testing
import Venturi
import VenturiTesting

/// ollama's interface: other words for the same answers.
@Suite struct OllamaTests {
  private static let answer = "Grüße 🜄, done."

  private func lines(_ reply: HTTPReply) -> [JSON] {
    reply.text.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
  }

  private func asked(_ more: JSON, _ path: String = "/api/chat") -> JSON {
    let base: JSON =
      path == "/api/chat"
      ? ["model": "scripted", "messages": [["role": "user", "content": "hi"]]] : ["model": "scripted", "prompt": "hi"]
    return .object((base.members ?? []) + (more.members ?? []))
  }

  @Test(arguments: ["/api/chat", "/api/generate"])
  func aStreamOfLinesSaysWhatAWholeAnswerSays(_ path: String) async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(Self.answer))) { server in
      func text(_ line: JSON) -> String? {
        path == "/api/chat" ? line["message"]?["content"]?.text : line["response"]?.text
      }
      let stream = try await server.post(path, asked([:], path))
      #expect(stream.status == 200 && stream.headers["content-type"] == "application/x-ndjson")
      #expect(stream.headers["cache-control"] == "no-cache" && stream.text.hasSuffix("}\n"))
      let parts = lines(stream)
      #expect(parts.count == stream.text.split(separator: "\n").count && parts.count > 3)
      #expect(parts.compactMap(text).joined() == Self.answer)
      #expect(parts.allSatisfy { $0["model"] == "scripted" } && parts.dropLast().allSatisfy { $0["done"] == false })
      let whole = try await server.post(path, asked(["stream": false], path))
      #expect(whole.headers["content-type"] == "application/json" && text(whole.json) == Self.answer)
      let tokens = try ServerFixtures.tokenizer().encode(Self.answer).count + 1
      let prompt = try ServerFixtures.tokenizer().encode("xuser\nhix\nxassistant\n").count
      for last in [try #require(parts.last), whole.json] {
        #expect(last["done"] == true && last["done_reason"] == "stop")
        #expect(last["eval_count"]?.int == tokens && last["prompt_eval_count"]?.int == prompt)
        let total = try #require(last["total_duration"]?.int)
        for name in ["load_duration", "prompt_eval_duration", "eval_duration"] {
          #expect(try (0...total).contains(#require(last[name]?.int)), "\(name) \(last.line)")
        }
      }
      #expect(try await server.metric("venturi_requests_total{outcome=\"ok\"}") == 2)
    }
  }

  @Test func bothInterfacesGiveTheSameAnswer() async throws {
    try await TestServer.with(ServerFixtures.engine(ScriptedModel(vocabularySize: ServerFixtures.vocabularySize))) {
      server in
      let drawn: JSON = [
        "seed": 7, "temperature": 1.5, "top_k": 30, "top_p": 0.9, "min_p": 0.01, "repeat_penalty": 1.2,
      ]
      func with(_ key: String, _ value: JSON) -> JSON { .object((drawn.members ?? []) + [JSON.Member(key, value)]) }
      let open = try await server.chat(with("max_tokens", 12)).json["choices"]?.elements?.first
      let options = with("num_predict", 12)
      let ours = try await server.post("/api/chat", asked(["stream": false, "options": options])).json
      #expect(
        ours["message"]?["content"] == open?["message"]?["content"] && ours["done_reason"] == open?["finish_reason"])
      let body: JSON = ["prompt": "hi", "stream": false, "options": options]
      #expect(try await server.post("/api/generate", body).json["response"] == ours["message"]?["content"])
      let raw = try await server.post("/api/generate", .object((body.members ?? []) + [JSON.Member("raw", true)])).json
      let text = try await server.post(
        "/v1/completions", .object((with("max_tokens", 12).members ?? []) + [JSON.Member("prompt", "hi")])
      ).json
      #expect(raw["response"] == text["choices"]?.elements?.first?["text"])
      let told = try await server.post(
        "/api/chat", asked(["stream": false, "options": options, "logprobs": true, "top_logprobs": 2])
      ).json["logprobs"]?.elements
      #expect(
        told?.count == ours["eval_count"]?.int && told?.allSatisfy { $0["top_logprobs"]?.elements?.count == 2 } == true)
    }
  }

  @Test func optionsBoundTheAnswer() async throws {
    let long = String(repeating: "abc STOP ", count: 40)
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(long, contextLength: 256))) { server in
      func ask(_ options: JSON) async throws -> JSON {
        try await server.post("/api/chat", asked(["stream": false, "options": options])).json
      }
      #expect(try await ask(["num_predict": 3])["message"]?["content"] == "abc")
      #expect(try await ask(["stop": ["STOP"]])["message"]?["content"] == "abc ")
      let prompt = try ServerFixtures.tokenizer().encode("xuser\nhix\nxassistant\n").count
      for (options, count) in [
        (["num_predict": -1] as JSON, 256 - prompt), (["num_predict": -2], 256 - prompt),
        (["num_ctx": 64], 64 - prompt),
        (["num_ctx": 64, "num_predict": 5], 5),
      ] {
        let reply = try await ask(options)
        #expect(reply["eval_count"]?.int == count && reply["done_reason"] == "length", "\(options.line)")
      }
      // A context that is too small or too large is said, and nothing is cut.
      let small = try await ask(["num_ctx": .integer(prompt)])["error"]?.text
      #expect(small?.contains("has \(prompt) tokens") == true, "\(small ?? "")")
      let large = try await ask(["num_ctx": 257])["error"]?.text
      #expect(large?.contains("options.num_ctx") == true && large?.contains("256") == true)
    }
  }

  @Test func anAnswerMayBeBoundToAForm() async throws {
    try await TestServer.with(ServerFixtures.engine(ScriptedModel(vocabularySize: ServerFixtures.vocabularySize))) {
      server in
      let schema: JSON = ["type": "object", "properties": ["a": ["enum": [1, 2]]], "required": ["a"]]
      let reply = try await server.post("/api/chat", asked(["stream": false, "format": schema])).json
      let value = try JSON(parsing: try #require(reply["message"]?["content"]?.text))
      #expect([1, 2].contains(value["a"]))
      let any = try await server.post(
        "/api/generate", ["prompt": "x", "format": "json", "stream": false, "options": ["num_predict": 200]])
      #expect(any.json["response"]?.text?.hasPrefix("{") == true)
      let bad = try await server.post("/api/chat", asked(["format": ["type": "object", "contains": 1]]))
      #expect(bad.status == 400 && bad.json["error"]?.text?.contains("'contains'") == true)
    }
  }

  @Test func instructionsCallsAndToolResultsReachTheTemplate() async throws {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize)
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      let call: JSON = ["function": ["name": "add", "arguments": ["a": 1]]]
      let messages: JSON = [
        ["role": "user", "content": "hi", "images": []], ["role": "assistant", "content": "", "tool_calls": [call]],
        ["role": "tool", "content": "3", "tool_name": "add"],
      ]
      let options: JSON = ["seed": 3, "num_predict": 8]
      let ours = try await server.post(
        "/api/chat", ["messages": messages, "stream": false, "options": options, "tools": []])
      let plain = try await server.post(
        "/v1/chat/completions", ["messages": messages, "seed": 3, "max_tokens": 8])
      #expect(ours.status == 200 && ours.json["prompt_eval_count"] == plain.json["usage"]?["prompt_tokens"])
      let system = try await server.post(
        "/api/generate", ["system": "be brief", "prompt": "hi", "stream": false, "options": options]
      ).json
      let same = try await server.chat([
        "messages": [["role": "system", "content": "be brief"], ["role": "user", "content": "hi"]], "max_tokens": 8,
        "seed": 3,
      ]).json
      #expect(system["response"] == same["choices"]?.elements?.first?["message"]?["content"])
    }
  }

  @Test func aRequestWithoutAPromptAsksWhetherTheModelIsThere() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("x"))) { server in
      for (path, body) in [
        ("/api/chat", ["model": "scripted:latest"] as JSON), ("/api/chat", ["messages": []]),
        ("/api/generate", ["model": "scripted"]), ("/api/generate", ["prompt": "", "keep_alive": "5m"]),
      ] {
        let reply = try await server.post(path, body)
        #expect(reply.status == 200 && reply.json["done"] == true && reply.json["done_reason"] == "load", "\(path)")
      }
      for zero in [0, "0", "0s", "0m", 0.0] as [JSON] {
        let reply = try await server.post("/api/generate", ["model": "scripted", "keep_alive": zero])
        #expect(reply.status == 400 && reply.json["error"]?.text?.hasPrefix("keep_alive") == true)
      }
      #expect(try await server.post("/api/chat", asked(["keep_alive": 0])).status == 200)
    }
  }

  @Test func modelsAreToldOf() async throws {
    let (catalogue, _) = try await InterfaceFixtures.catalogue()
    try await TestServer.with(catalogue) { server in
      #expect(try await server.get("/api/version").json["version"]?.text == EngineVersion.number)
      let tags = try await server.get("/api/tags").json["models"]?.elements ?? []
      #expect(tags.map { $0["name"] } == ["scripted", "minilm"] && tags.map { $0["model"] } == ["scripted", "minilm"])
      let details = tags.last?["details"]
      #expect(details?["parameter_size"] == "22.6M" && details?["quantization_level"] == "F32")
      let running = try await server.get("/api/ps").json["models"]?.elements ?? []
      #expect(running.map { $0["context_length"] } == [512, 256] && running.allSatisfy { $0["size_vram"] == 0 })
      let shown = try await server.post("/api/show", ["model": "scripted:latest"]).json
      #expect(
        shown["capabilities"] == ["completion"] && shown["template"]?.text?.contains("add_generation_prompt") == true)
      let architecture = try #require(shown["model_info"]?["general.architecture"]?.text)
      #expect(shown["model_info"]?["\(architecture).context_length"] == 512)
      #expect(try await server.post("/api/show", ["name": "minilm"]).json["capabilities"] == ["embedding"])
      let body: JSON = ["model": "minilm:latest", "input": ["Water flows.", "x"]]
      let ours = try await server.post("/api/embed", body).json
      let open = try await server.post("/v1/embeddings", ["model": "minilm", "input": ["Water flows.", "x"]]).json
      #expect(ours["embeddings"]?.elements == open["data"]?.elements?.compactMap { $0["embedding"] })
      #expect(ours["prompt_eval_count"] == open["usage"]?["prompt_tokens"] && ours["model"] == "minilm")
      let long = try await server.post(
        "/api/embed", ["model": "minilm", "truncate": true, "input": .string(String(repeating: "a b ", count: 300))])
      #expect(long.status == 400 && long.json["error"]?.text?.contains("602 tokens") == true, "nothing is cut silently")
    }
  }

  @Test func errorsHaveTheFormThatItsClientsKnow() async throws {
    let keys = try KeyRing(["key"])
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x", contextLength: 64))
    try await TestServer.with(engine, { $0.keys = keys }) { server in
      let key = ["Authorization": "Bearer key"]
      let long: JSON = ["prompt": .string(String(repeating: "a", count: 100))]
      let replies = [
        (try await server.post("/api/chat", asked([:])), 401), (try await server.get("/api/nowhere", key), 404),
        (try await server.send("DELETE", "/api/chat", key), 405),
        (try await server.post("/api/generate", long, key), 400),
        (try await server.post("/api/chat", asked(["options": ["temperature": -1]]), key), 400),
        (
          try await server.post("/api/chat", ["model": "none", "messages": [["role": "user", "content": "x"]]], key),
          404
        ),
      ]
      for (reply, status) in replies {
        #expect(reply.status == status && reply.json["error"]?.text?.isEmpty == false, "\(reply.text)")
        #expect(reply.headers["content-type"] == "application/json")
      }
      let tooLong = replies[3].0.json["error"]?.text
      #expect(tooLong?.hasPrefix("prompt: ") == true && tooLong?.contains("64") == true)
      #expect(replies[4].0.json["error"]?.text?.hasPrefix("options.temperature") == true)
    }
  }

  @Test(arguments: [
    ("/api/chat", "tools", #"[{"type": "function"}]"#), ("/api/chat", "think", "true"),
    ("/api/chat", "format", "\"xml\""),
    ("/api/chat", "options", "[]"), ("/api/chat", "stream", "1"), ("/api/chat", "keep_alive", "[]"),
    ("/api/chat", "top_logprobs", "2"), ("/api/chat", "messages", "{}"), ("/api/generate", "suffix", "\"x\""),
    ("/api/generate", "template", "\"x\""), ("/api/generate", "context", "[1]"),
    ("/api/generate", "images", "[\"aGk=\"]"),
    ("/api/generate", "system", "1"), ("/api/generate", "raw", "\"x\""), ("/api/generate", "prompt", "[]"),
    ("/api/generate", "options", "{\"num_ctx\": 1}"), ("/api/generate", "options", "{\"mirostat\": 2}"),
    ("/api/generate", "options", "{\"num_predict\": -3}"), ("/api/generate", "options", "{\"num_predict\": 1.5}"),
    ("/api/chat", "messages", #"[{"role": "user", "content": "x", "images": ["aGk="]}]"#), ("/api/show", "model", "1"),
  ])
  func whatIsNotSupportedIsRefusedByName(_ path: String, _ field: String, _ value: String) async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("x"))) { server in
      let others = asked([:], path).members?.filter { $0.key != field } ?? []
      let body = JSON.object(others + [JSON.Member(field, try JSON(parsing: value))])
      let reply = try await server.post(path, body)
      #expect(reply.status == 400 && reply.json["error"]?.text?.hasPrefix(field) == true, "\(reply.text)")
    }
  }

  @Test func aStreamThatEndsTooEarlyEndsWithAnError() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.talking())
    try await TestServer.with(engine, { $0.deadlines.drain = 0.05 }) { server in
      let port = server.port
      let ask = TestServer.bytes("POST", "/api/chat", body: Array(asked([:]).line.utf8))
      let connection = try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(ask)
        _ = connection.receive(until: "\"x\"")
        return connection
      }
      await server.server.drain()
      let rest = try await offPool { String(decoding: connection.receiveAll(), as: UTF8.self) }
      #expect(rest.contains("{\"error\":\"the server is shutting down\"}\n"))
    }
  }
}
