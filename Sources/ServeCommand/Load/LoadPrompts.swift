import Console
import Load
import Profiling
import Venturi

/// Makes the requests of loads.
struct LoadPrompts: Sendable {
  let options: LoadOptions
  let trace: Trace?
  let counter: any TokenCounter
  let text: String

  /// Reads the texts that the options name.
  ///
  /// - Throws: `ProfilingError`.
  init(_ options: LoadOptions, _ trace: Trace?, _ counter: any TokenCounter) throws {
    (self.options, self.trace, self.counter) = (options, trace, counter)
    text = try options.text.map { try InputText.file($0) } ?? SampleText.prose
  }

  /// The requests of a load; another `round` has others.
  ///
  /// - Throws: `LoadError`; what the counter throws.
  func pool(_ settings: LoadSettings, round: Int) async throws -> RequestPool {
    let seed = options.seed &+ UInt64(truncatingIfNeeded: round)
    var maker = try PromptMaker(text: text, counter: counter, seed: seed)
    if options.sharedPrefix > 0 { try await maker.share(tokens: options.sharedPrefix) }
    if let trace {
      return try await RequestPool(
        trace, count: min(settings.requests ?? .max, trace.entries.count), warmUp: settings.warmUp, maker: &maker)
    }
    // Where time ends the run nobody knows how many are needed. No more than some 64 MB of text.
    let room = max(1, (16 << 20) / options.prompts.range.upperBound)
    let count = settings.requests ?? min(1024, max(256, Int((settings.seconds ?? 0) * 16)))
    return try await RequestPool(
      count: min(count, room), warmUp: min(settings.warmUp, room), prompts: options.prompts, outputs: options.outputs,
      maker: &maker, seed: seed)
  }
}

/// Counts tokens by a model's own vocabulary.
struct ModelTokenCounter: TokenCounter {
  let tokenizer: Tokenizer

  func tokens(in text: String) async throws -> Int {
    tokenizer.encode(text, parseSpecial: false, addBoundaries: true).count
  }
}
