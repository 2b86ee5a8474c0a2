import Costs
import Formats
import Planner
import Server
import Testing

/// Plans for the web page.
@Suite struct PlanRouteTests {
  private static func ask(_ server: TestServer, _ fields: JSON) async throws -> (status: Int, json: JSON) {
    let reply = try await server.send(
      "POST", "/plan/inference", ["Content-Type": "application/json"], body: Array(fields.line.utf8))
    return (reply.status, reply.json)
  }

  @Test func choicesAreTheCatalogues() async throws {
    let keys = try KeyRing(["key"])
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("x")), { $0.keys = keys }) { server in
      #expect(try await server.get("/plan.json").status == 401)
      let found = try await server.get("/plan.json", ["X-Api-Key": "key"])
      #expect(
        found.json["models"]?.elements?.compactMap { $0["name"]?.text }
          == Planner.ModelCatalogue.published.entries.map(\.shape.name))
      #expect(
        found.json["devices"]?.elements?.compactMap { $0["name"]?.text }
          == DeviceCatalogue.published.entries.map(\.device.name))
      let tag = try #require(found.headers["etag"])
      #expect(try await server.get("/plan.json", ["X-Api-Key": "key", "If-None-Match": tag]).status == 304)
    }
  }

  @Test func plansAreThoseOfThePlanner() async throws {
    let shape = try Planner.ModelCatalogue.published.entry("llama-2-7b").shape
    let devices = try ["a100", "h100"].map { try DeviceCatalogue.published.device($0) }
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("x"))) { server in
      let (status, json) = try await Self.ask(
        server,
        [
          "model": "llama 2 7b", "devices": ["a100", "h100"], "depth": 100, "weights": 0.5625, "memory_share": 0.8,
          "sweep": ["field": "batch", "values": [1, 64]],
        ])
      #expect(status == 200)
      let plans = try #require(json["plans"]?.elements)
      try #require(plans.count == 4)
      let cost = try RooflineCostModel(fallback: Efficiency(compute: 1, memory: 0.8))
      for (index, plan) in plans.enumerated() {
        var question = InferenceQuestion(shape)
        (question.depth, question.weights, question.batch) = (100, 0.5625, index % 2 == 0 ? 1 : 64)
        let expected = try question.plan(on: devices[index / 2], model: cost)
        #expect(plan["device"]?.text == devices[index / 2].name && plan["batch"]?.int == question.batch)
        #expect(plan["tokensPerSecond"]?.double == expected.tokensPerSecond)
        #expect(plan["totalBytes"]?.double == expected.memory.total && plan["fits"] == .bool(expected.fits))
      }
    }
  }

  @Test func whatIsWrongIsNamed() async throws {
    let right: [(String, JSON)] = [("model", "llama-2-7b"), ("devices", ["a100"])]
    let wrong: [(field: String, key: String, value: JSON)] = [
      ("model", "model", "lama"), ("model", "model", .null), ("devices", "devices", "a100"),
      ("devices[1]", "devices", ["a100", "z9"]), ("devices[0]", "devices", [7]),
      ("devices", "devices", .array([JSON](repeating: "a100", count: 17))), ("batch", "batch", 0),
      ("prompt", "prompt", 1.5), ("depth", "depth", -1), ("weights", "weights", 0), ("cache", "cache", 1e300),
      ("precision", "precision", "fp8"), ("precision", "precision", "bf17"), ("compute_share", "compute_share", 2),
      ("sweep.field", "sweep", ["values": [1]]), ("sweep", "sweep", ["field": "heads", "values": [1]]),
      ("batch", "sweep", ["field": "batch", "values": [1.5]]),
      ("sweep.values[1]", "sweep", ["field": "batch", "values": [1, -1]]),
      ("sweep.values", "sweep", ["field": "batch", "values": .array([JSON](repeating: 1, count: 65))]),
    ]
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("x"))) { server in
      for (field, key, value) in wrong {
        let members = right.filter { $0.0 != key }.map { JSON.Member($0.0, $0.1) } + [JSON.Member(key, value)]
        let (status, json) = try await Self.ask(server, .object(members))
        #expect(status == 400 && json["error"]?["param"]?.text == field, "\(key): \(value.line) → \(json.line)")
      }
      // Nothing is asked for, nothing is told.
      let (status, json) = try await Self.ask(server, ["model": "llama-2-7b", "devices": []])
      #expect(status == 200 && json["plans"] == [])
    }
  }
}
