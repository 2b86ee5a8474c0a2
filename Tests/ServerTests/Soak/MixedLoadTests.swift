import Formats
import Foundation
import Server
import Synchronization
import Testing
import Venturi
import VenturiTesting

/// Row S11 of the reliability table: everything at once, for long, with clients that leave and models that come and go.
@Suite struct MixedLoadTests {
  @Test(
    "S11: a mixed load with clients that leave and models that come and go keeps memory, files and answers as they are")
  func mixedLoad() async throws {
    let folder = try TemporaryFolder()
    let names = ["one", "two", "three"]
    let items = try names.enumerated().map { index, name in
      let path = "\(folder.path)/\(name).gguf"
      try Data(TinyLlama.file(seed: UInt64(index), dtype: .q4_0)).write(to: URL(filePath: path))
      return ShelfItem(id: name) {
        .language(
          try await Engine.load(path, options: EngineOptions(threads: 1, profile: .none, prefixCache: .bytes(1 << 20))))
      }
    }
    var limits = ShelfLimits()
    limits.loaded = 2
    limits.timeToLive = 0.2
    limits.patience = 0.05
    let shelf = try ModelShelf(items, limits: limits)
    let requests = Soak.count(60, 125_000)
    let end = Date(timeIntervalSinceNow: Soak.seconds ?? 8 * 3600)
    let answers = FirstAnswers()
    try await TestServer.with(shelf) { server in
      let port = server.port
      let watch = Task { try await MemoryWatch.run(every: Soak.isFull ? 10 : 0.2) }
      let tallies = try await withThrowingTaskGroup(of: MixedTally.self) { group in
        for client in 0..<8 {
          group.addTask {
            try await offPool {
              var (tally, noise) = (MixedTally(), GGUFNoise(seed: UInt64(client)))
              for _ in 0..<requests where Date() < end {
                try Self.ask(port, names[noise.below(names.count)], &noise, &tally, answers)
              }
              return tally
            }
          }
        }
        return try await group.reduce(into: MixedTally()) { $0.add($1) }
      }
      watch.cancel()
      #expect(tallies.wrong.isEmpty, "\(tallies.wrong.prefix(3))")
      #expect(tallies.answered > 0 && tallies.left > 0)
      try await server.eventually("nothing runs") { server.server.runningRequests == 0 }
      try await server.eventually("nothing is loaded") { shelf.bytes == 0 }
      let loads = shelf.entries.reduce(0) { $0 + $1.loads }
      #expect(loads > names.count)
      let memory = try await watch.value
      Soak.report(
        "S11", asked: "mixed load, 5 % leave, reloads: memory rises at most 1 MiB/h after warm-up, files constant",
        measured:
          "\(tallies.answered) answered and \(tallies.left) left in \(Int(memory.seconds)) s, \(loads) loads, memory "
          + "\(memory.description)")
    }
  }

  /// One request of a client; what was said before to the same must be said again.
  private static func ask(
    _ port: Int, _ model: String, _ noise: inout GGUFNoise, _ tally: inout MixedTally,
    _ answers: FirstAnswers
  ) throws {
    let (seed, isStreamed, leaves) = (noise.below(20), noise.below(2) == 0, noise.below(20) == 0)
    let kind = noise.below(10)
    var body: JSON = [
      "model": .string(model), "prompt": .string(String(repeating: "water ", count: 1 + seed % 7)),
      "max_tokens": .integer(4 + seed), "seed": .integer(seed), "stream": .bool(isStreamed), "ignore_eos": true,
    ]
    if kind == 0 { body = ["model": .string(model), "prompt": "x", "temperature": -1] }
    let connection = try RawConnection(port: port)
    connection.send(TestServer.bytes("POST", "/v1/completions", body: Array(body.line.utf8)))
    if leaves {
      usleep(UInt32(noise.below(4000)))
      connection.reset()
      tally.left += 1
      return
    }
    let reply = try HTTPReply.parse(connection.receiveAll()).0
    tally.answered += 1
    if kind == 0 {
      if reply.status != 400 { tally.wrong.append("\(reply.status) for a wrong value") }
      return
    }
    let text = isStreamed ? reply.said() : reply.json["choices"]?.elements?.first?["text"]?.text
    guard reply.status == 200, let text else { return tally.wrong.append("\(reply.status): \(reply.text.prefix(200))") }
    let known = answers.first("\(model) \(seed)", text)
    if known != text { tally.wrong.append("\(model) \(seed): '\(text)' after '\(known)'") }
  }
}

/// What was said first to each question.
private final class FirstAnswers: Sendable {
  private let known = Mutex<[String: String]>([:])

  func first(_ question: String, _ answer: String) -> String {
    known.withLock { known in
      if let first = known[question] { return first }
      known[question] = answer
      return answer
    }
  }
}

private struct MixedTally: Sendable {
  var (answered, left) = (0, 0)
  var wrong: [String] = []

  mutating func add(_ other: MixedTally) {
    answered += other.answered
    left += other.left
    wrong += other.wrong
  }
}

/// The memory and files of this process over time.
private struct MemoryWatch: Sendable, CustomStringConvertible {
  var points: [(seconds: Double, bytes: Int, files: Int)] = []

  /// Looks until the task is cancelled.
  static func run(every interval: Double) async throws -> MemoryWatch {
    let begin = ContinuousClock.now
    var watch = MemoryWatch()
    while !Task.isCancelled {
      watch.points.append((begin.duration(to: .now) / .seconds(1), Soak.residentBytes, Soak.openFiles))
      try? await Task.sleep(for: .seconds(interval))
    }
    return watch
  }

  var seconds: Double { points.last?.seconds ?? 0 }

  /// The slope of the memory in bytes an hour after the first third, by least squares.
  var slope: Double {
    let rest = points.dropFirst(points.count / 3)
    let (x, y) = (rest.map(\.seconds), rest.map { Double($0.bytes) })
    guard rest.count > 2 else { return 0 }
    let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    let variance = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
    return variance > 0 ? covariance / variance * 3600 : 0
  }

  var description: String {
    let rest = points.dropFirst(points.count / 3)
    let megabytes = rest.map { Double($0.bytes) / 0x1p20 }
    let files = rest.map(\.files)
    return String(
      format: "%.1f to %.1f MiB after warm-up, %+.2f MiB/h, %d to %d files", megabytes.min() ?? 0, megabytes.max() ?? 0,
      slope / 0x1p20, files.min() ?? 0, files.max() ?? 0)
  }
}
