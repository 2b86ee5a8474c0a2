import Formats
import Foundation
import Logging
import Server
import Testing
import Venturi

/// A server on a port of its own for the length of a test.
struct TestServer: Sendable {
  let port: Int
  let server: APIServer
  /// The engine, if there is just one.
  var engine: Engine?

  /// Runs `body` beside a server, and sees to it that the server ends.
  static func with(
    _ engine: Engine, _ change: (inout ServerSettings) -> Void = { _ in },
    _ body: @escaping @Sendable (TestServer) async throws -> Void
  ) async throws {
    let catalogue = FixedCatalogue([("scripted", .language(engine))])
    try await with(catalogue, change) { server in
      var server = server
      server.engine = engine
      try await body(server)
    }
  }

  /// Runs `body` beside a server of a catalogue.
  static func with(
    _ catalogue: any ModelCatalogue, _ change: (inout ServerSettings) -> Void = { _ in },
    _ body: @escaping @Sendable (TestServer) async throws -> Void
  ) async throws {
    var settings = ServerSettings()
    settings.port = 0
    // Nobody is late because the machine is busy; a test of lateness says what is late.
    (settings.deadlines.read, settings.deadlines.write, settings.deadlines.idle) = (600, 600, 600)
    settings.deadlines.drain = 600
    change(&settings)
    let server = try APIServer(settings: settings, catalogue: catalogue, logger: quiet)
    let (ports, ready) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { ready.finish() }
        try await server.run { ready.yield($0) }
      }
      var port = 0
      for await first in ports {
        port = first
        break
      }
      let running = TestServer(port: port, server: server)
      do { try await body(running) } catch {
        await server.drain()
        throw error
      }
      await server.drain()
      try await group.waitForAll()
    }
  }

  private static var quiet: Logger {
    var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    logger.logLevel = .critical
    return logger
  }

  /// The bytes of a request.
  static func bytes(
    _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8]? = nil, closes: Bool = true
  ) -> [UInt8] {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
    if let body, headers["Content-Length"] == nil, headers["Transfer-Encoding"] == nil {
      head += "Content-Length: \(body.count)\r\n"
    }
    if closes { head += "Connection: close\r\n" }
    return Array((head + "\r\n").utf8) + (body ?? [])
  }

  /// Sends a request on a connection of its own and reads the answer to its end.
  func send(
    _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8]? = nil
  ) async throws -> HTTPReply {
    let bytes = Self.bytes(method, path, headers, body: body)
    let port = port
    return try await offPool {
      let connection = try RawConnection(port: port)
      connection.send(bytes)
      return try HTTPReply.parse(connection.receiveAll(), hasBody: method != "HEAD").0
    }
  }

  func get(_ path: String, _ headers: [String: String] = [:]) async throws -> HTTPReply {
    try await send("GET", path, headers)
  }

  func post(_ path: String, _ body: JSON, _ headers: [String: String] = [:]) async throws -> HTTPReply {
    try await send("POST", path, headers, body: Array(body.line.utf8))
  }

  /// Asks for a chat completion of one message, with further fields.
  func chat(_ fields: JSON = [:], _ message: String = "hi") async throws -> HTTPReply {
    try await post("/v1/chat/completions", Self.chatBody(fields, message))
  }

  static func chatBody(_ fields: JSON, _ message: String = "hi") -> JSON {
    let user: JSON = ["role": "user", "content": .string(message)]
    var members = fields.members ?? []
    if fields["messages"] == nil { members.append(JSON.Member("messages", [user])) }
    return .object(members)
  }

  /// A figure of `/metrics`.
  func metric(_ name: String) async throws -> Double? {
    let lines = try await get("/metrics").text.split(separator: "\n")
    return lines.first { $0.hasPrefix(name + " ") }.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
  }

  /// Waits until something holds; a generous watchdog, no measurement.
  func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
    for _ in 0..<1000 {
      if try await holds() { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("never: \(what)")
  }

  /// Waits until the engine and the server do nothing any more.
  func isIdle() async throws {
    try await eventually("idle") {
      let figures = engine?.statistics ?? EngineStatistics()
      return figures.running == 0 && figures.queued == 0 && figures.runningBytes == 0 && server.runningRequests == 0
    }
  }
}
