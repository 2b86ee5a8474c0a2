import Testing
import Venturi

/// Requests that end before they are whole, while their refusal is on its way.
@Suite struct EndedRequestTests {
  @Test func aRefusalIsWholeWhenTheRequestEndsMeanwhile() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    try await TestServer.with(engine) { server in
      let bytes = TestServer.bytes("POST", "/v1/chat/completions", ["Content-Length": "99999999999"], body: [])
      let port = server.port
      var cut = 0
      for number in 0..<2000 {
        let received = try await offPool {
          let connection = try RawConnection(port: port)
          connection.send(bytes)
          // The end comes at another moment each time.
          let moment = ContinuousClock.now + .microseconds(number % 400)
          while ContinuousClock.now < moment {}
          connection.closeHalf()
          return connection.receiveAll()
        }
        guard let reply = try? HTTPReply.parse(received).0 else {
          cut += 1
          continue
        }
        #expect(reply.status == 413 || reply.status == 400, "\(reply.text)")
        #expect(reply.error["message"]?.text?.isEmpty == false, "\(reply.text)")
      }
      #expect(cut == 0)
    }
  }

  @Test func aRequestThatWasRefusedIsNotRefusedAgainWhenItEnds() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    try await TestServer.with(engine) { server in
      let port = server.port
      let head = ["Content-Length": "99999999999"]
      let bytes = TestServer.bytes("POST", "/v1/chat/completions", head, body: [], closes: false)
      let (first, rest) = try await offPool {
        let connection = try RawConnection(port: port)
        connection.send(bytes)
        let first = connection.receive(until: "\"param\":")
        connection.closeHalf()
        return (first, connection.receiveAll())
      }
      #expect(first.hasPrefix("HTTP/1.1 413 "), "\(first)")
      #expect(!String(decoding: rest, as: UTF8.self).contains("HTTP/1.1"), "\(String(decoding: rest, as: UTF8.self))")
    }
  }
}
