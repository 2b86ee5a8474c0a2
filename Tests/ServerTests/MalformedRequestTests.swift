import Formats
import Testing
import Venturi

/// Requests that are wrong in every way that was thought of: each gets a refusal of the known form that names the field, and
/// the server goes on.
@Suite struct MalformedRequestTests {
  @Test func eachIsRefusedAndNothingElseHappens() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("fine", contextLength: 256))
    #expect(MalformedRequest.all.count >= 250, "found \(MalformedRequest.all.count)")
    try await TestServer.with(engine) { server in
      for request in MalformedRequest.all {
        let port = server.port
        let reply = try await offPool {
          let connection = try RawConnection(port: port)
          connection.send(request.bytes)
          // What is no request has no end either.
          connection.closeHalf()
          return try HTTPReply.parse(connection.receiveAll()).0
        }
        #expect(request.statuses.contains(reply.status), "\(request.name): \(reply.status) \(reply.text)")
        #expect(reply.error["message"]?.text?.isEmpty == false, "\(request.name)")
        #expect(reply.error["type"]?.text?.isEmpty == false, "\(request.name)")
        #expect(reply.error["code"] != nil && reply.error["param"] != nil, "\(request.name)")
        if let parameter = request.parameter {
          #expect(reply.error["param"]?.text == parameter, "\(request.name): \(reply.text)")
          #expect(reply.error["message"]?.text?.hasPrefix(parameter) == true, "\(request.name): \(reply.text)")
        }
        #expect(reply.body.count < 2000, "\(request.name): a refusal does not repeat the request")
      }
      let next = try await server.chat()
      #expect(next.json["choices"]?.elements?.first?["message"]?["content"] == "fine")
      try await server.isIdle()
      #expect(try await server.metric("venturi_requests_total{outcome=\"error\"}") == 0)
      #expect(try await server.metric("venturi_request_bytes_held") == 0)
    }
  }
}
