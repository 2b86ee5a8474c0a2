import Venturi

/// What a server does with ten clients at once: one engine, a session for each, and all of them in every step.
@main
struct TenSessions {
  static func main() async throws {
    let engine = try await Engine.load(CommandLine.arguments.dropFirst().first ?? "smollm2")
    let clock = ContinuousClock()
    // The server's other work. The engine computes on threads of its own, so this one is never kept waiting by it.
    let otherWork = Task {
      var longest = Duration.zero
      while !Task.isCancelled {
        let start = clock.now
        await Task.yield()
        longest = max(longest, clock.now - start)
        try? await Task.sleep(for: .milliseconds(2))
      }
      return longest
    }

    let start = clock.now
    var answers: [Int: Completion] = [:]
    try await withThrowingTaskGroup(of: (Int, Completion).self) { clients in
      for client in 0..<10 { clients.addTask { (client, try await answer(client, engine)) } }
      for try await (client, completion) in clients {
        print("\(client): \(completion.text.split(whereSeparator: \.isNewline).joined(separator: " "))")
        answers[client] = completion
      }
    }
    let seconds = (clock.now - start) / .seconds(1)
    otherWork.cancel()
    let tokens = answers.values.reduce(0) { $0 + $1.usage.completionTokens }
    print("\(tokens) tokens in \(seconds) s; other work waited at most \(await otherWork.value)")

    // Who else is being answered makes no difference: alone, a client gets the same tokens.
    guard try await answer(3, engine).tokens == answers[3]?.tokens else { fatalError("another answer when alone") }
  }

  static func answer(_ client: Int, _ engine: Engine) async throws -> Completion {
    let options = GenerationOptions(maxTokens: 32, seed: UInt64(client))
    return try await engine.session().respond(to: "Tell me about the number \(client).", options: options).completion()
  }
}
