import Formats
import Server
import Testing
import Venturi

/// Who is let in, and which pages may call.
@Suite struct AccessTests {
  private static let routes = [
    ("GET", "/v1/models"), ("GET", "/models"), ("GET", "/v1/models/scripted"), ("GET", "/metrics"),
    ("POST", "/v1/chat/completions"), ("POST", "/chat/completions"), ("POST", "/v1/completions"),
    ("POST", "/completions"), ("POST", "/v1/embeddings"), ("POST", "/embeddings"), ("POST", "/tokenize"),
    ("POST", "/v1/tokenize"), ("POST", "/detokenize"), ("POST", "/apply-template"), ("GET", "/nowhere"),
    ("DELETE", "/v1/models"), ("GET", "/health/"), ("GET", "/v1/../health"), ("POST", "/invocations"),
    ("GET", "//health"), ("GET", "/HEALTH"), ("GET", "/%68ealth"),
  ]

  @Test func everyRouteButTheListedOnesAsksForAKey() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    let keys = try KeyRing(["right-key", "second"])
    try await TestServer.with(engine, { $0.keys = keys }) { server in
      for (method, path) in Self.routes {
        let body: [UInt8]? = method == "POST" ? Array("{}".utf8) : nil
        let wrong: [[String: String]] = [
          [:], ["Authorization": "Bearer wrong"], ["Authorization": "Bearer right-ke"],
          ["Authorization": "Bearer right-key2"], ["Authorization": "right-key"], ["Authorization": "Basic right-key"],
          ["Authorization": "Bearer "], ["X-Api-Key": "wrong"], ["X-Key": "right-key"], ["Cookie": "right-key"],
          ["Authorization": "Bearer right-key, second"],
        ]
        for headers in wrong {
          let reply = try await server.send(method, path, headers, body: body)
          #expect(reply.status == 401, "\(method) \(path) \(headers)")
          #expect(reply.error["type"] == "authentication_error" && reply.headers["www-authenticate"] == "Bearer")
          #expect(!reply.text.contains("right-key"))
        }
        for headers in [
          ["Authorization": "Bearer right-key"], ["authorization": "bearer second"], ["X-Api-Key": "right-key"],
        ] {
          #expect(try await server.send(method, path, headers, body: body).status != 401, "\(path) \(headers)")
        }
      }
      for path in ["/health", "/v1/health"] { #expect(try await server.get(path).status == 200) }
      // A body that nobody asked for is not read.
      let reply = try await server.send("POST", "/tokenize", [:], body: [UInt8](repeating: 0x20, count: 100_000))
      #expect(reply.status == 401)
    }
  }

  @Test func pagesCallAsFarAsTheyMay() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    let question = ["Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, x-one"]
    try await TestServer.with(engine, { $0.origins = OriginPolicy(["https://chat.example"]) }) { server in
      for origin in ["https://chat.example", "http://localhost:3000", "http://127.0.0.1", "https://[::1]:8"] {
        var headers = question
        headers["Origin"] = origin
        headers["Access-Control-Request-Private-Network"] = "true"
        let reply = try await server.send("OPTIONS", "/v1/chat/completions", headers)
        #expect(reply.status == 204 && reply.headers["access-control-allow-origin"] == origin)
        #expect(reply.headers["access-control-allow-headers"] == "content-type, x-one")
        #expect(reply.headers["access-control-allow-methods"]?.contains("POST") == true)
        #expect(reply.headers["access-control-allow-private-network"] == "true" && reply.headers["vary"] == "Origin")
        #expect(try await server.get("/v1/models", ["Origin": origin]).status == 200)
        #expect(
          try await server.get("/nowhere", ["Origin": origin]).headers["access-control-allow-origin"] == origin,
          "errors are for the page, too")
      }
      for origin in [
        "https://evil.example", "http://localhost.evil.example", "http://localhost:80:80", "null",
        "https://chat.example.x",
        "ftp://localhost", "http://127.0.0.1.nip.io", "http://localhost:", "",
      ] {
        var headers = question
        headers["Origin"] = origin
        let asked = try await server.send("OPTIONS", "/v1/chat/completions", headers)
        #expect(asked.status == 403 && asked.headers["access-control-allow-origin"] == nil, "\(origin)")
        let called = try await server.post(
          "/tokenize", ["content": "x"], ["Origin": origin, "Content-Type": "text/plain"])
        #expect(called.status == 403 && called.error["code"] == "origin_not_allowed", "\(origin)")
      }
      #expect(try await server.get("/v1/models").headers["access-control-allow-origin"] == nil)
    }
    try await TestServer.with(engine, { $0.origins = OriginPolicy(["*"]) }) { server in
      let reply = try await server.get("/v1/models", ["Origin": "https://any.example"])
      #expect(reply.status == 200 && reply.headers["access-control-allow-origin"] == "*")
    }
    let keys = try KeyRing(["k"])
    try await TestServer.with(engine, { $0.keys = keys }) { server in
      var headers = question
      headers["Origin"] = "http://localhost"
      let asked = try await server.send("OPTIONS", "/v1/models", headers)
      #expect(asked.status == 204, "browsers ask without the key")
      #expect(try await server.get("/v1/models", ["Origin": "http://localhost"]).status == 401)
    }
  }
}
