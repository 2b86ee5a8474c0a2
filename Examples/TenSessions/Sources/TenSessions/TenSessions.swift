import Venturi

/// What a server does with ten clients at once: one engine, a session for each, all of them in every step.
@main
struct TenSessions {
  static func main() async throws {
    let engine = try await Engine.load("smollm2")
    try await withThrowingTaskGroup(of: (Int, Completion).self) { clients in
      for client in 0..<10 {
        clients.addTask {
          let question = "Say something about the number \(client)."
          let options = GenerationOptions(maxTokens: 32, seed: UInt64(client))
          return (client, try await engine.session().respond(to: question, options: options).completion())
        }
      }
      for try await (client, answer) in clients { print("\(client): \(answer.text)") }
    }
  }
}
