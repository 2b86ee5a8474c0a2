import Client
import Formats
import Testing

@Suite("Client")
struct ClientTests {
  @Test(arguments: [
    ("http://127.0.0.1:8080", false, "127.0.0.1", 8080, ""), ("https://chat.example", true, "chat.example", 443, ""),
    ("http://h/v1", false, "h", 80, ""), ("http://h/v1/", false, "h", 80, ""),
    ("https://h/api/v1", true, "h", 443, "/api"),
    ("localhost:11434", false, "localhost", 11434, ""), ("http://[::1]:81/x", false, "::1", 81, "/x"),
    ("HTTP://h", false, "h", 80, ""), ("https://h/openai//", true, "h", 443, "/openai"),
  ])
  func addresses(_ text: String, _ tls: Bool, _ host: String, _ port: Int, _ prefix: String) throws {
    let address = try ServerAddress(text)
    #expect(address.isEncrypted == tls && address.host == host && address.port == port && address.prefix == prefix)
  }

  @Test(arguments: [
    "", "http://", "ftp://h", "http://h:0", "http://h:70000", "http://h:", "http://h:+1", "http://h:8o", "http://u:p@h",
    "http://h?x=1", "http://h/a b", "http://h/\r\nX: y", "http://[::1", "http://[::1]x", "http://a:b:c", "://h",
    "http://h\u{0}", "http://é",
  ])
  func whatIsNoAddressIsSaid(_ text: String) {
    let error = #expect(throws: ClientError.self) { try ServerAddress(text) }
    guard case .invalidAddress(text, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aKeyCannotAddHeaders() throws {
    let address = try ServerAddress("http://h")
    #expect(throws: ClientError.self) { try APIClient(address, key: "a\r\nX: y") }
    #expect(throws: ClientError.self) { try APIClient(address, key: "") }
  }

  /// The same events come out wherever the network cuts the stream.
  @Test(arguments: ["\n", "\r\n", "\r"]) func eventsInAnyPieces(_ end: String) throws {
    let lines = [
      ": ping", "", "data: one", "", "event: x", "id: 3", "data:two", "data: lines", "", "retry: 5", "", "data", "",
      "datax: no",
      "", "data:  spaced", "", "data: é😀", "", "data: unfinished",
    ]
    let bytes = Array((lines.joined(separator: end) + end).utf8)
    let expected = ["one", "two\nlines", "", " spaced", "é😀"]
    for cut in 0...bytes.count {
      var parser = EventParser()
      var events: [String] = []
      try parser.read(bytes[..<cut]) { events.append(String(decoding: $0, as: UTF8.self)) }
      try parser.read(bytes[cut...]) { events.append(String(decoding: $0, as: UTF8.self)) }
      #expect(events == expected, "cut at \(cut)")
    }
  }

  @Test func anEventWithoutAnEndIsRefused() throws {
    var parser = EventParser(limit: 1000)
    #expect(throws: ClientError.tooLarge(limit: 1000)) {
      for _ in 0..<1001 { try parser.read([UInt8(ascii: "x")]) { _ in } }
    }
    var lines = EventParser(limit: 1000)
    #expect(throws: ClientError.tooLarge(limit: 1000)) {
      for _ in 0..<1001 { try lines.read(Array("data: x\n".utf8)) { _ in } }
    }
  }

  private func client(_ server: ScriptedServer, _ change: (inout ClientLimits) -> Void = { _ in }) throws -> APIClient {
    var limits = ClientLimits()
    change(&limits)
    return try APIClient(try ServerAddress(server.url), limits: limits)
  }

  @Test func connectionsAreUsedAgain() async throws {
    let server = try await ScriptedServer.start { _, path, _ in
      path == "/v1/models"
        ? .json(["data": [["id": "a"], ["id": "b"]]]) : .json(["error": ["message": "no"]], status: 404)
    }
    let client = try client(server)
    for _ in 0..<5 {
      #expect(try await client.models() == ["a", "b"])
      // A refusal leaves the connection as it was.
      await #expect(throws: ClientError.refused(status: 404, code: nil, message: "no")) { try await client.json("/x") }
    }
    #expect(client.connectionsMade == 1 && server.connections == 1)
  }

  /// As llama.cpp's server does it: the connection seems kept and is closed.
  @Test func aConnectionThatWasClosedIsReplaced() async throws {
    let server = try await ScriptedServer.start { _, _, _ in
      var reply = ScriptedServer.Reply.completion(1)
      reply.closesAfter = true
      return reply
    }
    let client = try client(server)
    for _ in 0..<200 { try await client.stream("/s", body: Array("{}".utf8)) { _, _ in } }
    #expect(server.bodies.count == 200 && client.connectionsMade == 200)
  }

  /// A new connection that breaks is an error: the request may have had its effect.
  @Test func aNewConnectionThatBreaksIsAnError() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .init(breaksOff: true, hasNoHead: true) }
    let client = try client(server)
    let error = await #expect(throws: ClientError.self) { try await client.json("/x") }
    #expect(error?.kind == "connection_lost" && server.bodies.count == 1)
  }

  @Test func refusalsInEveryServersWords() async throws {
    let bodies: [(JSON, String?, String)] = [
      (["error": ["message": "m", "code": "c", "type": "t"]], "c", "m"),
      (["error": ["message": "m", "code": 400, "type": "t"]], "t", "m"), (["error": "m"], nil, "m"),
      (["object": "error", "message": "m", "type": "t"], "t", "m"), (["detail": "m"], nil, "m"),
    ]
    let server = try await ScriptedServer.start { number, _, _ in .json(bodies[number].0, status: 400) }
    let client = try client(server)
    for (_, code, message) in bodies {
      await #expect(throws: ClientError.refused(status: 400, code: code, message: message)) {
        try await client.json("/x")
      }
    }
  }

  @Test func streamsThatGoWrong() async throws {
    let good = ScriptedServer.Reply.event(["choices": []])
    let cases: [(ScriptedServer.Reply, String)] = [
      (.init(pieces: [good]), "stream_cut"), (.init(pieces: [good], breaksOff: true), "connection_lost"),
      (.init(pieces: [good, "data: {\n\n", "data: [DONE]\n\n"]), "malformed"),
      (.init(pieces: [good, "data: {\"error\": {\"message\": \"m\"}}\n\n", "data: [DONE]\n\n"]), "stream_error"),
      (.json(["error": "m"]), "stream_error"), (.json(["choices": []]), "malformed"),
      (.json(["error": "m"], status: 429), "http_429"), (.init(pieces: [good], pause: 300), "timeout"),
      (.init(isSilent: true), "timeout"), (.init(status: 500, type: "text/html", pieces: ["<p>"]), "http_500"),
      (.completion(2), ""),
    ]
    let server = try await ScriptedServer.start { number, _, _ in cases[number].0 }
    for (index, (_, kind)) in cases.enumerated() {
      let client = try client(server) { $0.answer = kind == "timeout" ? 0.2 : 60 }
      do {
        try await client.stream("/s", body: Array("{}".utf8)) { _, _ in }
        #expect(kind == "", "case \(index)")
      } catch let error as ClientError { #expect(error.kind == kind, "case \(index): \(error)") }
    }
  }

  @Test func silenceIsNotWaitedForForever() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .init(pieces: ["data: {}\n\n"], pause: 10_000) }
    let client = try client(server) { $0.silence = 0.1 }
    await #expect(throws: ClientError.silent(seconds: 0.1)) { try await client.stream("/s", body: []) { _, _ in } }
  }

  @Test func aStreamWithoutAnEndIsRefused() async throws {
    let server = try await ScriptedServer.start { _, _, _ in
      .init(pieces: [String](repeating: ScriptedServer.Reply.event(["choices": []]), count: 1000))
    }
    let client = try client(server) { $0.bytes = 10_000 }
    await #expect(throws: ClientError.tooLarge(limit: 10_000)) { try await client.stream("/s", body: []) { _, _ in } }
  }

  @Test func nobodyListens() async throws {
    let client = try APIClient(try ServerAddress("http://127.0.0.1:1"))
    let error = await #expect(throws: ClientError.self) { try await client.models() }
    #expect(error?.kind == "cannot_connect")
    #expect(
      error.map { "\($0)".contains("127.0.0.1:1") && "\($0)".contains("efused") } == true,
      "\(String(describing: error))")
  }

  @Test func encryptionThatCannotBeIsSaid() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .completion(1) }
    let url = server.url.replacing("http://", with: "https://")
    // The handshake fails before the request is sent, or after.
    for _ in 0..<50 {
      let client = try APIClient(try ServerAddress(url))
      await #expect(throws: ClientError.cannotEncrypt(problem: "it speaks no TLS")) { try await client.models() }
    }
    #expect(throws: ClientError.self) {
      try APIClient(try ServerAddress(url), certificate: "/nowhere/at/all.pem")
    }
  }

  @Test func cancellingClosesTheConnection() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .completion(1000, pause: 20) }
    let client = try client(server)
    let task = Task { try await client.stream("/s", body: Array("{}".utf8)) { _, _ in } }
    while server.bodies.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    for _ in 0..<500 where server.abandoned == 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(server.abandoned == 1)
  }
}
