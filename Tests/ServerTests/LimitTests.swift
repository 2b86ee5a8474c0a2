import Formats
import Server
import Testing
import Venturi

/// What a request may ask for: the most is served, one more is refused with both numbers.
@Suite struct LimitTests {
  @Test func contextsAreFilledAndNeverCutSilently() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("abc", contextLength: 64))) { server in
      let frame = try ServerFixtures.tokenizer().encode("xuser\nx\nxassistant\n").count
      for count in [64 - frame - 1, 64 - frame, 64 - frame + 1, 640, 10_000_000] {
        let reply = try await server.chat([:], String(repeating: "a", count: count))
        if frame + count < 64 {
          #expect(reply.status == 200 && reply.json["usage"]?["prompt_tokens"]?.int == frame + count)
          #expect(reply.json["choices"]?.elements?.first?["finish_reason"] == "length")
        } else {
          #expect(reply.status == 400 && reply.error["code"] == "context_length_exceeded")
          #expect(reply.error["param"] == "messages" && reply.error["type"] == "invalid_request_error")
          let message = reply.error["message"]?.text ?? ""
          // A text that no tokens make short enough is measured in bytes, before anything is done with it.
          let isLong = message.contains("\(count) bytes")
          #expect((isLong || message.contains("\(frame + count)")) && message.contains("64"), "\(message)")
        }
        let raw = try await server.post("/v1/completions", ["prompt": .string(String(repeating: "a", count: count))])
        #expect(raw.status == (count < 64 ? 200 : 400))
        if raw.status != 200 {
          #expect(raw.error["code"] == "context_length_exceeded" && raw.error["param"] == "prompt")
          #expect(raw.error["message"]?.text?.contains("\(count)") == true)
        }
      }
    }
  }

  @Test func promptsMayBeBoundBelowTheContext() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    try await TestServer.with(engine, { $0.limits.promptTokens = 30 }) { server in
      for (count, status) in [(30, 200), (31, 400)] {
        let reply = try await server.post("/v1/completions", ["prompt": .string(String(repeating: "a", count: count))])
        #expect(reply.status == status)
        if status == 400 { #expect(reply.error["message"] == "prompt: has 31 tokens; at most 30 are taken") }
      }
    }
  }

  @Test func bodiesAreBound() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    try await TestServer.with(engine, { $0.limits.bodyBytes = 2000 }) { server in
      func body(_ size: Int) -> [UInt8] {
        let empty: JSON = ["content": ""]
        return Array("{\"content\":\"\(String(repeating: "a", count: size - empty.line.utf8.count))\"}".utf8)
      }
      #expect(try await server.send("POST", "/tokenize", body: body(2000)).status == 200)
      let over = try await server.send("POST", "/tokenize", body: body(2001))
      #expect(over.status == 413 && over.error["code"] == "request_too_large")
      #expect(
        over.error["message"]?.text?.contains("2001") == true && over.error["message"]?.text?.contains("2000") == true)
      for (size, status) in [(2000, 200), (2001, 413), (100_000, 413)] {
        let bytes = body(size)
        var chunks: [UInt8] = []
        for start in stride(from: 0, to: size, by: 512) {
          let part = bytes[start..<min(start + 512, size)]
          chunks += Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10]
        }
        chunks += Array("0\r\n\r\n".utf8)
        let reply = try await server.send("POST", "/tokenize", ["Transfer-Encoding": "chunked"], body: chunks)
        #expect(reply.status == status, "\(size)")
      }
      #expect(try await server.metric("venturi_request_bytes_held") == 0)
    }
  }

  @Test func countsAreServedUpToTheirLimits() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    try await TestServer.with(engine) { server in
      let stops = { (count: Int) -> JSON in .array((0..<count).map { .string("s\($0)") }) }
      let cases: [(String, JSON, JSON)] = [
        ("n", 16, 17), ("stop", stops(16), stops(17)), ("top_logprobs", 20, 21),
        (
          "grammar", .string("root ::= \"x\" #" + String(repeating: "c", count: (256 << 10) - 14)),
          .string("root ::= \"x\" #" + String(repeating: "c", count: (256 << 10) - 13))
        ),
      ]
      for (field, most, more) in cases {
        func ask(_ value: JSON) async throws -> HTTPReply {
          try await server.chat(
            .object([JSON.Member(field, value), JSON.Member("logprobs", .bool(field == "top_logprobs"))]))
        }
        #expect(try await ask(most).status == 200, "\(field)")
        let reply = try await ask(more)
        #expect(reply.status == 400 && reply.error["param"]?.text == field, "\(field)")
      }
    }
  }

  @Test func moreThanCanWaitIsToldToComeAgain() async throws {
    let options = EngineOptions(maxRunning: 1, maxQueued: 1)
    let engine = try ServerFixtures.engine(ServerFixtures.talking(), options: options)
    try await TestServer.with(engine) { server in
      let port = server.port
      let ask = TestServer.bytes(
        "POST", "/v1/chat/completions", body: Array(TestServer.chatBody(["stream": true]).line.utf8))
      let (one, two) = try await offPool {
        let one = try RawConnection(port: port)
        one.send(ask)
        _ = one.receive(until: "\"x\"")
        let two = try RawConnection(port: port)
        two.send(ask)
        // Its beginning is said while it waits.
        _ = two.receive(until: "assistant")
        return (one, two)
      }
      for isStreamed in [false, true] {
        let reply = try await server.chat(["stream": .bool(isStreamed)])
        #expect(reply.status == 429 && reply.error["type"] == "rate_limit_error" && reply.error["code"] == "overloaded")
        #expect((reply.headers["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
      }
      #expect(try await server.chat(["n": 4]).status == 429)
      #expect(try await server.metric("venturi_requests_total{outcome=\"overloaded\"}") == 3)
      one.reset()
      two.reset()
      try await server.isIdle()
      #expect(try await server.chat(["max_tokens": 2]).status == 200)
    }
  }
}
