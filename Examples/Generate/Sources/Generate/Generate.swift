import Venturi

@main
struct Generate {
  static func main() async throws {
    let engine = try await Engine.load("smollm2")
    let question = ChatMessage(role: .user, content: "Why is the sky blue?")
    for try await event in engine.generate(.chat([question]), options: GenerationOptions(maxTokens: 64)) {
      if case .text(let piece) = event { print(piece, terminator: "") }
    }
    print()
  }
}
