import NumericTypes
import Profiling
import Text

/// Prompts as tokens: texts as they are, and so many tokens of the program's own text.
struct PromptTokens {
  private let tokenizer: Tokenizer
  private let text: [Int32]
  private let seed: UInt64

  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)`` for a vocabulary without the text's words.
  init(_ tokenizer: Tokenizer, seed: UInt64) throws(ProfilingError) {
    self.tokenizer = tokenizer
    self.seed = seed
    text = tokenizer.encode(SampleText.prose, parseSpecial: false, addBoundaries: false)
    if text.isEmpty { throw .invalidSetting(field: "model", problem: "its vocabulary has no English") }
  }

  /// The prompts of a workload; no two of those that are made begin alike, so that no cache can help.
  func prompts(of workload: ServedWorkload) throws(ProfilingError) -> [[Int32]] {
    var prompts: [[Int32]] = []
    for (number, request) in workload.requests.enumerated() {
      if let prompt = request.prompt {
        let tokens = tokenizer.encode(prompt, parseSpecial: false, addBoundaries: true)
        if tokens.isEmpty { throw .invalidSetting(field: "requests[\(number)]", problem: "the prompt has no tokens") }
        prompts.append(tokens)
      } else {
        var random = Random(seed: seed, stream: UInt64(number))
        let start = Int(random.uniform() * Double(text.count))
        // Neighbours of a place in the text are other places for every number.
        let stride = 1 + 2 * (number % 3)
        prompts.append((0..<request.promptTokens).map { text[(start + $0 * stride) % text.count] })
      }
    }
    return prompts
  }
}
