import Profiling
import Venturi

/// A technique of this program's own: what every prompt begins with is computed once.
///
/// A chat template puts the same words before every question. A state that holds them is kept, and each new sequence
/// begins as a copy of it, whose memory is shared (as in SGLang's RadixAttention, https://arxiv.org/abs/2312.07104, for a
/// single prefix). The answers are the same, bit for bit: the cache's content does not depend on how a prompt was cut.
struct SharedPrefix: Technique {
  let name = "shared-prefix"
  let addresses = [Bottleneck(.prefill, .compute), Bottleneck(.prefill, .memory)]

  var engineExtension: (any EngineExtension)? { Extension() }

  func advice(for subject: Subject) throws -> [Advice] {
    // It saves time only before the first token, and only where prompts begin alike.
    guard subject.goal == .latency else { return [] }
    let prefix = Self.commonPrefix(subject.samples.map(\.prompt))
    guard prefix.count > 1 else { return [] }
    // The cost model: the steps of the prompts against those of what remains of them, at the depth of the prefix.
    let (before, after) = subject.samples.reduce(into: (0.0, 0.0)) { sums, sample in
      sums.0 += subject.costs.prompt(sample.prompt.count, subject.settings)
      let rest = sample.prompt.count - prefix.count
      sums.1 += subject.costs.step(rows: rest, depth: prefix.count, logits: 1, subject.settings)
    }
    let setting: JSON = ["tokens": .array(prefix.map { .integer(Int($0)) })]
    return [
      Advice(
        technique: name, name: "shared prefix of \(prefix.count) tokens", addresses: addresses, isExact: true,
        predictedGain: before / after
      ) { [name] in $0.extensions[name] = setting }
    ]
  }

  /// What all prompts begin with, but for the last token of the shortest, which has to be computed for its logits.
  static func commonPrefix(_ prompts: [[Int32]]) -> [Int32] {
    guard let first = prompts.first, let shortest = prompts.map(\.count).min() else { return [] }
    var count = 0
    while count < shortest - 1, prompts.allSatisfy({ $0[count] == first[count] }) { count += 1 }
    return Array(first.prefix(count))
  }

  /// Puts the technique into an engine whose settings name it.
  struct Extension: EngineExtension {
    let name = "shared-prefix"

    func extend(_ model: any LanguageModel, setting: JSON) throws -> any LanguageModel {
      let size = model.description.vocabularySize
      guard let tokens = setting["tokens"]?.elements?.map(\.int), !tokens.isEmpty, tokens.count < 4096 else {
        throw Problem.noTokens
      }
      let ids = try tokens.map { token in
        guard let token, (0..<size).contains(token) else { throw Problem.noTokens }
        return Int32(token)
      }
      return PrefixedModel(model, prefix: ids)
    }

    enum Problem: Error { case noTokens }
  }
}
