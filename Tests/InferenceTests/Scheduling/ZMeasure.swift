import Foundation
import Synchronization
import Testing
import Venturi
import VenturiTesting

@Suite(.serialized) struct ZMeasure {
  static func ms(_ d: Duration) -> Double {
    Double(d.components.attoseconds) * 1e-15 + Double(d.components.seconds) * 1000
  }
  static func line(_ name: String, _ values: [Double]) {
    let s = values.sorted()
    func q(_ p: Double) -> Double { s.isEmpty ? 0 : s[min(s.count - 1, Int(p * Double(s.count)))] }
    print("ZM \(name): n \(s.count) median \(q(0.5)) p95 \(q(0.95)) p99 \(q(0.99)) max \(s.last ?? 0)")
  }
  static func prompt(_ n: Int, _ seed: Int) -> Prompt {
    .tokens((0..<n).map { Int32(($0 * 7919 + seed * 104729) % 49000 + 100) })
  }

  @Test func measure() async throws {
    let path = try GoldenFiles.defaultModel()
    let engine = try await Engine.load(
      path, options: EngineOptions(maxRunning: 16, profile: .none, prefixCache: .automatic))
    let clock = ContinuousClock()
    let endless = GenerationOptions(maxTokens: 100_000, temperature: 0.7, seed: 1, ignoreEnd: true)
    // 1: inter-token gaps of 4 streams, without and with a long prompt being read.
    for long in [0, 7000] {
      let gaps = ZBox<[Double]>([])
      let streams = (0..<4).map {
        engine.generate(
          Self.prompt(40, $0),
          options: GenerationOptions(
            maxTokens: long == 0 ? 40 : 400, temperature: 0.7, seed: 1, tokenEvents: true, ignoreEnd: true))
      }
      let tasks = streams.map { stream in
        Task {
          var last: ContinuousClock.Instant?
          for try await event in stream {
            if case .token = event {
              let now = clock.now; if let last { gaps.withLock { $0.append(Self.ms(last.duration(to: now))) } };
              last = now
            }
          }
        }
      }
      if long > 0 {
        let start = clock.now
        let end = try await engine.generate(Self.prompt(long, 99), options: GenerationOptions(maxTokens: 1))
          .completion()
        print(
          "ZM long prompt \(long) beside 4 streams: \(Self.ms(start.duration(to: clock.now))) ms, ttft \(end.timings.timeToFirstTokenSeconds)"
        )
        for stream in streams { stream.cancel() }
      }
      for task in tasks { try await task.value }
      Self.line("gaps ms with prompt \(long)", gaps.withLock { $0 })
    }
    let statistics = engine.statistics
    print("ZM \(statistics)")
    // 2: cancels in decode and prefill at depth, with company; until the place is free.
    for (name, n) in [("decode at 6000 in company", 6000), ("prefill in company", 7500)] {
      var times: [Double] = []
      for round in 0..<6 {
        let other = engine.generate(Self.prompt(7000, round % 2), options: endless)
        let own = engine.generate(Self.prompt(n, name.first == "d" ? 5 : 50 + round), options: endless)
        var reader = own.makeAsyncIterator()
        if name.first == "d" {
          while let e = try await reader.next() { if case .text = e { break } }
        } else {
          _ = try await reader.next()
        }
        try await Task.sleep(for: .milliseconds(50 + round * 13))
        let before = engine.statistics.running
        let start = clock.now
        own.cancel()
        while engine.statistics.running == before { try await Task.sleep(for: .microseconds(200)) }
        times.append(Self.ms(start.duration(to: clock.now)))
        other.cancel()
        try await engine.withModel { _ in }
      }
      Self.line("cancel ms, \(name)", times)
    }
    // 3: closed loop of 8 clients, prompts of 105, 128 generated.
    for clients in [1, 8] {
      try await engine.clearPrefixStore()
      let ttft = ZBox<[Double]>([])
      let gaps = ZBox<[Double]>([])
      let total = ZBox(0)
      let start = clock.now
      try await withThrowingTaskGroup(of: Void.self) { group in
        for client in 0..<clients {
          group.addTask {
            for turn in 0..<2 {
              var last = clock.now
              var first = true
              for try await event in engine.generate(
                Self.prompt(105, 1000 + client * 17 + turn),
                options: GenerationOptions(maxTokens: 128, temperature: 0, tokenEvents: true, ignoreEnd: true))
              {
                if case .token = event {
                  let now = clock.now; let g = Self.ms(last.duration(to: now));
                  if first { ttft.withLock { $0.append(g) } } else { gaps.withLock { $0.append(g) } }; first = false;
                  last = now; total.withLock { $0 += 1 }
                }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      let seconds = Self.ms(start.duration(to: clock.now)) / 1000
      print("ZM \(clients) clients: \(Double(total.withLock { $0 }) / seconds) tok/s")
      Self.line("ttft ms \(clients)", ttft.withLock { $0 })
      Self.line("gaps ms \(clients)", gaps.withLock { $0 })
    }
    let start = clock.now
    var sum = 0
    for _ in 0..<100_000 { sum += engine.statistics.running }
    print("ZM statistics ns \(Self.ms(start.duration(to: clock.now)) * 10) \(sum)")
  }
}

final class ZBox<T: Sendable>: Sendable {
  let value: Mutex<T>
  init(_ v: T) { value = Mutex(v) }
  func withLock<R: Sendable>(_ body: (inout T) -> R) -> R { value.withLock { v in body(&v) } }
}
