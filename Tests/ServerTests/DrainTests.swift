import Formats
import Server
import Testing
import Venturi

/// A server that is told to stop.
@Suite struct DrainTests {
  @Test func whatRunsIsAnsweredAndWhatComesIsRefused() async throws {
    let end = Cue()
    let engine = try ServerFixtures.engine(ServerFixtures.talking(until: end))
    try await TestServer.with(engine) { server in
      async let streamed = server.chat(["stream": true])
      async let whole = server.chat()
      try await server.eventually("both run") { engine.statistics.running == 2 }
      let port = server.port
      let kept = try await offPool { try RawConnection(port: port) }
      let drained = Task { await server.server.drain() }
      try await server.eventually("refuses") { try await server.get("/health").status == 503 }
      for reply in [try await server.chat(), try await server.get("/v1/models")] {
        #expect(reply.status == 503 && reply.error["code"] == "shutting_down" && reply.headers["retry-after"] != nil)
      }
      #expect(try await server.get("/metrics").status == 200, "figures are told to the end")
      let old = try await offPool {
        kept.send(TestServer.bytes("POST", "/tokenize", body: Array("{\"content\":\"x\"}".utf8)))
        return try HTTPReply.parse(kept.receiveAll()).0
      }
      #expect(old.status == 503)
      end.give()
      let answers = try await (streamed, whole)
      #expect(answers.0.events.last == "[DONE]")
      for answer in [answers.0.said(), answers.1.completeText] {
        #expect(answer.count > 1 && answer.allSatisfy { $0 == "x" })
      }
      #expect(answers.1.json["usage"]?["completion_tokens"]?.int == answers.1.completeText.count + 1)
      await drained.value
    }
  }

  @Test func whatDoesNotEndInTimeEndsWithAnError() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.talking())
    try await TestServer.with(engine, { $0.deadlines.drain = 0.2 }) { server in
      async let streamed = server.chat(["stream": true])
      async let whole = server.chat()
      try await server.eventually("both run") { engine.statistics.running == 2 }
      await server.server.drain()
      let (stream, reply) = try await (streamed, whole)
      let last = try #require(stream.chunks.last)
      #expect(stream.status == 200 && last["error"]?["code"] == "shutting_down" && stream.events.last != "[DONE]")
      #expect(stream.chunks.dropLast().allSatisfy { $0["error"] == nil })
      #expect(reply.status == 503 && reply.error["code"] == "shutting_down")
      #expect(engine.statistics.running == 0 && server.server.runningRequests == 0)
    }
  }

  @Test func anIdleServerEndsAtOnce() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    try await TestServer.with(engine) { server in
      let port = server.port
      let idle = try await offPool { try RawConnection(port: port) }
      await server.server.drain()
      await server.server.drain()
      let rest = try await offPool { idle.receiveAll() }
      #expect(rest.isEmpty)
    }
  }

  @Test(arguments: ["host", "port", "body", "read", "choices"])
  func settingsThatMakeNoSenseAreRefused(_ field: String) {
    var settings = ServerSettings()
    switch field {
    case "host": settings.host = ""
    case "port": settings.port = 65536
    case "body": settings.limits.bodyBytes = -1
    case "read": settings.deadlines.read = .nan
    default: settings.limits.choices = 0
    }
    let error = #expect(throws: ServerError.self) { try APIServer(settings: settings, catalogue: FixedCatalogue()) }
    #expect(error.map { "\($0)".contains(field) } == true)
  }

  @Test func aPortThatIsTakenIsSaid() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    try await TestServer.with(engine) { server in
      var settings = ServerSettings()
      settings.port = server.port
      let second = try APIServer(settings: settings, catalogue: FixedCatalogue())
      let error = await #expect(throws: ServerError.self) { try await second.run() }
      #expect(error.map { "\($0)".contains("\(server.port)") } == true)
    }
  }
}
