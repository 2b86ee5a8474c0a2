import Formats
import Foundation
import Server
import Testing
import Venturi
import VenturiTesting

/// What users of other servers were hurt by, provoked here; the article KnownPains lists all of it with its tests.
@Suite struct PainTests {
  @Test func everyPainHasTestsThatExist() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = root.appending(path: "Sources/Venturi/Venturi.docc/KnownPains.md")
    let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| ") }
      .dropFirst()
    #expect(rows.count >= 18)
    for row in rows {
      let names = row.matches(
        of: /`(?<file>[A-Za-z0-9\-]+Tests\/[A-Za-z]+Tests?|Integration\/[0-9a-z\-]+)(\.(?<test>\w+))?`/)
      #expect(!names.isEmpty, "\(row)")
      for name in names {
        let parts = name.file.split(separator: "/")
        let folder = root.appending(path: "Tests/\(parts[0])")
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        let path = paths.first {
          let file = $0.split(separator: "/").last ?? ""
          return file == "\(parts[1]).swift" || file == "\(parts[1]).sh"
        }
        guard let path else {
          Issue.record("there is no \(name.file)")
          continue
        }
        guard let test = name.test else { continue }
        let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
        #expect(text.contains("func \(test)("), "\(name.file) has no \(test)")
      }
    }
  }

  @Test func oneClientsLeavingEndsNobodyElsesAnswer() async throws {
    let end = Cue()
    let engine = try ServerFixtures.engine(ServerFixtures.talking(until: end))
    try await TestServer.with(engine) { server in
      let port = server.port
      let ask = TestServer.bytes(
        "POST", "/v1/chat/completions", body: Array(TestServer.chatBody(["stream": true]).line.utf8))
      try await withThrowingTaskGroup(of: String?.self) { group in
        for number in 0..<8 {
          group.addTask {
            if number % 2 == 0 { return try await server.chat(["stream": .bool(number % 4 == 0)]).completeText }
            try await offPool {
              let connection = try RawConnection(port: port)
              connection.send(ask)
              _ = connection.receive(until: "\"content\":\"x\"")
              connection.reset()
            }
            return nil
          }
        }
        group.addTask {
          try await server.eventually("four have left") {
            try await server.metric("venturi_requests_total{outcome=\"client_gone\"}") == 4
          }
          end.give()
          return nil
        }
        var whole = 0
        for try await text in group {
          guard let text else { continue }
          #expect(text.count > 1 && text.allSatisfy { $0 == "x" })
          whole += 1
        }
        #expect(whole == 4)
      }
      try await server.isIdle()
      #expect(try await server.metric("venturi_requests_total{outcome=\"client_gone\"}") == 4)
      #expect(try await server.metric("venturi_requests_total{outcome=\"ok\"}") == 4)
    }
  }

  @Test func answersOf64StreamsAtOnceAreTheirOwn() async throws {
    let engine = try ServerFixtures.engine(
      ServerFixtures.echoing(secondsPerStep: 0.001), options: EngineOptions(maxRunning: 64, prefixCache: .automatic))
    try await TestServer.with(engine) { server in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<64 {
          group.addTask {
            // The same beginning, so that there is something to be shared.
            let canary = "The same beginning for all of them, and then canary \(number * 7919 % 1009) of \(number) é🜄"
            let path = ["/v1/chat/completions", "/api/chat"][number % 2]
            let body = TestServer.chatBody(["stream": .bool(number % 4 < 2), "temperature": 0], canary)
            let reply = try await server.post(path, body)
            #expect(reply.status == 200 && reply.completeText == canary, "\(reply.text.prefix(200))")
          }
        }
        try await group.waitForAll()
      }
      try await server.isIdle()
    }
  }

  @Test func aRequestThatIsNotUTF8IsRefusedOnEveryRoute() async throws {
    let (catalogue, _) = try await InterfaceFixtures.catalogue()
    try await TestServer.with(catalogue) { server in
      for route in ServerRoutes.known where route.method == "POST" {
        for path in route.paths {
          for broken in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]]
            as [[UInt8]]
          {
            for name in ["prompt", "content", "input", "query", "x"] {
              let body = Array("{\"\(name)\":\"a".utf8) + broken + Array("b\"}".utf8)
              let reply = try await server.send("POST", path, body: body)
              #expect(reply.status == 400 && reply.text.contains("UTF-8"), "\(path) \(broken): \(reply.text)")
            }
          }
        }
      }
    }
  }

  @Test func bytesThatAreNoTextAreAnsweredAsText() async throws {
    // A whole character, a byte that is none, half a character.
    let said: [UInt8] = Array("é".utf8) + [0xFF, 0x61, 0xF0, 0x9F]
    let bytes = try ServerFixtures.tokenizer().vocabulary
    let ids = try said.map { byte in try #require((3..<259).first { try Array(bytes.bytes(of: $0)) == [byte] }) }
    let turn = try ServerFixtures.tokenizer().encode("assistant\n").count
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize) { history in
      let place = history.count - (history.lastIndex(of: ServerFixtures.start) ?? 0) - 1 - turn
      var logits = [Float](repeating: 0, count: ServerFixtures.vocabularySize)
      logits[Int(ids.indices.contains(place) ? ids[place] : ServerFixtures.end)] = 50
      return logits
    }
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      for path in ["/v1/chat/completions", "/api/chat"] {
        for isStreamed in [false, true] {
          for hasLogprobs in [false, true] {
            let body = TestServer.chatBody(["stream": .bool(isStreamed), "logprobs": .bool(hasLogprobs)])
            let reply = try await server.post(path, body)
            #expect(reply.status == 200 && reply.completeText == "é\u{FFFD}a\u{FFFD}", "\(path): \(reply.text)")
          }
        }
      }
    }
  }

  @Test func theContextIsShownAndHoldsOnAllRoutes() async throws {
    let options = EngineOptions(contextLength: 96)
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("x"), options: options)) { server in
      let model = try await server.get("/v1/models/scripted").json["meta"]
      #expect(model?["n_ctx"] == 96 && model?["n_ctx_train"] == 4096)
      #expect(try await server.get("/api/ps").json["models"]?.elements?.first?["context_length"] == 96)
      #expect(try await server.post("/tokenize", ["content": "x"]).json["max_model_len"] == 96)
      let frame = try ServerFixtures.tokenizer().encode("xuser\nx\nxassistant\n").count
      for path in [
        "/v1/chat/completions", "/chat/completions", "/v1/completions", "/completions", "/api/chat", "/api/generate",
      ] {
        for (tokens, status) in [(95, 200), (96, 400), (4000, 400)] {
          let isRaw = path.hasSuffix("completions") && !path.contains("chat")
          let text = String(repeating: "a", count: tokens - (isRaw ? 0 : frame))
          let message: JSON = ["role": "user", "content": .string(text)]
          let reply = try await server.post(path, ["prompt": .string(text), "messages": [message], "stream": false])
          #expect(reply.status == status, "\(path) \(tokens): \(reply.text.prefix(200))")
          // A text that no tokens make short enough is measured in bytes.
          let isSaid = reply.text.contains("\(tokens)") || reply.text.contains("\(text.utf8.count) bytes")
          if status == 400 { #expect(reply.text.contains("96") && isSaid, "\(reply.text)") }
        }
      }
    }
  }

  @Test func theNextTurnComputesOnlyWhatIsNew() async throws {
    let options = EngineOptions(prefixCache: .automatic)
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("an answer"), options: options)) { server in
      var messages: [JSON] = [["role": "system", "content": "Be brief."]]
      var before = 0
      for turn in 0..<4 {
        messages.append(["role": "user", "content": .string("Question \(turn)?")])
        let reply = try await server.post("/v1/chat/completions", ["messages": .array(messages), "temperature": 0]).json
        let usage = try #require(reply["usage"])
        let cached = try #require(usage["prompt_tokens_details"]?["cached_tokens"]?.int)
        if turn == 0 { #expect(cached == 0) } else { #expect(cached >= before, "turn \(turn): \(cached)") }
        before = try #require(usage["prompt_tokens"]?.int)
        messages.append(["role": "assistant", "content": "an answer"])
      }
      #expect(try await server.metric("venturi_prefix_hits") ?? 0 >= 3)
      #expect(try await server.metric("venturi_prefix_hit_tokens") ?? 0 > 0)
    }
  }

  @Test(arguments: [
    "not", "if", "then", "else", "contains", "patternProperties", "propertyNames", "minProperties", "maxProperties",
    "multipleOf", "dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "$anchor",
    "$dynamicRef",
  ])
  func aSchemasKeywordIsFollowedOrRefusedByNameAndPlace(_ keyword: String) async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("x"))) { server in
      let inner: JSON = .object([JSON.Member("type", "object"), JSON.Member(keyword, [:])])
      let schema: JSON = ["type": "object", "properties": ["deep": inner]]
      let format: JSON = ["type": "json_schema", "json_schema": ["name": "x", "schema": schema]]
      let open = try await server.chat(["response_format": format])
      #expect(open.status == 400 && open.error["param"] == "response_format.json_schema.schema")
      let ollama = try await server.post("/api/chat", TestServer.chatBody(["format": schema]))
      #expect(ollama.status == 400)
      for reply in [open, ollama] {
        #expect(reply.text.contains(keyword) && reply.text.contains("properties/deep"), "\(reply.text)")
      }
    }
  }

  @Test func digitsInPatternsAreTakenAndSpaceHasAnEnd() async throws {
    // A model that likes nothing as much as spaces.
    let space = try #require(ServerFixtures.tokenizer().encode(" ").first)
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize) { history in
      var logits = (0..<ServerFixtures.vocabularySize).map { Float(($0 * 37 + history.count * 11) % 97) / 10 }
      logits[Int(space)] = 60
      return logits
    }
    let schema: JSON = [
      "type": "object",
      "properties": ["n": ["type": "string", "pattern": .string(#"^\d{3}$"#)], "on": ["type": "boolean"]],
      "required": ["n", "on"], "additionalProperties": false,
    ]
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      let format: JSON = ["type": "json_schema", "json_schema": ["name": "x", "schema": schema]]
      let reply = try await server.chat(["response_format": format, "max_tokens": 300, "temperature": 0])
      #expect(reply.json["choices"]?.elements?.first?["finish_reason"] == "stop")
      let value = try JSON(parsing: reply.completeText)
      #expect(value["n"]?.text?.wholeMatch(of: /[0-9]{3}/) != nil && value["on"] != nil, "\(reply.completeText)")
    }
  }

  @Test func aBadGrammarHarmsNobodyElse() async throws {
    let said = String(repeating: "goes on ", count: 60)
    let engine = try ServerFixtures.engine(ServerFixtures.saying(said, secondsPerStep: 0.001))
    try await TestServer.with(engine) { server in
      async let other = server.chat(["stream": true])
      let grammars = [
        "", "root ::=", "root ::= root \"x\"", "root ::= a\na ::= root", "root ::= [", "root ::= \"a\"{1000000}",
        "root ::= ((((\"a\"*)*)*)*)* \"b\"", String(repeating: "(", count: 100_000), "root ::= \"\\xZZ\"", "\u{0}",
      ]
      for grammar in grammars {
        let reply = try await server.chat(["grammar": .string(grammar), "max_tokens": 5])
        // One that only takes work is done, within its limits.
        #expect(reply.status == 400 && reply.error["param"] == "grammar" || reply.status == 200, "\(reply.text)")
      }
      for pattern in ["(", "*", "[z-a]", "(?=x)", "(a*)*$", "\\1", String(repeating: "(", count: 4000)] {
        let schema: JSON = ["type": "string", "pattern": .string(pattern)]
        let reply = try await server.post(
          "/api/generate", ["prompt": "x", "format": schema, "stream": false, "options": ["num_predict": 5]])
        let isRefused = reply.status == 400 && reply.json["error"]?.text?.hasPrefix("format") == true
        #expect(isRefused || pattern == "(a*)*$" && reply.status == 200, "\(pattern): \(reply.text)")
      }
      #expect(try await other.completeText == said)
      try await server.isIdle()
      #expect(try await server.metric("venturi_requests_total{outcome=\"error\"}") == 0)
    }
  }

  @Test func thePageOfAnotherHostGetsNothingWithoutKeys() async throws {
    // A page whose name was made to lead to this machine calls with its own name as both.
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    let body = Array(TestServer.chatBody([:]).line.utf8)
    @Sendable func ask(_ server: TestServer, _ method: String, _ path: String, _ headers: [String]) async throws
      -> HTTPReply
    {
      let head =
        ["\(method) \(path) HTTP/1.1"] + headers + ["Content-Length: \(body.count)", "Connection: close", "", ""]
      let bytes = Array(head.joined(separator: "\r\n").utf8) + body
      let port = server.port
      return try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(bytes)
        return try HTTPReply.parse(connection.receiveAll()).0
      }
    }
    let name = "evil.example:8080"
    let rebound = ["Host: \(name)", "Origin: http://\(name)"]
    try await TestServer.with(engine) { server in
      for route in ServerRoutes.known where route.method == "POST" {
        for path in route.paths {
          let reply = try await ask(server, "POST", path, rebound)
          #expect(reply.status == 403 && reply.headers["access-control-allow-origin"] == nil, "\(path)")
          // What a form can send without asking first.
          let form = try await ask(server, "POST", path, rebound + ["Content-Type: text/plain"])
          #expect(form.status == 403, "\(path)")
        }
      }
      #expect(try await ask(server, "POST", "/api/chat", rebound).json["error"]?.text != nil)
      let question = ["Access-Control-Request-Method: POST", "Access-Control-Request-Private-Network: true"]
      let asked = try await ask(server, "OPTIONS", "/api/chat", rebound + question)
      #expect(asked.status == 403 && !asked.headers.keys.contains { $0.hasPrefix("access-control") })
      let local = try await ask(
        server, "OPTIONS", "/api/chat", ["Host: x", "Origin: http://localhost:3000"] + question)
      #expect(local.status == 204 && local.headers["access-control-allow-origin"] == "http://localhost:3000")
      #expect(local.headers["access-control-allow-private-network"] == "true")
      #expect(local.headers["access-control-allow-origin"] != "*")
    }
    let keys = try KeyRing(["key"])
    try await TestServer.with(engine, { $0.keys = keys }) { server in
      let plain = try await ask(server, "POST", "/v1/chat/completions", rebound)
      #expect(plain.status == 401)
      let keyed = try await ask(server, "POST", "/v1/chat/completions", rebound + ["X-Api-Key: key"])
      #expect(keyed.status == 200, "with keys the server's own page is at home under any name")
    }
  }
}
