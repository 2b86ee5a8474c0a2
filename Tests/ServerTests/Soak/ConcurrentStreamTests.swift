import Formats
import Foundation
import Server
import Testing
import Venturi
import VenturiTesting

/// Rows S1, S2, S3 and S5 of the reliability table: many clients at once, well-behaved and not.
@Suite(.serialized) struct ConcurrentStreamTests {
  @Test("S1: streams side by side say what each says alone, and no word of another")
  func streams() async throws {
    let (streams, rounds) = (Soak.count(16, 64), Soak.count(6, .max))
    let seconds = Soak.isFull ? Soak.seconds ?? 600 : 600
    let echo = try ServerFixtures.engine(ServerFixtures.repeating(), options: EngineOptions(prefixCache: .automatic))
    let tiny = try await Engine.load(
      GoldenFiles.url("tiny/q4_k_m.gguf.bin").path(),
      options: EngineOptions(threads: 2, profile: .none, prefixCache: .automatic))
    let catalogue = FixedCatalogue([("echo", .language(echo)), ("tiny", .language(tiny))])
    try await TestServer.with(catalogue) { server in
      let port = server.port
      func tinyBody(_ stream: Int) -> JSON {
        [
          "model": "tiny", "prompt": .string("Once upon a time there was number \(stream)"), "max_tokens": 24,
          "seed": .integer(stream), "ignore_eos": true,
        ]
      }
      var alone: [String] = []
      for stream in 0..<streams {
        let reply = try await server.post("/v1/completions", tinyBody(stream))
        alone.append(try #require(reply.json["choices"]?.elements?.first?["text"]?.text))
      }
      let (expected, end) = (alone, Date(timeIntervalSinceNow: seconds))
      let results = try await withThrowingTaskGroup(of: StreamTally.self) { group in
        for stream in 0..<streams {
          let body = tinyBody(stream)
          group.addTask {
            try await offPool {
              var tally = StreamTally()
              var noise = GGUFNoise(seed: UInt64(stream))
              while tally.rounds < rounds, Date() < end {
                let canary = "canary-\(stream)-\(tally.rounds)-\(noise.next())"
                let chat = TestServer.chatBody(["model": "echo", "stream": true, "temperature": 0], canary)
                let said = try tally.read(
                  TestServer.bytes("POST", "/v1/chat/completions", body: Array(chat.line.utf8)), port)
                if said != canary + canary { tally.wrong.append("\(canary) got \(said)") }
                let whole = JSON.object((body.members ?? []) + [JSON.Member("stream", true)])
                let text = try tally.read(
                  TestServer.bytes("POST", "/v1/completions", body: Array(whole.line.utf8)), port)
                if text != expected[stream] { tally.wrong.append("stream \(stream): \(text), not \(expected[stream])") }
                tally.rounds += 1
              }
              return tally
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let wrong = results.flatMap(\.wrong)
      #expect(wrong.isEmpty, "\(wrong.prefix(3))")
      #expect(results.allSatisfy { $0.rounds > 0 })
      let gaps = results.flatMap(\.gaps)
      let (median, late) = (Soak.percentile(gaps, 0.5), Soak.percentile(gaps, 0.99))
      Soak.report(
        "S1", asked: "\(streams) streams, 0 leaks, p99 between pieces within 5 times the median",
        measured:
          "\(results.reduce(0) { $0 + $1.rounds } * 2) answers, \(wrong.count) wrong, median \(ms(median)), p99 \(ms(late))"
      )
    }
  }

  @Test("S1: idle connections cost no answer, and are served when they ask")
  func idleConnections() async throws {
    let count = Soak.count(200, 1000)
    allowManyFiles()
    let engine = try ServerFixtures.engine(ServerFixtures.saying("yes"))
    try await TestServer.with(engine) { server in
      let port = server.port
      let idle = try await offPool { try (0..<count).map { _ in try RawConnection(port: port) } }
      try await server.eventually("all are open") { server.server.openConnections == count }
      for _ in 0..<10 {
        #expect(try await server.chat().json["choices"]?.elements?.first?["message"]?["content"] == "yes")
      }
      let answered = try await offPool {
        let ask = TestServer.bytes("POST", "/v1/chat/completions", body: Array(TestServer.chatBody([:]).line.utf8))
        return try idle.reduce(0) { sum, connection in
          connection.send(ask)
          return sum + (try HTTPReply.parse(connection.receiveAll()).0.status == 200 ? 1 : 0)
        }
      }
      #expect(answered == count)
      Soak.report("S1 idle", asked: "\(count) mostly idle connections", measured: "\(answered) of \(count) answered")
    }
  }

  @Test("S2: slow readers are cut off at the write timeout, and cost others nothing but their share")
  func slowReaders() async throws {
    let (slow, normal) = (Soak.count(4, 32), Soak.count(4, 16))
    let text = String(repeating: "word ", count: 60)
    let model = try ServerFixtures.saying(text)
    let engine = try ServerFixtures.engine(model)
    let change: (inout ServerSettings) -> Void = {
      $0.limits.outputBuffer = 256 << 10
      $0.deadlines.write = Soak.isFull ? 3 : 0.5
    }
    try await TestServer.with(engine, change) { server in
      let port = server.port
      /// Requests of normal clients, so many each; how many were answered, and in how many seconds.
      @Sendable func load(_ each: Int) async throws -> (answers: Int, seconds: Double) {
        let begin = ContinuousClock.now
        let right = try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<normal {
            group.addTask {
              try await offPool {
                let ask = TestServer.bytes(
                  "POST", "/v1/chat/completions", body: Array(TestServer.chatBody(["stream": true]).line.utf8))
                return try (0..<each).reduce(0) { sum, _ in
                  let connection = try RawConnection(port: port)
                  connection.send(ask)
                  return sum + (try HTTPReply.parse(connection.receiveAll()).0.said() == text ? 1 : 0)
                }
              }
            }
          }
          return try await group.reduce(0, +)
        }
        return (right, begin.duration(to: .now) / .seconds(1))
      }
      let each = Soak.count(10, 200)
      let before = try await load(each)
      let fields: JSON = [
        "stream": true, "logprobs": true, "top_logprobs": 20, "n": 4, "ignore_eos": true, "max_tokens": 3000,
      ]
      let ask = TestServer.bytes("POST", "/v1/chat/completions", body: Array(TestServer.chatBody(fields).line.utf8))
      let readers = (0..<slow).map { _ in
        Task {
          try await offPool {
            let connection = try RawConnection(port: port, receiveBuffer: 4096)
            connection.send(ask)
            // A byte a second, until the other side has had enough.
            var bytes = 0
            while let byte = connection.receive(1), !byte.isEmpty, bytes < 3 {
              bytes += 1
              sleep(1)
            }
            let rest = String(decoding: connection.receiveAll(), as: UTF8.self)
            return rest.contains("[DONE]")
          }
        }
      }
      try await server.eventually("they are served") { engine.statistics.running > 0 }
      let beside = try await load(each)
      #expect(before.answers == normal * each && beside.answers == normal * each)
      var finished = 0
      for reader in readers { finished += try await reader.value ? 1 : 0 }
      #expect(finished == 0, "\(finished) slow readers got all of it")
      try await server.isIdle()
      try await server.eventually("all cut") {
        try await server.metric("venturi_requests_total{outcome=\"client_gone\"}") == Double(slow)
      }
      let (rate, slower) = (Double(before.answers) / before.seconds, Double(beside.answers) / beside.seconds)
      Soak.report(
        "S2", asked: "\(slow) readers of 1 byte/s beside \(normal) normal ones, which lose at most 10 %; slow ones cut",
        measured: "\(slow - finished) cut, normal ones \(Int(rate)) answers/s alone, \(Int(slower)) beside")
    }
  }

  @Test("S3: slow senders are closed at their deadlines, and others are served")
  func slowSenders() async throws {
    let count = Soak.count(40, 200)
    let engine = try ServerFixtures.engine(ServerFixtures.saying("yes"))
    let change: (inout ServerSettings) -> Void = {
      $0.deadlines.read = 0.5
      $0.deadlines.idle = 1
    }
    try await TestServer.with(engine, change) { server in
      let port = server.port
      async let cut = withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<count {
          group.addTask {
            try await offPool {
              let connection = try RawConnection(port: port)
              let isHead = number.isMultiple(of: 2)
              let text = TestServer.bytes("POST", "/v1/chat/completions", ["Content-Length": "100000"], body: [123])
              var rest = ArraySlice(isHead ? Array("POST /v1/chat/completions HTTP/1.1\r\nX: ".utf8) : text)
              var sent = 0
              // Byte by byte, for ever.
              while connection.send([rest.popFirst() ?? 32]), sent < 20_000 {
                sent += 1
                if sent > text.count { usleep(10_000) }
              }
              let answer = String(decoding: connection.receiveAll(), as: UTF8.self)
              return sent < 20_000 && (isHead || answer.isEmpty || answer.contains(" 408 ")) ? 1 : 0
            }
          }
        }
        return try await group.reduce(0, +)
      }
      var served = 0
      for _ in 0..<Soak.count(20, 200) { served += try await server.chat().status == 200 ? 1 : 0 }
      let closed = try await cut
      #expect(closed == count && served == Soak.count(20, 200))
      try await server.isIdle()
      try await server.eventually("all closed") { server.server.openConnections == 0 }
      Soak.report(
        "S3", asked: "\(count) slow senders closed at the read timeout, others unaffected",
        measured: "\(closed) closed, \(served) of \(Soak.count(20, 200)) others answered")
    }
  }

  @Test("S5: a burst of ten times the capacity is answered or refused, never dropped")
  func burst() async throws {
    let (capacity, total) = (8, Soak.count(400, 5000))
    let options = EngineOptions(maxRunning: 2, maxQueued: capacity - 2)
    let engine = try ServerFixtures.engine(ServerFixtures.saying("some words", secondsPerStep: 0.001), options: options)
    try await TestServer.with(engine) { server in
      let port = server.port
      let tallies = try await withThrowingTaskGroup(of: [Int: Int].self) { group in
        for client in 0..<10 * capacity {
          group.addTask {
            try await offPool {
              var statuses: [Int: Int] = [:]
              let fields: JSON = ["stream": .bool(client.isMultiple(of: 2))]
              let ask = TestServer.bytes(
                "POST", "/v1/chat/completions", body: Array(TestServer.chatBody(fields).line.utf8))
              for _ in 0..<(total + 10 * capacity - 1 - client) / (10 * capacity) {
                let connection = try RawConnection(port: port)
                let isSent = connection.send(ask)
                guard let (reply, _) = try? HTTPReply.parse(connection.receiveAll()), isSent else {
                  statuses[0, default: 0] += 1
                  continue
                }
                let isWhole =
                  reply.status != 200 || reply.headers["content-type"] != "text/event-stream"
                  || reply.events.last == "[DONE]"
                let isTold = reply.status != 429 || (reply.headers["retry-after"].flatMap { Int($0) } ?? 0) >= 1
                statuses[isWhole && isTold ? reply.status : -1, default: 0] += 1
              }
              return statuses
            }
          }
        }
        return try await group.reduce(into: [Int: Int]()) { $0.merge($1, uniquingKeysWith: +) }
      }
      let (answered, refused) = (tallies[200] ?? 0, (tallies[429] ?? 0) + (tallies[503] ?? 0))
      #expect(answered + refused == total && answered > 0 && refused > 0, "\(tallies)")
      try await server.isIdle()
      #expect(try await server.chat().status == 200)
      Soak.report(
        "S5", asked: "\(total) requests at ten times the capacity: accepted + refused = all, 0 resets, Retry-After",
        measured: "\(answered) answered, \(refused) refused, \(total - answered - refused) neither, resident "
          + "\(Soak.residentBytes >> 20) MiB")
    }
  }
}

/// What one client of many saw.
struct StreamTally: Sendable {
  var rounds = 0
  var wrong: [String] = []
  /// Seconds between pieces.
  var gaps: [Double] = []

  /// Asks, reads the stream and keeps the time; what was said.
  mutating func read(_ ask: [UInt8], _ port: Int) throws -> String {
    let connection = try RawConnection(port: port)
    connection.send(ask)
    var bytes: [UInt8] = []
    var last: ContinuousClock.Instant?
    while let part = connection.receive(), !part.isEmpty {
      let now = ContinuousClock.now
      // Every so many is enough for a percentile.
      if let last, gaps.count < 5000 { gaps.append(last.duration(to: now) / .seconds(1)) }
      last = now
      bytes += part
    }
    return try HTTPReply.parse(bytes).0.said()
  }
}

func ms(_ seconds: Double) -> String { String(format: "%.2f ms", seconds * 1000) }

/// Lets this process have as many files as the system does.
func allowManyFiles() {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return }
  limit.rlim_cur = limit.rlim_max
  setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
}
