import CVenturi
import Formats
import Layers
import Models
import Tensors

/// Requests that arrive all at once, served by a model and taken apart: their waiting times, and the steps' modules.
///
/// Prompts are evaluated one after the other, a chunk of each at a time, then every step makes a token for each request; the times
/// are those of an engine that does nothing else.
public struct ServingDissection: Sendable {
  /// Tokens of a prompt.
  public var prompt: Int
  /// Tokens after it.
  public var generated: Int
  /// Numbers of requests that arrive together.
  public var batches: [Int]

  /// A load.
  public init(prompt: Int = 128, generated: Int = 32, batches: [Int] = [1, 4, 8]) {
    (self.prompt, self.generated, self.batches) = (prompt, generated, batches)
  }

  /// What was seen of requests that arrived together.
  public struct Burst: Sendable {
    /// How many they were.
    public var requests: Int
    /// Seconds until all were answered.
    public var seconds: Double
    /// Tokens that were made, the first ones too.
    public var tokens: Int
    /// Seconds until each request's first token, ascending.
    public var first: [Double]
    /// Seconds of each step behind that, ascending.
    public var steps: [Double]
    /// Seconds until each request's last token, ascending.
    public var whole: [Double]

    /// Tokens a second.
    public var tokensPerSecond: Double { Double(tokens) / seconds }

    /// The distribution of ascending times: the time below which each tenth of them lies.
    public static func distribution(_ sorted: [Double]) -> [Double] {
      (1...10).compactMap { RatioEstimate.quantile(Double($0) / 10, ofSorted: sorted) }
    }
  }

  /// What was measured.
  public struct Result: Sendable {
    /// The bursts.
    public var bursts: [Burst]
    /// A prompt's evaluation, operator by operator.
    public var prefill: DissectedStep
    /// A step of the largest burst.
    public var decode: DissectedStep
    /// The machine's limits.
    public var ceilings: Ceilings

    /// The largest bottleneck of a step, in words.
    public var verdict: String {
      let modules = DissectedModule.modules(of: [decode])
      guard let module = modules.first else { return "no operator ran" }
      let share = Int((100 * module.seconds / decode.seconds).rounded())
      let rate = module.bytesPerSecond / (ceilings.bestRead.median * 1e9)
      let best = bursts.max { $0.tokensPerSecond < $1.tokensPerSecond }
      return
        "largest bottleneck of a step of \(bursts.last?.requests ?? 0): \(module.name), \(share) % of it, memory at "
        + "\(Int((100 * rate).rounded())) % of its measured rate\n"
        + "most tokens a second: \(Int((best?.tokensPerSecond ?? 0).rounded())) with \(best?.requests ?? 0) requests at once"
    }

    /// All of it.
    public var json: JSON {
      func times(_ sorted: [Double]) -> JSON { .array(Burst.distribution(sorted).map { .rounded($0) }) }
      func modules(_ step: DissectedStep) -> JSON {
        .array(
          DissectedModule.modules(of: [step]).map { one in
            [
              "module": .string(one.name), "calls": .integer(one.calls), "seconds": .rounded(one.seconds),
              "flops": .whole(one.cost.flops), "bytes": .whole(one.cost.bytes),
            ]
          })
      }
      return [
        "mode": "serve", "ceilings": ceilings.json,
        "bursts": .array(
          bursts.map { burst in
            [
              "requests": .integer(burst.requests), "seconds": .rounded(burst.seconds),
              "tokensPerSecond": .rounded(burst.tokensPerSecond), "firstToken": times(burst.first),
              "perToken": times(burst.steps), "whole": times(burst.whole),
            ]
          }),
        "prefill": ["seconds": .rounded(prefill.seconds), "modules": modules(prefill)],
        "decode": ["seconds": .rounded(decode.seconds), "modules": modules(decode)],
        "verdict": .string(verdict),
      ]
    }
  }

  /// Serves the bursts.
  ///
  /// - Throws: ``DissectionError/invalid(field:value:expected:)``; what the model throws; `CancellationError`.
  public func run(
    _ model: any LanguageModel, context: Context, ceilings: Ceilings? = nil, isCancelled: () -> Bool = { false },
    report: (String) -> Void = { _ in }
  ) throws -> Result {
    let longest = model.description.contextLength
    for (field, value, range) in [
      ("prompt", prompt, 1...max(1, longest)), ("generated tokens", generated, 2...max(2, longest)),
    ]
    where !range.contains(value) {
      throw DissectionError.invalid(
        field: field, value: value, expected: "from \(range.lowerBound) to \(range.upperBound)")
    }
    guard prompt + generated <= longest else {
      throw DissectionError.invalid(
        field: "prompt and generated tokens", value: prompt + generated, expected: "at most \(longest)")
    }
    guard let most = batches.max(), batches.allSatisfy({ (1...1024).contains($0) }) else {
      throw DissectionError.invalid(field: "requests", value: batches.min() ?? 0, expected: "from 1 to 1024")
    }
    report("warm-up")
    _ = try burst(1, model, isCancelled)
    let bursts = try batches.sorted().map { count in
      report("\(count) at once")
      return try burst(count, model, isCancelled)
    }
    report("operators")
    let states = try (0..<most).map { _ in try model.makeState(capacity: prompt + generated) }
    let prefill = try DissectedStep(recording: context) {
      try evaluate(states, 0..<prompt, model, isCancelled, only: 0)
    }
    for index in 1..<max(1, most) where index < most {
      try evaluate(states, 0..<prompt, model, isCancelled, only: index)
    }
    try evaluate(states, prompt..<prompt + 1, model, isCancelled)
    let decode = try DissectedStep(recording: context) {
      try evaluate(states, prompt + 1..<prompt + 2, model, isCancelled)
    }
    let limits = try ceilings ?? Ceilings.measure(context: Context(threads: context.workers.count), repeats: 7)
    return Result(bursts: bursts, prefill: prefill, decode: decode, ceilings: limits)
  }

  private func burst(_ count: Int, _ model: any LanguageModel, _ isCancelled: () -> Bool) throws -> Burst {
    let states = try (0..<count).map { _ in try model.makeState(capacity: prompt + generated) }
    var (first, steps): ([Double], [Double]) = ([], [])
    let begin = vt_monotonic_seconds()
    for index in 0..<count {
      try evaluate(states, 0..<prompt, model, isCancelled, only: index)
      first.append(vt_monotonic_seconds() - begin)
    }
    for token in 1..<generated {
      steps.append(
        try TimingProtocol.time {
          try evaluate(states, prompt + token - 1..<prompt + token, model, isCancelled)
        })
    }
    let seconds = vt_monotonic_seconds() - begin
    return Burst(
      requests: count, seconds: seconds, tokens: count * generated, first: first.sorted(), steps: steps.sorted(),
      whole: [Double](repeating: seconds, count: count))
  }

  /// Appends the tokens of `range` to one state or all.
  private func evaluate(
    _ states: [any MixerState], _ range: Range<Int>, _ model: any LanguageModel, _ isCancelled: () -> Bool,
    only: Int? = nil
  ) throws {
    let vocabulary = model.description.vocabularySize
    let chosen = only.map { [$0] } ?? Array(states.indices)
    let runs = chosen.map { index in
      Models.TokenBatch.Run(
        state: states[index],
        tokens: range.map { ModelContestant.token(index * (prompt + generated) + $0, vocabulary: vocabulary) },
        logits: .last)
    }
    _ = try model.evaluate(Models.TokenBatch(runs), isCancelled: isCancelled)
  }
}
