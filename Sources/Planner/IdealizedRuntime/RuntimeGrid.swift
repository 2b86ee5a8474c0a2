/// The queries that are timed for a profile: some prompt lengths with one answer length, several times each.
///
/// A query that says when its first token came gives two figures, that of its prompt and that of the whole; so one answer length
/// is enough for g, and the prompts are read half as often as with two.
public struct RuntimeGrid: Sendable, Hashable {
  /// Tokens of the prompts, ascending.
  public var prompts: [Int]
  /// Tokens of every answer.
  public var output: Int
  /// How often each query is asked.
  public var repetitions: Int

  /// 15 short queries, of up to 1500 tokens.
  public static let standard = RuntimeGrid(checked: [1, 64, 256, 768, 1500], output: 33, repetitions: 3)

  private init(checked prompts: [Int], output: Int, repetitions: Int) {
    (self.prompts, self.output, self.repetitions) = (prompts, output, repetitions)
  }

  /// A grid.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no prompt or more than 256, lengths that do not ascend or lie outside
  ///   1…2²⁰, answers outside 2…2¹⁶ tokens, and repetitions outside 1…64.
  public init(prompts: [Int], output: Int = 33, repetitions: Int = 3) throws(PlannerError) {
    guard 1...256 ~= prompts.count else {
      throw .invalid(field: "prompts", problem: "\(prompts.count) of them, not 1…256")
    }
    for (index, prompt) in prompts.enumerated() {
      guard 1...1 << 20 ~= prompt, index == 0 || prompts[index - 1] < prompt else {
        throw .invalid(field: "prompts", problem: "\(prompt) lies outside 1…\(1 << 20) or does not ascend")
      }
    }
    // One token has no next one, and so no g.
    guard 2...1 << 16 ~= output else {
      throw .invalid(field: "output", problem: "\(output) tokens lie outside 2…\(1 << 16)")
    }
    guard 1...64 ~= repetitions else {
      throw .invalid(field: "repetitions", problem: "\(repetitions) lies outside 1…64")
    }
    self.init(checked: prompts, output: output, repetitions: repetitions)
  }

  /// The queries that are asked.
  public var runs: Int { prompts.count * repetitions }

  /// The tokens of the longest query.
  public var longest: Int { (prompts.last ?? 0) + output }

  /// Asks all queries, each once in a turn, so that a slow time falls on all of them.
  ///
  /// - Parameter time: seconds of a query to its first token, and of the rest.
  /// - Returns: two observations for each query.
  /// - Throws: what `time` throws.
  public func observations(
    _ time: (_ prompt: Int, _ output: Int) throws -> (first: Double, rest: Double)
  ) rethrows -> [RuntimeObservation] {
    var observations: [RuntimeObservation] = []
    for _ in 0..<repetitions {
      for prompt in prompts {
        let seconds = try time(prompt, output)
        observations.append(RuntimeObservation(prompt: prompt, output: 1, seconds: seconds.first))
        observations.append(RuntimeObservation(prompt: prompt, output: output, seconds: seconds.first + seconds.rest))
      }
    }
    return observations
  }

  /// The profile of a model on a stack. Its ``RuntimeProfile/profilingSeconds`` are those of the queries, each counted once.
  ///
  /// - Throws: what `time` throws; ``PlannerError/invalid(field:problem:)`` for seconds that are not above 0.
  public func profile(
    denoising: Denoising = .minimum, isContextual: Bool = true,
    _ time: (_ prompt: Int, _ output: Int) throws -> (first: Double, rest: Double)
  ) throws -> RuntimeProfile {
    let observations = try observations(time)
    var profile = try RuntimeProfile(fitting: observations, denoising: denoising, isContextual: isContextual)
    profile.profilingSeconds = observations.filter { $0.output == output }.reduce(0) { $0 + $1.seconds }
    return profile
  }
}
