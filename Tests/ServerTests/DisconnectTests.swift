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

/// Clients that leave, and those who neither send nor read.
@Suite struct DisconnectTests {
  enum Moment: CaseIterable, Sendable { case inQueue, inPrompt, inAnswer }
  enum Way: CaseIterable, Sendable { case close, reset, half }

  private static let long = String(repeating: "x", count: 3500)

  @Test(arguments: Moment.allCases, [true, false])
  func aClientThatLeavesFreesItsPlace(_ moment: Moment, _ isStreamed: Bool) async throws {
    let options = EngineOptions(stepTokens: 8, maxRunning: 1)
    let engine = try ServerFixtures.engine(ServerFixtures.saying(Self.long, secondsPerStep: 0.02), options: options)
    try await TestServer.with(engine) { server in
      for (round, way) in Way.allCases.enumerated() {
        let port = server.port
        let long = Array(TestServer.chatBody(["stream": true]).line.utf8)
        let blocker = try await offPool { [isQueue = moment == .inQueue] in
          guard isQueue else { return nil as RawConnection? }
          let connection = try RawConnection(port: port)
          connection.send(TestServer.bytes("POST", "/v1/chat/completions", body: long))
          _ = connection.receive(until: "\"x\"")
          return connection
        }
        let message = moment == .inPrompt ? String(repeating: "p", count: 3000) : "hi"
        let body = Array(TestServer.chatBody(["stream": .bool(isStreamed)], message).line.utf8)
        let client = try await offPool {
          let connection = try RawConnection(port: port)
          connection.send(TestServer.bytes("POST", "/v1/chat/completions", body: body))
          return connection
        }
        let isQueue = moment == .inQueue
        try await server.eventually("begun") {
          let figures = engine.statistics
          return isQueue ? figures.queued == 1 : figures.running == 1 && figures.runningBytes > 0
        }
        switch way {
        case .close: client.close()
        case .reset: client.reset()
        case .half: client.closeHalf()
        }
        if isQueue {
          try await server.eventually("out of the queue") { engine.statistics.queued == 0 }
          #expect(engine.statistics.running == 1, "the one that runs goes on")
          blocker?.reset()
        }
        try await server.isIdle()
        let gone = try await server.metric("venturi_requests_total{outcome=\"client_gone\"}")
        #expect(gone == Double((round + 1) * (isQueue ? 2 : 1)))
      }
      #expect(try await server.chat(["max_tokens": 1]).status == 200)
    }
  }

  @Test func aConnectionServesManyRequests() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("yes"))
    try await TestServer.with(engine) { server in
      let port = server.port
      let whole = TestServer.bytes(
        "POST", "/v1/chat/completions", body: Array(TestServer.chatBody([:]).line.utf8), closes: false)
      let stream = TestServer.bytes(
        "POST", "/v1/chat/completions", body: Array(TestServer.chatBody(["stream": true]).line.utf8), closes: false)
      let last = TestServer.bytes("GET", "/health")
      // One after the other, and all at once.
      let bytes = try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(whole)
        _ = connection.receive(until: "usage")
        connection.send(stream + whole + stream + whole + last)
        return connection.receiveAll()
      }
      var rest = bytes[...]
      var replies: [HTTPReply] = []
      while !rest.isEmpty {
        let (reply, count) = try HTTPReply.parse(Array(rest))
        replies.append(reply)
        rest = rest.dropFirst(count)
      }
      #expect(replies.count == 5 && replies.allSatisfy { $0.status == 200 })
      #expect(replies[0].said() == "yes" && replies[2].said() == "yes" && replies[4].json == ["status": "ok"])
      #expect(replies[1].json["choices"]?.elements?.first?["message"]?["content"] == "yes")
      #expect(try await server.metric("venturi_requests_total{outcome=\"ok\"}") == 5)
    }
  }

  @Test func whoSendsTooSlowlyIsCutOff() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("yes"))
    let change: (inout ServerSettings) -> Void = {
      $0.deadlines.read = 0.3
      $0.deadlines.idle = 1
    }
    try await TestServer.with(engine, change) { server in
      let port = server.port
      let body = TestServer.bytes("POST", "/v1/chat/completions", ["Content-Length": "1000"], body: Array("{".utf8))
      let (late, silent) = try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(body)
        // Bytes that come do not put the deadline off.
        let slow = try RawConnection(port: port)
        slow.send("POST /v1/chat")
        return (try HTTPReply.parse(connection.receiveAll()).0, slow.receiveAll())
      }
      #expect(late.status == 408 && late.error["code"] == "request_timeout")
      #expect(silent.isEmpty)
      let dripping = try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(body)
        var sent = 0
        while connection.send(" "), sent < 2000 {
          sent += 1
          _ = try? RawConnection(port: port)
        }
        return sent
      }
      #expect(dripping < 2000, "cut off before all was sent")
      try await server.isIdle()
      #expect(try await server.chat().status == 200)
    }
  }

  @Test func whoDoesNotReadCostsNoMoreThanItsBuffer() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying(Self.long))
    let change: (inout ServerSettings) -> Void = {
      $0.limits.outputBuffer = 64 << 10
      $0.deadlines.write = 0.5
    }
    try await TestServer.with(engine, change) { server in
      let port = server.port
      let fields: JSON = ["stream": true, "logprobs": true, "top_logprobs": 20, "n": 4]
      let body = Array(TestServer.chatBody(fields).line.utf8)
      let client = try await offPool {
        let connection = try RawConnection(port: port, receiveBuffer: 4096)
        connection.send(TestServer.bytes("POST", "/v1/chat/completions", body: body))
        return connection
      }
      try await server.eventually("cut off") {
        try await server.metric("venturi_requests_total{outcome=\"client_gone\"}") == 1
      }
      try await server.isIdle()
      try await server.eventually("closed") { server.server.openConnections <= 1 }
      let got = try await offPool { client.receiveAll() }
      #expect(!String(decoding: got, as: UTF8.self).contains("[DONE]"))
      #expect(try await server.chat(["max_tokens": 2]).status == 200)
    }
  }

  @Test func aSilentStreamGivesSignsOfLife() async throws {
    let cue = Cue()
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize) { _ in
      while !cue.isGiven { usleep(1000) }
      var logits = [Float](repeating: 0, count: ServerFixtures.vocabularySize)
      logits[Int(ServerFixtures.end)] = 50
      return logits
    }
    try await TestServer.with(ServerFixtures.engine(model), { $0.deadlines.ping = 0.05 }) { server in
      let port = server.port
      let ask = TestServer.bytes(
        "POST", "/v1/chat/completions", body: Array(TestServer.chatBody(["stream": true]).line.utf8))
      let text = try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(ask)
        let silence = connection.receive(until: ": ping\n\n")
        cue.give()
        return silence + String(decoding: connection.receiveAll(), as: UTF8.self)
      }
      #expect(text.contains(": ping\n\n") && text.contains("data: [DONE]\n\n"))
    }
  }
}
