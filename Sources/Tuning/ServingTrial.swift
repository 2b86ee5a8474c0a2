import CVenturi
import Formats
import Inference
import NumericTypes
import Profiling
import Text

/// One measurement of one engine: it is loaded, warmed up and given all requests at once. Runs in a process of its own.
public struct ServingTrial: Sendable {
  /// The model's file.
  public var model: String
  /// The settings.
  public var settings: ServingSettings
  /// The requests.
  public var workload: ServedWorkload
  /// The seed of the prompts' text.
  public var seed: UInt64
  /// The most bytes of the states of sequences; what the machine has by default.
  public var stateMemory: Int?

  /// A trial.
  public init(
    model: String, settings: ServingSettings, workload: ServedWorkload, seed: UInt64, stateMemory: Int? = nil
  ) {
    (self.model, self.settings, self.workload) = (model, settings, workload)
    (self.seed, self.stateMemory) = (seed, stateMemory)
  }

  /// The trial as its process is told of it.
  var json: JSON {
    [
      "op": "trial", "model": .string(model), "settings": settings.json, "requests": workload.json,
      "seed": .integer(Int(clamping: seed)), "stateMemory": stateMemory.map { .integer($0) } ?? .null,
    ]
  }

  /// A trial as ``json`` has it.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)``.
  init(_ json: JSON) throws(ProfilingError) {
    guard let model = json["model"]?.text else { throw .invalidSetting(field: "model", problem: "a path is expected") }
    guard let seed = json["seed"]?.int, seed >= 0 else {
      throw .invalidSetting(field: "seed", problem: "a number of 0 or more is expected")
    }
    self.init(
      model: model, settings: try ServingSettings(json["settings"] ?? .null),
      workload: try ServedWorkload(json["requests"] ?? .null), seed: UInt64(seed),
      stateMemory: json["stateMemory"]?.int)
  }

  /// Measures.
  ///
  /// - Throws: what the engine throws.
  func run() async throws -> TrialResult {
    var options = settings.options
    options.maxQueued = ServedWorkload.limit
    options.maxQueuedTokens = 1 << 40
    options.stateMemoryLimit = stateMemory
    let engine = try await Engine.load(model, options: options)
    let prompts = try PromptTokens(engine.tokenizer, seed: seed).prompts(of: workload)
    // The first steps fill caches and tell the scheduler how long steps take.
    let first = zip(prompts, workload.requests).prefix(4).map { ($0, min(8, $1.outputTokens)) }
    _ = try await Self.answer(engine, first, lookup: settings.number(.lookup))
    let before = engine.statistics
    let begin = vt_monotonic_seconds()
    let times = try await Self.answer(
      engine, zip(prompts, workload.requests).map { ($0, $1.outputTokens) }, lookup: settings.number(.lookup))
    let seconds = vt_monotonic_seconds() - begin
    let after = engine.statistics
    let sorted = times.map { $0.seconds }.sorted()
    return TrialResult(
      tokensPerSecond: Double(times.reduce(0) { $0 + $1.tokens }) / seconds, seconds: seconds,
      latency95: sorted[min(sorted.count - 1, Int((0.95 * Double(sorted.count)).rounded(.up)) - 1)],
      peakBytes: Int(clamping: vt_memory_usage_now().peak_resident), steps: after.steps - before.steps,
      preemptions: after.preemptions - before.preemptions)
  }

  /// All answers at once: the tokens and seconds of each.
  private static func answer(
    _ engine: Engine, _ requests: [([Int32], Int)], lookup: Int?
  ) async throws -> [(tokens: Int, seconds: Double)] {
    try await withThrowingTaskGroup(of: (tokens: Int, seconds: Double).self) { group in
      // Begun one after the other, so that places are in the order of the requests.
      for (index, (tokens, count)) in requests.enumerated() {
        let options = GenerationOptions(maxTokens: count, seed: UInt64(index), ignoreEnd: true, lookup: lookup)
        let begin = vt_monotonic_seconds()
        let generation = engine.generate(.tokens(tokens), options: options)
        group.addTask {
          let answer = try await generation.completion()
          return (answer.usage.completionTokens, vt_monotonic_seconds() - begin)
        }
      }
      var all: [(tokens: Int, seconds: Double)] = []
      for try await one in group { all.append(one) }
      return all
    }
  }
}
