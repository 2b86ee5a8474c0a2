import Formats
import Server
import Synchronization
import Testing
import Venturi
import VenturiTesting

/// Models that come when they are asked for and go when nobody uses them.
@Suite struct ModelShelfTests {
  private struct Broken: Error {}

  /// A shelf of scripted models that say their names, and how often each was loaded.
  private final class Shop: Sendable {
    let loads = Mutex<[String: Int]>([:])
    let gate: Gate
    let isBroken = Mutex(false)

    init(gate: Gate = Gate(isOpen: true)) { self.gate = gate }

    func item(_ id: String, bytes: Int = 10, isLoadedFirst: Bool = false, seconds: Double = 0) -> ShelfItem {
      ShelfItem(id: id, isLoadedFirst: isLoadedFirst, expectedBytes: bytes, bytes: { _ in bytes }) { [self] in
        loads.withLock { $0[id, default: 0] += 1 }
        await gate.pass()
        if isBroken.withLock({ $0 }) { throw Broken() }
        return .language(try ServerFixtures.engine(ServerFixtures.saying("I am \(id)", secondsPerStep: seconds)))
      }
    }

    func count(_ id: String) -> Int { loads.withLock { $0[id] ?? 0 } }
  }

  private static func limits(_ change: (inout ShelfLimits) -> Void = { _ in }) -> ShelfLimits {
    var limits = ShelfLimits()
    change(&limits)
    return limits
  }

  private static func status(_ shelf: ModelShelf, _ id: String) -> ModelStatus? {
    shelf.entries.first { $0.id == id }?.status
  }

  /// Waits until something holds; a watchdog, no measurement.
  private static func eventually(_ what: String, _ holds: () -> Bool) async throws {
    for _ in 0..<3000 {
      if holds() { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("never: \(what)")
  }

  @Test func firstRequestsShareOneLoad() async throws {
    let shop = Shop(gate: Gate())
    let shelf = try ModelShelf([shop.item("a"), shop.item("b")], limits: Self.limits())
    #expect(shelf.entries.map(\.status) == [.unloaded, .unloaded] && shelf.bytes == 0)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<40 { group.addTask { _ = try await shelf.model("a", .language) } }
      try await Self.eventually("all wait") { shelf.entries[0].waiting == 40 }
      #expect(Self.status(shelf, "a") == .loading)
      shop.gate.open()
      try await group.waitForAll()
    }
    #expect(shop.count("a") == 1 && shop.count("b") == 0)
    #expect(shelf.entries[0].loads == 1 && shelf.entries[0].sizes?.contextLength == 4096 && shelf.bytes == 10)
    #expect(Self.status(shelf, "a") == .loaded && Self.status(shelf, "b") == .unloaded)
  }

  @Test func aModelThatIsUsedStaysAndWhoWaitsGetsTheRoomThen() async throws {
    let shop = Shop()
    let shelf = try ModelShelf([shop.item("a"), shop.item("b")], limits: Self.limits { $0.bytes = 15 })
    var held: ServedModel? = try await shelf.model("a", .language)
    let other = Task { try await shelf.model("b", .language) }
    try await Self.eventually("b waits") { shelf.entries[1].waiting == 1 }
    #expect(Self.status(shelf, "a") == .loaded && shop.count("b") == 0)
    guard case .language(let engine) = held else { return }
    // A generation keeps what it needs, whoever lets go.
    let generation = engine.generate(.text(ServerFixtures.prompt))
    held = nil
    #expect(try await generation.text() == "I am a")
    try await Self.eventually("used") { Self.status(shelf, "a") == .loaded }
    _ = consume engine
    guard case .language(let second) = try await other.value else { return }
    #expect(try await second.generate(.text(ServerFixtures.prompt)).text() == "I am b")
    #expect(Self.status(shelf, "a") == .unloaded && shelf.entries[0].evictions == 1 && shelf.bytes == 10)
    // What was known of it is told on.
    #expect(shelf.entries[0].sizes?.contextLength == 4096)
  }

  @Test func aModelThatNobodyUsesForLongGoesAndItsBytesComeBack() async throws {
    let shop = Shop()
    let shelf = try ModelShelf([shop.item("a"), shop.item("b")], limits: Self.limits { $0.timeToLive = 0.05 })
    weak var weights: (any LanguageModel)?
    for round in 1...3 {
      do {
        let held = try await shelf.model("a", .language)
        if case .language(let engine) = held { weights = engine.model }
        _ = try await shelf.model("b", .language)
        try await Self.eventually("b goes") { Self.status(shelf, "b") == .unloaded && shelf.bytes == 10 }
        #expect(Self.status(shelf, "a") == .loaded, "it is in use")
        withExtendedLifetime(held) {}
      }
      try await Self.eventually("all gone") { shelf.bytes == 0 && weights == nil }
      #expect(shop.count("a") == round && shelf.entries[0].expiries == round)
    }
  }

  @Test func aLoadThatFailsIsToldAndTriedAgainLater() async throws {
    let shop = Shop()
    shop.isBroken.withLock { $0 = true }
    let shelf = try ModelShelf([shop.item("a")], limits: Self.limits { $0.retry = 3600 })
    for _ in 0..<3 {
      let failure = await #expect(throws: RequestFailure.self) { try await shelf.model(nil, .language) }
      #expect(failure?.status == 503 && failure?.code == "model_failed")
      #expect((3000...3600).contains(failure?.retryAfter ?? 0))
      #expect(failure?.message.contains("Broken") == true)
    }
    #expect(shop.count("a") == 1 && shelf.entries[0].failures == 1 && Self.status(shelf, "a") == .failed)
    #expect(shelf.readiness == .ready, "it was not there at the start")
    let impatient = try ModelShelf([shop.item("b")], limits: Self.limits { $0.retry = 0 })
    await #expect(throws: RequestFailure.self) { try await impatient.model("b", .language) }
    shop.isBroken.withLock { $0 = false }
    _ = try await impatient.model("b", .language)
    #expect(shop.count("b") == 2 && impatient.entries[0].problem == nil)
  }

  @Test func whoWaitsIsBoundedAndMayLeave() async throws {
    let shop = Shop(gate: Gate())
    let shelf = try ModelShelf([shop.item("a")], limits: Self.limits { $0.waiting = 2 })
    let waiting = (0..<2).map { _ in Task { try await shelf.model("a", .language) } }
    try await Self.eventually("both wait") { shelf.entries[0].waiting == 2 }
    let failure = await #expect(throws: RequestFailure.self) { try await shelf.model("a", .language) }
    #expect(failure?.status == 429 && failure?.code == "overloaded" && (failure?.retryAfter ?? 0) >= 1)
    waiting[0].cancel()
    await #expect(throws: CancellationError.self) { try await waiting[0].value }
    #expect(shelf.entries[0].waiting == 1)
    let late = Task { try await shelf.model("a", .language) }
    try await Self.eventually("waits") { shelf.entries[0].waiting == 2 }
    shop.gate.open()
    _ = (try await waiting[1].value, try await late.value)
    // One that is cancelled before it has begun waits for nothing.
    let early = Task { try await shelf.model("a", .language) }
    early.cancel()
    _ = try? await early.value
    #expect(shelf.entries[0].waiting == 0 && shop.count("a") == 1)
  }

  @Test func manyAskAndLeaveAtRandomWithinTheBounds() async throws {
    let shop = Shop()
    let names = ["a", "b", "c", "d", "e"]
    let shelf = try ModelShelf(
      names.enumerated().map { shop.item($1, bytes: 10 + $0) },
      limits: Self.limits {
        $0.bytes = 30
        $0.loaded = 2
        $0.patience = 0.01
        $0.timeToLive = 0.02
      })
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for client in 0..<24 {
        group.addTask {
          var random = GGUFNoise(seed: UInt64(client))
          var isRight = true
          for _ in 0..<30 {
            let name = names[random.below(names.count)]
            let leaves = random.below(5) == 0
            let work = Task { () -> String? in
              guard case .language(let engine) = try await shelf.model(name, .language) else { return nil }
              return try await engine.generate(.text(ServerFixtures.prompt)).text()
            }
            if leaves { work.cancel() }
            let text = try? await work.value
            if !leaves { isRight = isRight && text == "I am \(name)" }
            let bytes = shelf.bytes
            isRight = isRight && bytes <= 30
          }
          return isRight
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
    try await Self.eventually("all gone") { shelf.bytes == 0 }
    #expect(shelf.entries.allSatisfy { $0.waiting == 0 && $0.loads == $0.evictions + $0.expiries })
    #expect(shelf.entries.reduce(0) { $0 + $1.loads } > names.count, "they took turns")
  }

  @Test func namesMustTellModelsApart() throws {
    let shop = Shop()
    let error = #expect(throws: ServerError.self) {
      try ModelShelf([shop.item("a"), shop.item("a")], limits: ShelfLimits())
    }
    #expect(error.map { "\($0)" } == "models a: is the name of two models")
    for change: (inout ShelfLimits) -> Void in [
      { $0.loaded = 0 }, { $0.bytes = 0 }, { $0.timeToLive = -1 }, { $0.timeToLive = .nan }, { $0.waiting = -1 },
    ] {
      #expect(throws: ServerError.self) { try ModelShelf([shop.item("a")], limits: Self.limits(change)) }
    }
  }

  // MARK: Through the server

  @Test func requestsNameTheirModelAndTheListTellsWhereEachIs() async throws {
    let shop = Shop()
    let shelf = try ModelShelf(
      [shop.item("a", isLoadedFirst: true), shop.item("b")], limits: Self.limits { $0.loaded = 1 })
    try await TestServer.with(shelf) { server in
      #expect(try await server.get("/health").error["code"] == "loading")
      try await shelf.loadFirst()
      #expect(try await server.get("/health").status == 200)
      for (name, text) in [("a", "I am a"), ("b", "I am b"), ("a", "I am a"), ("", "I am a")] {
        let reply = try await server.chat(name.isEmpty ? [:] : ["model": .string(name)])
        #expect(reply.json["choices"]?.elements?.first?["message"]?["content"]?.text == text)
        #expect(reply.json["model"]?.text == (name.isEmpty ? "a" : name))
        // Who looks at models keeps none of them.
        for path in ["/metrics", "/v1/models"] { #expect(try await server.get(path).status == 200) }
      }
      #expect(try await server.get("/health").status == 200, "a model that went does not make it sick")
      let models = try await server.get("/v1/models").json["data"]?.elements ?? []
      #expect(models.map { $0["status"] } == ["loaded", "unloaded"])
      #expect(models.allSatisfy { $0["meta"]?["n_ctx"] == 4096 })
      #expect(try await server.metric("venturi_model_loads_total{model=\"a\"}") == 2)
      #expect(try await server.metric("venturi_model_loads_total{model=\"b\"}") == 1)
      #expect(try await server.metric("venturi_model_evictions_total{model=\"a\",reason=\"room\"}") == 1)
      #expect(try await server.metric("venturi_model_evictions_total{model=\"a\",reason=\"idle\"}") == 0)
      #expect(try await server.metric("venturi_model_bytes{model=\"a\"}") == 10)
      #expect(try await server.metric("venturi_model_bytes{model=\"b\"}") == 0)
      #expect(try await server.metric("venturi_model_requests_waiting{model=\"b\"}") == 0)
      #expect(try await server.chat(["model": "c"]).status == 404)
    }
  }

  @Test func aModelThatCannotBeLoadedIsATypedErrorOfTheRequest() async throws {
    let shop = Shop()
    shop.isBroken.withLock { $0 = true }
    let shelf = try ModelShelf([shop.item("a")], limits: Self.limits { $0.retry = 600 })
    try await TestServer.with(shelf) { server in
      for isStreamed in [false, true] {
        let reply = try await server.chat(["stream": .bool(isStreamed)])
        #expect(reply.status == 503 && reply.error["code"] == "model_failed")
        #expect((500...600).contains(reply.headers["retry-after"].flatMap { Int($0) } ?? 0))
      }
      #expect(try await server.get("/v1/models").json["data"]?.elements?.first?["status"] == "failed")
      #expect(try await server.metric("venturi_model_load_failures_total{model=\"a\"}") == 1)
    }
  }

  @Test func aClientThatLeavesWhileItsModelIsLoadedWaitsNoLonger() async throws {
    let shop = Shop(gate: Gate())
    let shelf = try ModelShelf([shop.item("a")], limits: Self.limits())
    try await TestServer.with(shelf) { server in
      let port = server.port
      let body = Array(TestServer.chatBody(["stream": true]).line.utf8)
      let client = try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(TestServer.bytes("POST", "/v1/chat/completions", body: body))
        return connection
      }
      try await server.eventually("it waits") { shelf.entries[0].waiting == 1 }
      client.reset()
      try await server.eventually("it is gone") { shelf.entries[0].waiting == 0 && server.server.runningRequests == 0 }
      #expect(try await server.metric("venturi_requests_total{outcome=\"client_gone\"}") == 1)
      shop.gate.open()
      #expect(try await server.chat().status == 200)
      #expect(shop.count("a") == 1)
    }
  }

  @Test func aDrainWaitsForLoadsAndEndsThoseThatTakeTooLong() async throws {
    for isInTime in [true, false] {
      let shop = Shop(gate: Gate())
      let shelf = try ModelShelf([shop.item("a")], limits: Self.limits())
      try await TestServer.with(shelf, { $0.deadlines.drain = isInTime ? 20 : 0.2 }) { server in
        async let answer = server.chat()
        try await server.eventually("it waits") { shelf.entries[0].waiting == 1 }
        let drained = Task { await server.server.drain() }
        try await server.eventually("refuses") { try await server.get("/health").status == 503 }
        if isInTime { shop.gate.open() }
        let reply = try await answer
        if isInTime {
          #expect(reply.json["choices"]?.elements?.first?["message"]?["content"] == "I am a")
        } else {
          #expect(reply.status == 503 && reply.error["code"] == "shutting_down")
          shop.gate.open()
        }
        await drained.value
      }
    }
  }

  @Test func aShelfThatIsStoppedWhileItLoadsIsNoFailure() async throws {
    let shop = Shop(gate: Gate())
    let shelf = try ModelShelf(
      [shop.item("a", isLoadedFirst: true), shop.item("b", isLoadedFirst: true)], limits: Self.limits())
    let first = Task { try await shelf.loadFirst() }
    try await Self.eventually("loads") { shop.gate.waiting == 1 }
    let stopped = Task { await shelf.stop() }
    await #expect(throws: CancellationError.self) { try await first.value }
    shop.gate.open()
    await stopped.value
    #expect(shop.count("a") == 1 && shop.count("b") == 0)
    let failure = await #expect(throws: RequestFailure.self) { try await shelf.model("a", .language) }
    #expect(failure?.code == "shutting_down")
  }

  @Test func overloadIsToldBeforeAPromptIsLookedAt() async throws {
    let template = try ChatTemplate(
      compiling: """
        {% if messages[0].content == 'bad' %}{{ raise_exception('looked at') }}{% endif %}{{ '<|im_start|>assistant\n' }}
        """)
    let engine = try Engine(
      model: ServerFixtures.talking(), tokenizer: ServerFixtures.tokenizer(), template: template,
      options: EngineOptions(maxRunning: 1, maxQueued: 0))
    try await TestServer.with(engine) { server in
      let looked = try await server.chat([:], "bad")
      #expect(looked.status == 400 && looked.error["message"]?.text?.contains("looked at") == true)
      let port = server.port
      let body = Array(TestServer.chatBody(["stream": true]).line.utf8)
      let busy = try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(TestServer.bytes("POST", "/v1/chat/completions", body: body))
        _ = connection.receive(until: "\"x\"")
        return connection
      }
      let refused = try await server.chat([:], "bad")
      #expect(refused.status == 429 && refused.error["code"] == "overloaded")
      #expect((refused.headers["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
      let long = try await server.post("/v1/completions", ["prompt": .string(String(repeating: "a", count: 9000))])
      #expect(long.status == 429)
      #expect(try await server.post("/tokenize", ["content": "x"]).status == 200, "tokens need no place")
      busy.reset()
      try await server.isIdle()
    }
  }

  @Test func theWaitThatTheEngineReckonsIsTheTimeToComeAgain() {
    for (seconds, text) in [(0.0, "1"), (7.2, "8"), (1e9, "60"), (.infinity, "60")] {
      let error = InferenceError.overloaded(running: 1, queued: 0, queueLimit: 0, waitSeconds: seconds)
      #expect(RequestFailure(error).retryAfter.map { "\($0)" } == text)
    }
  }
}
