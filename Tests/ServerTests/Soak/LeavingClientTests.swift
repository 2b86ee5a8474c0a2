import Formats
import Foundation
import Server
import Testing
import Venturi
import VenturiTesting

/// Row S4 of the reliability table: clients that leave at any moment.
@Suite struct LeavingClientTests {
  @Test(
    "S4: who leaves at any moment frees its place at once, and nobody else notices",
    arguments: [("queue", 4), ("all", 5)])
  func leaving(_ moment: String, _ places: Int) async throws {
    let (count, streams) = (Soak.count(40, 1000), 4)
    let end = Cue()
    let engine = try ServerFixtures.engine(
      ServerFixtures.talking(until: end), options: EngineOptions(stepTokens: 16, maxRunning: places))
    try await TestServer.with(engine) { server in
      let port = server.port
      let steady = (0..<streams).map { _ in
        Task { try await server.chat(["stream": true, "stream_options": ["include_usage": true]]) }
      }
      try await server.eventually("they run") { engine.statistics.running == streams }
      var (noise, waits): (GGUFNoise, [Double]) = (GGUFNoise(seed: UInt64(places)), [])
      for number in 1...count {
        let message = String(repeating: "m", count: noise.below(400))
        let body = Array(TestServer.chatBody(["stream": .bool(noise.below(2) == 0)], message).line.utf8)
        let (pause, way) = (UInt32(noise.below(300) * 100), noise.below(3))
        let client = try await offPool {
          let connection = try RawConnection(port: port)
          connection.send(TestServer.bytes("POST", "/v1/chat/completions", body: body))
          usleep(pause)
          return connection
        }
        // The server may not have read the request yet; then there is nothing to free.
        try await server.eventually("it came") { engine.statistics.running + engine.statistics.queued > streams }
        let begin = ContinuousClock.now
        switch way {
        case 0: client.close()
        case 1: client.reset()
        default: client.closeHalf()
        }
        try await server.eventually("its place is free") {
          engine.statistics.running == streams && engine.statistics.queued == 0
        }
        waits.append(begin.duration(to: .now) / .seconds(1))
        try await server.eventually("it is counted") {
          try await server.metric("venturi_requests_total{outcome=\"client_gone\"}") == Double(number)
        }
      }
      end.give()
      for task in steady {
        let reply = try await task.value
        let text = reply.said()
        #expect(text.allSatisfy { $0 == "x" } && reply.events.last == "[DONE]")
        #expect(reply.chunks.last?["usage"]?["completion_tokens"]?.int == text.count + 1)
      }
      try await server.isIdle()
      let (late, worst) = (Soak.percentile(waits, 0.99) * 1000, (waits.max() ?? 0) * 1000)
      Soak.report(
        "S4 \(moment)", asked: "\(count) leave, places free within 100 ms, others untouched, bytes back",
        measured: "\(count) left, p99 \(Int(late)) ms, at most \(Int(worst)) ms; \(streams) streams whole, 0 bytes held"
      )
    }
  }
}
