import Tensors

/// The requests of a run, made before it so that making them costs it nothing.
public struct RequestPool: Sendable {
  /// The requests, in the order in which they are sent; after the last one comes the first again.
  public let requests: [LoadRequest]
  /// Those of the warm-up.
  public let warmUp: [LoadRequest]

  /// A pool of given requests, at least one.
  ///
  /// - Throws: ``LoadError/invalidSetting(field:value:problem:)`` for none.
  public init(_ requests: [LoadRequest], warmUp: [LoadRequest] = []) throws(LoadError) {
    if requests.isEmpty {
      throw .invalidSetting(field: "requests", value: "0", problem: "there is none to send")
    }
    (self.requests, self.warmUp) = (requests, warmUp)
  }

  /// So many requests of drawn lengths; the same seed gives the same.
  ///
  /// - Throws: ``LoadError``; what the maker throws.
  public init(
    count: Int, warmUp: Int, prompts: Lengths, outputs: Lengths, maker: inout PromptMaker, seed: UInt64
  ) async throws {
    var (first, second) = (Random(seed: seed, stream: 1), Random(seed: seed, stream: 2))
    let lengths = (0..<count + warmUp).map { _ in (prompts.draw(&first), outputs.draw(&second)) }
    // Those of the warm-up come last: how many there are does not change the others.
    let all = try await Self.made(lengths, &maker)
    try self.init(Array(all.prefix(count)), warmUp: Array(all.dropFirst(count)))
  }

  /// The requests of a trace's first `count` entries; those of the warm-up have the lengths of the first ones and prompts of their own.
  ///
  /// - Throws: ``LoadError``; what the maker throws.
  public init(_ trace: Trace, count: Int, warmUp: Int, maker: inout PromptMaker) async throws {
    let entries = trace.entries.prefix(count)
    let again = (0..<warmUp).map { trace.entries[$0 % trace.entries.count] }
    let all = try await Self.made((entries + again).map { ($0.promptTokens, $0.outputTokens) }, &maker)
    try self.init(Array(all.prefix(entries.count)), warmUp: Array(all.dropFirst(entries.count)))
  }

  private static func made(_ lengths: [(Int, Int)], _ maker: inout PromptMaker) async throws -> [LoadRequest] {
    var requests: [LoadRequest] = []
    for (prompt, output) in lengths {
      try Task.checkCancellation()
      requests.append(
        LoadRequest(prompt: try await maker.prompt(tokens: prompt), promptTokens: prompt, outputTokens: output))
    }
    return requests
  }
}
