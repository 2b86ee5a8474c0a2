import Formats
import Server
import ServerInterface
import Testing
import Venturi
import VenturiTesting

/// The description of the interface against the server.
@Suite struct InterfaceTests {
  @Test func everyRouteIsDescribedAndEverythingDescribedIsARoute() throws {
    let document = try InterfaceDocument.file()
    #expect(document.json["openapi"] == "3.1.0")
    var described = document.operations.map { (name: "\($0.method) \($0.path)", operation: $0, count: 0) }
    for route in ServerRoutes.known {
      for path in route.paths {
        let index =
          described.firstIndex { $0.name == "\(route.method) \(path)" }
          ?? described.firstIndex {
            $0.operation.method == route.method && InterfaceDocument.matches($0.operation.path, path)
          }
        guard let index else {
          Issue.record("\(route.method) \(path) is not described")
          continue
        }
        described[index].count += 1
        #expect(described[index].operation.isOpen == route.isOpen, "\(path)")
      }
    }
    for entry in described { #expect(entry.count > 0, "\(entry.name) is no route") }
    let ids = (document.json["paths"]?.members ?? []).flatMap { $0.value.members ?? [] }.compactMap {
      $0.value["operationId"]?.text
    }
    #expect(Set(ids).count == ids.count && ids.count > 20)
  }

  @Test func everyReferenceLeadsSomewhereAndEverythingNamedIsUsed() throws {
    let document = try InterfaceDocument.file()
    var used: Set<String> = []
    func walk(_ value: JSON) {
      if let reference = value["$ref"]?.text {
        used.insert(reference)
        #expect(document.check.resolved(value) != .null, "\(reference)")
      }
      for member in value.members ?? [] { walk(member.value) }
      for element in value.elements ?? [] { walk(element) }
    }
    walk(document.json)
    // What any path answers stands in no path.
    let everywhere = ["MethodNotAllowed", "OllamaMethodNotAllowed", "MessagesMethodNotAllowed", "HeadersTooLarge"]
    for kind in ["schemas", "responses", "headers"] {
      for member in document.json["components"]?[kind]?.members ?? [] where !everywhere.contains(member.key) {
        #expect(used.contains("#/components/\(kind)/\(member.key)"), "\(member.key)")
      }
    }
  }

  @Test func boundsThatAreSettingsAreTheDefaults() async throws {
    let file = try InterfaceDocument.file().json
    try await TestServer.with(FixedCatalogue()) { server in
      let reply = try await server.get("/openapi.json")
      #expect(reply.status == 200 && reply.headers["content-type"] == "application/json")
      #expect(reply.json == file, "a server with the defaults changes nothing")
      #expect(file["info"]?["version"]?.text == EngineVersion.number)
      let tag = try #require(reply.headers["etag"])
      #expect(try await server.get("/openapi.json", ["If-None-Match": tag]).status == 304)
    }
    var limits = RequestLimits()
    let expected: [(WritableKeyPath<RequestLimits, Int>, String)] = [
      (\.choices, "choices"), (\.sequences, "sequences"), (\.stops, "stops"),
      (\.logProbabilities, "logProbabilities"), (\.biases, "biases"), (\.messages, "messages"), (\.inputs, "inputs"),
      (\.jsonValues, "jsonValues"), (\.bodyBytes, "bodyBytes"), (\.schemaBytes, "schemaBytes"),
      (\.grammarBytes, "grammarBytes"), (\.tools, "tools"), (\.toolBytes, "toolBytes"),
    ]
    var values: [String: Int] = [:]
    for (index, (path, name)) in expected.enumerated() {
      // Other than any default, and small enough for all.
      limits[keyPath: path] = name == "bodyBytes" ? 5000 : 23 + index
      values[name] = limits[keyPath: path]
    }
    values["stopBytes"] = GenerationOptions.maxStopBytes
    let (changed, known) = (limits, values)
    try await TestServer.with(FixedCatalogue(), { $0.limits = changed }) { server in
      var found: Set<String> = []
      func walk(_ value: JSON) {
        for limit in value["x-limit"]?.members ?? [] {
          let name = limit.value.text ?? ""
          found.insert(name)
          #expect(value[limit.key]?.int == known[name], "\(name)")
        }
        for member in value.members ?? [] { walk(member.value) }
        for element in value.elements ?? [] { walk(element) }
      }
      walk(try await server.get("/openapi.json").json)
      #expect(found == Set(known.keys))
    }
  }

  @Test func everyAnswerOfAWalkOverAllRoutesIsWhatTheDescriptionSays() async throws {
    let (catalogue, _) = try await InterfaceFixtures.catalogue()
    try await TestServer.with(catalogue) { server in
      let document = InterfaceDocument(try await server.get("/openapi.json").json)
      var seen: Set<String> = []
      func check(
        _ method: String, _ path: String, _ body: JSON? = nil, _ headers: [String: String] = [:], _ status: Int
      )
        async throws
      {
        let reply = try await server.send(method, path, headers, body: body.map { Array($0.line.utf8) })
        let operation = document.operation(method, path)
        #expect(reply.status == status, "\(method) \(path) \(body?.line ?? ""): \(reply.text.prefix(300))")
        let problems = document.problems(reply, method, path)
        #expect(problems.isEmpty, "\(method) \(path) \(status): \(problems)")
        if status == 200 { seen.insert("\(method) \(operation?.path ?? "")") }
      }
      for operation in document.operations {
        let path = operation.path.replacing("{id}", with: "scripted").replacing("{file}", with: "main.js")
        if operation.method == "GET" {
          try await check("GET", path, nil, [:], 200)
          try await check("HEAD", path, nil, [:], 200)
        } else {
          for body in InterfaceFixtures.bodies(operation.path) {
            try await check("POST", operation.path, body, [:], 200)
          }
          try await check("POST", operation.path, [], [:], 400)
          try await check("POST", operation.path, ["model": 1], [:], 400)
          try await check("POST", operation.path, [:], ["Content-Encoding": "gzip"], 415)
          try await check("POST", operation.path, [:], ["Content-Length": "99999999"], 413)
        }
        try await check(operation.method == "GET" ? "POST" : "GET", path, nil, [:], 405)
        try await check(operation.method, path, [:], ["Origin": "https://evil.example"], 403)
      }
      for operation in document.operations { #expect(seen.contains("\(operation.method) \(operation.path)")) }
      for path in ["/v1/models/none", "/models/none", "/page/none.js", "/nowhere", "/api/nowhere", "/api/pull"] {
        try await check("GET", path, nil, [:], 404)
      }
      for path in ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/api/chat", "/api/show"] {
        let message: JSON = [["role": "user", "content": "x"]]
        try await check(
          "POST", path, ["model": "none", "messages": message, "input": "x", "max_tokens": 1], [:], 404)
      }
    }
  }

  @Test func callsOfToolsAreWhatTheDescriptionSays() async throws {
    let (catalogue, _) = try await InterfaceFixtures.catalogue()
    try await TestServer.with(catalogue) { server in
      let document = InterfaceDocument(try await server.get("/openapi.json").json)
      for path in ["/v1/chat/completions", "/v1/responses", "/v1/messages"] {
        let body = InterfaceFixtures.forced(path)
        let schema = try #require(document.operation("POST", path).flatMap(document.body))
        #expect(document.check.problems(body, schema).isEmpty, "\(path)")
        let whole = try await server.post(path, body)
        let stream = try await server.post(path, .object((body.members ?? []) + [JSON.Member("stream", true)]))
        for reply in [whole, stream] {
          #expect(reply.status == 200, "\(reply.text)")
          let problems = document.problems(reply, "POST", path)
          #expect(problems.isEmpty, "\(path): \(problems)")
          // It is calls that were looked at, and whole ones.
          let ends = ["\"finish_reason\":\"tool_calls\"", "\"stop_reason\":\"tool_use\"", "\"type\":\"function_call\""]
          let text = reply.text.replacing("\": ", with: "\":")
          #expect(ends.contains { text.contains($0) }, "\(reply.text)")
          #expect(!text.contains("\"status\":\"incomplete\""), "\(reply.text)")
        }
        // What else is wrong with tools is refused as described too, and the description tells some of it.
        let wrong: [(String, JSON, Bool)] = [
          ("tools", [], false), ("tools", 1, false), ("tools", [[:]], false),
          ("tools", [InterfaceFixtures.tool(path, "a b")], false), ("tool_choice", "maybe", false),
          ("tools", .array([JSON](repeating: InterfaceFixtures.tool(path), count: 2)), true),
          ("tools", .array((0..<129).map { InterfaceFixtures.tool(path, "t\($0)") }), false),
        ]
        for (field, value, isRight) in wrong {
          let members = (body.members ?? []).map { $0.key == field ? JSON.Member(field, value) : $0 }
          let spoiled = JSON.object(members)
          #expect(document.check.accepts(spoiled, schema) == isRight, "\(path) \(field)")
          let reply = try await server.post(path, spoiled)
          #expect(reply.status == 400, "\(path) \(field): \(reply.text)")
          #expect(document.problems(reply, "POST", path).isEmpty, "\(path) \(reply.text)")
        }
      }
    }
  }

  @Test func modelsOfEveryStatusAreWhatTheDescriptionSays() async throws {
    struct Broken: Error {}
    let gate = Gate()
    func item(_ id: String, _ body: @escaping @Sendable () async throws -> Void = {}) -> ShelfItem {
      ShelfItem(id: id) {
        try await body()
        return .language(try ServerFixtures.engine(ServerFixtures.saying(id)))
      }
    }
    var limits = ShelfLimits()
    (limits.loaded, limits.retry) = (2, 60)
    let shelf = try ModelShelf(
      [item("first"), item("second"), item("late") { await gate.pass() }, item("broken") { throw Broken() }],
      limits: limits)
    try await TestServer.with(shelf) { server in
      defer { gate.open() }
      let document = InterfaceDocument(try await server.get("/openapi.json").json)
      #expect(try await server.chat(["model": "first"]).status == 200)
      for path in ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/chat"] {
        let reply = try await server.post(path, InterfaceFixtures.bodies(path, "broken").first ?? [:])
        #expect(reply.status == 503 && reply.headers["retry-after"] != nil, "\(reply.text)")
        #expect(document.problems(reply, "POST", path) == [])
      }
      #expect(try await server.chat(["model": "second"]).status == 200)
      // It takes the place of the model that was not used for longest.
      async let late = server.chat(["model": "late"])
      let expected: [ModelStatus] = [.unloaded, .loaded, .loading, .failed]
      try await server.eventually("each has another status") { shelf.entries.map(\.status) == expected }
      for path in ["/v1/models", "/v1/models/first", "/api/tags", "/api/ps"] {
        #expect(document.problems(try await server.get(path), "GET", path) == [])
      }
      let data = try await server.get("/v1/models").json["data"]?.elements ?? []
      #expect(data.map { $0["status"]?.text } == expected.map(\.rawValue))
      #expect(data.map { $0["meta"]?["n_ctx"]?.int } == [4096, 4096, nil, nil], "sizes stay")
      gate.open()
      #expect(try await late.status == 200)
    }
  }

  @Test func everyAnswerOfAServerThatDoesNotServeIsWhatTheDescriptionSays() async throws {
    let catalogue = FixedCatalogue()
    catalogue.add("late", kind: .language)
    catalogue.add("later", kind: .embedding)
    let keys = try KeyRing(["key"])
    try await TestServer.with(catalogue, { $0.keys = keys }) { server in
      let key = ["X-Api-Key": "key"]
      let document = InterfaceDocument(try await server.get("/openapi.json", key).json)
      for operation in document.operations {
        let path = operation.path.replacing("{id}", with: "late").replacing("{file}", with: "main.js")
        let body = operation.method == "POST" ? InterfaceFixtures.bodies(operation.path, "late", "later").first : nil
        let bytes = body.map { Array($0.line.utf8) }
        let refused = try await server.send(operation.method, path, body: bytes)
        if !operation.isOpen {
          #expect(refused.status == 401, "\(path)")
          #expect(document.problems(refused, operation.method, path).isEmpty, "\(path)")
        }
        let late = try await server.send(operation.method, path, key, body: bytes)
        // Plans ask no model of the server's.
        let answers = path.hasPrefix("/plan") || body == nil && !path.hasSuffix("health")
        #expect(late.status == (answers ? 200 : 503), "\(path) \(late.text)")
        let problems = document.problems(late, operation.method, path)
        #expect(problems.isEmpty, "\(path): \(problems)")
      }
    }
  }
}
