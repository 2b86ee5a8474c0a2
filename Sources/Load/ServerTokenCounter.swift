import Client
import Formats

/// Counts tokens by a server's `/tokenize`, which is no part of the OpenAI interface but which most servers have.
public struct ServerTokenCounter: TokenCounter {
  private let client: APIClient
  private let model: String

  /// A counter for `model` of a server.
  public init(_ client: APIClient, model: String) { (self.client, self.model) = (client, model) }

  /// The tokens of `text`.
  ///
  /// - Throws: `ClientError`, `CancellationError`.
  public func tokens(in text: String) async throws -> Int {
    // llama.cpp's names, and vLLM's.
    let answer = try await client.json(
      "/tokenize",
      [
        "model": .string(model), "content": .string(text), "prompt": .string(text), "add_special": true,
        "add_special_tokens": true,
      ])
    guard let tokens = answer["tokens"]?.elements else {
      throw ClientError.malformed(problem: "/tokenize: no list of tokens")
    }
    return tokens.count
  }
}
