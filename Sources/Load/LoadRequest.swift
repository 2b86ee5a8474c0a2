import Formats

/// A request of a load: the prompt, and how long its answer is to be.
public struct LoadRequest: Sendable, Equatable {
  /// The prompt's text.
  public var prompt: String
  /// The tokens it was made to have.
  public var promptTokens: Int
  /// The tokens that are asked for.
  public var outputTokens: Int

  /// A request from its parts.
  public init(prompt: String, promptTokens: Int, outputTokens: Int) {
    (self.prompt, self.promptTokens, self.outputTokens) = (prompt, promptTokens, outputTokens)
  }

  /// The path that it is posted to.
  func path(_ kind: LoadSettings.Kind) -> String {
    kind == .chat ? "/v1/chat/completions" : "/v1/completions"
  }

  /// What is posted.
  func body(_ settings: LoadSettings) -> [UInt8] {
    let prompt: JSON.Member =
      settings.kind == .chat
      ? JSON.Member("messages", [["role": "user", "content": .string(prompt)]]) : JSON.Member("prompt", .string(prompt))
    var members = [
      JSON.Member("model", .string(settings.model)), prompt, JSON.Member("max_tokens", .integer(outputTokens)),
      JSON.Member("temperature", 0), JSON.Member("stream", true),
      JSON.Member("stream_options", ["include_usage": true]),
    ]
    // llama.cpp, vLLM and Venturi know it; others leave it out, and the report says when answers were shorter.
    if !settings.endsEarly { members.append(JSON.Member("ignore_eos", true)) }
    return Array(JSON.object(members).line.utf8)
  }
}
