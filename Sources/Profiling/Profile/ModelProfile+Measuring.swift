import Models
import Tensors

extension ModelProfile {
  /// What is measured: a prompt, and tokens made after it.
  public struct Workload: Sendable, Equatable {
    /// The prompt's tokens; 0 for no prefill.
    public var prompt: Int
    /// The tokens made at each depth; 0 for no decode.
    public var generated: Int
    /// The tokens that the cache holds before a decode step.
    public var depths: [Int]
    /// The most prompt tokens in a step.
    public var chunk: Int

    /// A workload; by default a prompt of 512 tokens and 128 tokens after it.
    public init(
      prompt: Int = 512, generated: Int = 128, depths: [Int] = [0], chunk: Int = ModelContestant.chunk
    ) {
      self.prompt = prompt
      self.generated = generated
      self.depths = depths
      self.chunk = chunk
    }

    /// The tests and how often the workload has each.
    var tests: [(test: ModelTest, steps: Int)] {
      (prompt > 0 ? [(ModelTest(.prefill, tokens: prompt), 1)] : [])
        + (generated > 0 ? depths.map { (ModelTest(.decode, tokens: 1, depth: $0), generated) } : [])
    }

    /// The tokens that the longest test needs.
    public var capacity: Int { tests.map { $0.test.depth + $0.test.tokens }.max() ?? 0 }
  }

  /// Profiles a model.
  ///
  /// - Parameters:
  ///   - model: the model; nobody else uses it or its context meanwhile.
  ///   - context: what the model computes on.
  ///   - workload: what is measured.
  ///   - seconds: how long each phase is measured; at least five pairs of steps.
  ///   - limits: the machine's limits with these threads; measured where none are given.
  ///   - report: called before each phase with its name.
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` for a workload with nothing to measure or more
  ///   tokens than the model holds; what the model throws.
  public static func measure(
    _ model: any LanguageModel, context: Context, workload: Workload = Workload(), seconds: Double = 3,
    limits: MachineLimits? = nil, report: (String) -> Void = { _ in }
  ) throws -> ModelProfile {
    let (tests, capacity) = (workload.tests, workload.capacity)
    guard !tests.isEmpty else {
      throw ProfilingError.invalidSetting(
        field: "workload", problem: "neither a prompt nor generated tokens to measure")
    }
    let longest = model.description.contextLength
    guard capacity <= longest else {
      throw ProfilingError.invalidSetting(
        field: "depth", problem: "\(capacity) tokens where the model's context holds \(longest)")
    }
    if limits == nil { report("the machine's limits") }
    let limits = try limits ?? MachineLimits.measure(context: context, bytes: model.description.weightBytes)
    let contestant = try ModelContestant(model: model, capacity: capacity, chunk: workload.chunk)
    let phases = try tests.map { test, steps in
      report(test.name)
      let measured = try StepMeasurement(test, contestant, context, seconds: seconds)
      return measured.profile(steps: steps, limits: limits)
    }
    return ModelProfile(limits: limits, phases: phases)
  }
}
