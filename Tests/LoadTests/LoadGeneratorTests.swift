import Client
import Formats
import Load
import Testing

@Suite("Load on a server")
struct LoadGeneratorTests {
  /// A server that never listens.
  private static let mute = ServerCommand(name: "z", arguments: ["/bin/sh", "-c", "exec sleep 60", "sh"])

  private func pool(_ count: Int, warmUp: Int = 0, prompt: Int = 5, output: Int = 4) throws -> RequestPool {
    func requests(_ count: Int, _ word: String) -> [LoadRequest] {
      (0..<count).map { LoadRequest(prompt: "\(word) \($0)", promptTokens: prompt, outputTokens: output) }
    }
    return try RequestPool(requests(count, "prompt"), warmUp: requests(warmUp, "warm"))
  }

  private func settings(_ change: (inout LoadSettings) -> Void) -> LoadSettings {
    var settings = LoadSettings(model: "m")
    change(&settings)
    return settings
  }

  private func run(_ server: ScriptedServer, _ pool: RequestPool, _ settings: LoadSettings) async throws -> LoadResult {
    let client = try APIClient(try ServerAddress(server.url))
    return try await LoadGenerator(client, settings: settings, pool: pool).run()
  }

  @Test func clientsAskOneAfterTheOther() async throws {
    let server = try await ScriptedServer.start { _, path, _ in
      path == "/v1/completions" ? .completion(4, pause: 20) : .json([:], status: 404)
    }
    let result = try await run(
      server, pool(12, warmUp: 2),
      settings {
        ($0.arrivals, $0.requests) = (.closed(clients: 3), 12)
        $0.objective = try? ServiceObjective("e2e=1000s")
      })
    #expect(result.answered == 12 && result.errors.isEmpty && result.warmUpErrors.isEmpty)
    #expect(result.outputTokens == 48 && result.promptTokens == 60 && result.otherPrompts == 0)
    #expect(result.shortAnswers == 0 && result.repeatedPrompts == 0 && result.goodShare == 1)
    #expect((2...3).contains(server.mostAtOnce) && server.connections <= 5)
    #expect(result.firstToken?.count == 12 && result.gaps?.count == 36 && result.endToEnd?.count == 12)
    let rate = 48 / result.seconds
    #expect((result.tokensPerSecond / rate - 1).magnitude < 1e-9)
    let bodies = server.bodies
    #expect(bodies.count == 14 && Set(bodies.dropFirst(2).map { $0["prompt"]?.text ?? "" }).count == 12)
    #expect(bodies.prefix(2).allSatisfy { $0["prompt"]?.text?.hasPrefix("warm") ?? false })
    let one = try #require(bodies.last)
    #expect(
      one["max_tokens"]?.int == 4 && one["stream"] == true && one["ignore_eos"] == true && one["model"]?.text == "m")
    #expect(one["stream_options"]?["include_usage"] == true)
  }

  @Test func failuresAreCountedByKind() async throws {
    let server = try await ScriptedServer.start { number, _, _ in
      switch number % 5 {
      case 0: .json(["error": ["message": "full"]], status: 429)
      case 1: .init(pieces: [ScriptedServer.Reply.event(["choices": []])])
      case 2: .init(pieces: ["data: nonsense\n\n"])
      case 3: .init(pieces: [ScriptedServer.Reply.event(["x": 1]), "data: [DONE]\n\n"])
      default: .completion(4)
      }
    }
    let result = try await run(
      server, pool(20), settings { ($0.requests, $0.objective) = (20, try? ServiceObjective("ttft=1000s")) })
    #expect(result.errors == ["http_429": 4, "stream_cut": 4, "malformed": 8] && result.answered == 4)
    #expect(result.examples["http_429"]?.contains("full") == true)
    #expect(result.goodShare == 0.2)
  }

  @Test func aServerThatAnswersNothingIsAnError() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .json(["error": "broken"], status: 500) }
    for warmUp in [0, 2] {
      let error = await #expect(throws: LoadError.self) {
        try await run(server, pool(3, warmUp: warmUp), settings { $0.requests = 3 })
      }
      guard case .nothingAnswered(let errors, let example) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(errors == ["http_500": warmUp == 0 ? 3 : 2] && example.contains("broken"))
    }
  }

  @Test func whatIsNotAsAskedForIsSaid() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .completion(3, prompt: 6) }
    let result = try await run(server, pool(2), settings { $0.requests = 5 })
    #expect(result.otherPrompts == 5 && result.shortAnswers == 5 && result.repeatedPrompts == 3)
  }

  @Test func requestsComeAtTheirTimes() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .completion(2, pause: 30) }
    let times = [0, 0.01, 0.02, 0.03, 0.25]
    let result = try await run(
      server, pool(5, output: 2), settings { ($0.arrivals, $0.requests) = (.recorded(times), 5) })
    #expect(result.answered == 5 && server.mostAtOnce > 1)
    let dues = result.answers.map(\.due).sorted()
    for (due, time) in zip(dues, times) { #expect((due - dues[0] - time).magnitude < 1e-6) }
    #expect(result.answers.allSatisfy { $0.sent >= $0.due })
  }

  @Test func tooManyAtOnceAreCounted() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .completion(2, pause: 100) }
    let result = try await run(
      server, pool(6, output: 2),
      settings { ($0.arrivals, $0.requests, $0.maxInFlight) = (.recorded([0, 0, 0, 0, 0, 0]), 6, 2) })
    #expect(result.answered == 2 && result.errors == ["client_limit": 4])
  }

  @Test func timeEndsARun() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .completion(2, pause: 40) }
    // A busy machine may answer nothing for a while.
    for seconds in [8.0, 80, 800] {
      let result = try? await run(
        server, pool(4, output: 2), settings { ($0.arrivals, $0.seconds) = (.closed(clients: 2), seconds) })
      guard let result, result.answered > 2 else { continue }
      #expect(result.seconds == seconds && Double(result.answered) < 125 * seconds)
      // Tokens after the end are not counted.
      #expect(result.tokensPerSecond * seconds <= Double(result.outputTokens) + 1e-9)
      return
    }
    Issue.record("no answers")
  }

  @Test func conversationsCountToo() async throws {
    let server = try await ScriptedServer.start { _, path, _ in
      guard path == "/v1/chat/completions" else { return .json([:], status: 404) }
      func event(_ delta: JSON) -> String {
        ScriptedServer.Reply.event(["choices": [["index": 0, "delta": delta, "finish_reason": .null]], "usage": .null])
      }
      return .init(pieces: [
        event(["role": "assistant", "content": ""]), event(["content": "a"]), event(["reasoning_content": "b"]),
        ": ping\n\n", event([:]), "data: [DONE]\n\n",
      ])
    }
    let result = try await run(server, pool(2), settings { ($0.requests, $0.kind, $0.endsEarly) = (2, .chat, true) })
    // Without usage the events with text are the tokens.
    #expect(result.answered == 2 && result.outputTokens == 4 && result.promptTokens == 0 && result.otherPrompts == 0)
    let body = try #require(server.bodies.last)
    #expect(body["messages"]?.elements?.first?["role"]?.text == "user" && body["ignore_eos"] == nil)
  }

  @Test func aRunCanBeCancelled() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .completion(1000, pause: 20) }
    let pool = try pool(4)
    let settings = settings { ($0.arrivals, $0.requests) = (.closed(clients: 2), 4) }
    let task = Task { try await run(server, pool, settings) }
    while server.bodies.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    for _ in 0..<500 where server.abandoned < 2 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(server.abandoned == 2)
  }

  @Test func tokensAreCountedByTheServer() async throws {
    let server = try await ScriptedServer.start { _, path, body in
      path == "/tokenize" && body["add_special"] == true
        ? .json(["tokens": .array((body["content"]?.text ?? "").split(separator: " ").map { _ in 1 })])
        : .json(["x": 1])
    }
    let client = try APIClient(try ServerAddress(server.url))
    #expect(try await ServerTokenCounter(client, model: "m").tokens(in: "a b c") == 3)
    let other = try await ScriptedServer.start { _, _, _ in .json(["x": 1]) }
    let counter = ServerTokenCounter(try APIClient(try ServerAddress(other.url)), model: "m")
    await #expect(throws: ClientError.self) { try await counter.tokens(in: "a") }
  }

  @Test func aServerThatDoesNotStartIsNamed() async throws {
    let gone = await #expect(throws: LoadError.self) {
      try await ServerProcess(
        ServerCommand(name: "x", arguments: ["/bin/sh", "-c", "echo out of luck >&2; exit 3", "sh"]))
    }
    #expect(gone == .serverFailed(name: "x", problem: "out of luck"))
    let absent = await #expect(throws: LoadError.self) {
      try await ServerProcess(ServerCommand(name: "y", arguments: ["/nowhere/at/all"]))
    }
    #expect(absent.map { "\($0)".contains("'y'") || "\($0)".contains("of y") } == true)
    let mute = await #expect(throws: LoadError.self) {
      try await ServerProcess(Self.mute, timeout: 0.3)
    }
    #expect(mute.map { "\($0)".contains("not ready") } == true)
  }

  /// A connection ends for its server when this process closes it, whatever was started meanwhile.
  @Test func startedProcessesKeepNoConnections() async throws {
    let server = try await ScriptedServer.start { _, _, _ in .completion(1000, pause: 20) }
    let client = try APIClient(try ServerAddress(server.url))
    let task = Task { try await client.stream("/s", body: Array("{}".utf8)) { _, _ in } }
    while server.bodies.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    let other = Task {
      try await ServerProcess(Self.mute, timeout: 30)
    }
    try await Task.sleep(for: .milliseconds(200))
    task.cancel()
    for _ in 0..<1000 where server.abandoned == 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(server.abandoned == 1)
    other.cancel()
    await #expect(throws: (any Error).self) { try await other.value }
  }

  @Test func ratiosOfAContest() throws {
    func round(_ ours: Double, _ theirs: Double) -> JSON {
      func figures(_ speed: Double) -> JSON {
        ["tokensPerSecond": .number(speed), "timeToFirstToken": ["p50": .number(1 / speed)], "errors": ["http_429": 1]]
      }
      return ["ours": figures(ours), "theirs": figures(theirs)]
    }
    let result = ContestResult(
      load: "8 clients", rounds: [round(300, 100), round(200, 50), round(100, 50)], names: ["ours", "theirs"])
    #expect(
      result.throughputRatio?.median == 3 && result.throughputRatio?.low == 2 && result.throughputRatio?.high == 4)
    #expect((result.firstTokenRatio?.median).map { ($0 - 3).magnitude < 1e-9 } == true)
    #expect(
      result.json["theirs"]?["errors"]?.int == 3 && result.json["ours"]?["tokensPerSecond"]?["median"]?.double == 200)
    // A round without a figure gives no ratio rather than one of the others.
    let broken = ContestResult(
      load: "", rounds: [round(1, 1), ["ours": [:], "theirs": [:]]], names: ["ours", "theirs"])
    #expect(broken.throughputRatio == nil)
  }
}
