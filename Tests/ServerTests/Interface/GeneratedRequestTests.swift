import Formats
import Foundation
import Server
import Testing
import Venturi
import VenturiTesting

/// Requests made from the description: whatever comes, the server answers as the description says, and never with an error
/// of its own.
///
/// `VENTURI_GENERATED_REQUESTS` says how many, `VENTURI_GENERATED_SEED` which.
@Suite struct GeneratedRequestTests {
  private static func setting(_ name: String, _ usual: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
  }

  /// What generated requests brought to light.
  @Test(arguments: [
    // Above 0, but not as a float.
    ("/v1/completions", #"{"prompt": "x", "top_p": 5e-324}"#, 200),
    ("/v1/completions", #"{"prompt": "x", "top_p": 0.0}"#, 400),
    // A second name of a field is looked at, too.
    ("/v1/completions", #"{"prompt": "x", "repeat_penalty": 1, "repetition_penalty": 0}"#, 400),
    ("/v1/completions", #"{"prompt": "x", "max_completion_tokens": 1, "max_tokens": 0}"#, 400),
    ("/tokenize", #"{"content": "x", "prompt": 1}"#, 400), ("/api/show", #"{"model": "scripted", "name": []}"#, 400),
    ("/apply-template", #"{"messages": [{"role": "tool", "content": "", "name": "a", "tool_name": 1}]}"#, 400),
    (
      "/apply-template", #"{"messages": [{"role": "user", "content": "", "reasoning_content": "", "thinking": 1}]}"#,
      400
    ),
  ])
  func whatWasFoundStaysFixed(_ path: String, _ body: String, _ status: Int) async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("x"))) { server in
      let reply = try await server.send("POST", path, body: Array(body.utf8))
      #expect(reply.status == status, "\(reply.text)")
    }
  }

  @Test func whateverComesIsAnsweredAsDescribed() async throws {
    let count = Self.setting("VENTURI_GENERATED_REQUESTS", 400)
    let seed = Self.setting("VENTURI_GENERATED_SEED", 1)
    let (catalogue, engine) = try await InterfaceFixtures.catalogue()
    var limits = RequestLimits()
    (limits.inputs, limits.messages, limits.sequences, limits.biases) = (6, 8, 16, 8)
    (limits.choices, limits.stops, limits.grammarBytes, limits.schemaBytes) = (4, 5, 2000, 2000)
    (limits.tools, limits.toolBytes) = (4, 700)
    let small = limits
    try await TestServer.with(catalogue, { $0.limits = small }) { server in
      var server = server
      server.engine = engine
      let document = InterfaceDocument(try await server.get("/openapi.json").json)
      var maker = RequestMaker(document, seed: UInt64(bitPattern: Int64(seed)))
      var kinds: [String: Int] = [:]
      var failures = 0
      for number in 0..<count where failures < 20 {
        let request = maker.next()
        let reply = try await server.send(request.method, request.path, request.headers, body: request.body)
        var problems = document.problems(reply, request.method, request.path)
        if reply.status >= 500 { problems.append("an error of the server's own") }
        if !request.statuses.contains(reply.status) { problems.append("the status \(reply.status)") }
        kinds["\(request.kind) \(reply.status)", default: 0] += 1
        if problems.isEmpty { continue }
        failures += 1
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        Issue.record(
          """
          \(seed)/\(number) \(request.kind) \(request.method) \(request.path) \(body.prefix(600)): \(problems); \
          \(reply.text.prefix(300))
          """)
      }
      print("generated requests: \(kinds.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })")
      // It is the server that is tested, and not only how it refuses.
      #expect(kinds["valid 200", default: 0] * 4 > count)
      try await server.isIdle()
      #expect(try await server.metric("venturi_requests_total{outcome=\"error\"}") == 0)
      #expect(try await server.metric("venturi_request_bytes_held") == 0)
    }
  }
}
