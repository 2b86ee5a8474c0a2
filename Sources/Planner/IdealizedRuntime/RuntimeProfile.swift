// Cheaply Evaluating Inference Efficiency Metrics for Autoregressive Transformer APIs (2023),
// https://arxiv.org/abs/2305.02440: compare models by their time on one stack, estimated from a handful of measurements.

/// The time of any query, from a few that were timed:
/// T(p, o) = F(p) + g₀·(o − 1) + g₁·((o − 1)·p + o·(o − 1)/2).
///
/// F(p) is the time to read the prompt and give the first token, so that o = 1 takes F(p); o = 0 means scoring and takes F(p)
/// too, for the sampling of one token is not told apart. g₁ is what a token more of context adds to each later one.
public struct RuntimeProfile: Sendable, Hashable, Codable {
  /// A prompt length and its F.
  public struct Knot: Sendable, Hashable, Codable {
    /// Tokens of the prompt.
    public var prompt: Int
    /// Seconds to the first token.
    public var seconds: Double

    /// A knot.
    public init(prompt: Int, seconds: Double) {
      self.prompt = prompt
      self.seconds = seconds
    }
  }

  /// F at the profiled lengths, ascending; straight between and beyond them, flat before the first.
  public var knots: [Knot]
  /// g₀: seconds of each output token after the first.
  public var token: Double
  /// g₁: seconds that each token of context adds to each of them.
  public var contextToken: Double
  /// The part of the figures' variance within prompt lengths that g explains.
  public var rSquared: Double
  /// The largest residual, as a fraction of its figure.
  public var worstResidual: Double
  /// Seconds that all timed queries took together: what the profile cost.
  public var profilingSeconds: Double

  /// A profile from its parts.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no knot, knots that do not ascend, and seconds below 0 or not finite.
  public init(
    knots: [Knot], token: Double, contextToken: Double = 0, rSquared: Double = 1, worstResidual: Double = 0,
    profilingSeconds: Double = 0
  ) throws(PlannerError) {
    guard !knots.isEmpty, knots.count <= 4096 else {
      throw .invalid(field: "knots", problem: "\(knots.count) of them, not 1…4096")
    }
    for (knot, next) in zip(knots, knots.dropFirst()) where knot.prompt >= next.prompt {
      throw .invalid(field: "knots", problem: "\(next.prompt) tokens follow \(knot.prompt)")
    }
    for knot in knots where !(knot.prompt >= 0 && knot.seconds >= 0 && knot.seconds.isFinite) {
      throw .invalid(field: "knots", problem: "\(knot.seconds) s at \(knot.prompt) tokens")
    }
    for (field, value) in [("token", token), ("contextToken", contextToken)] where !(value >= 0 && value.isFinite) {
      throw .invalid(field: field, problem: "\(value) must not be below 0")
    }
    self.knots = knots
    self.token = token
    self.contextToken = contextToken
    self.rSquared = rSquared
    self.worstResidual = worstResidual
    self.profilingSeconds = profilingSeconds
  }

  /// Fits a profile to timed queries, several of the same lengths where there is noise.
  ///
  /// g is the slope over output tokens, pooled over prompt lengths that each have an intercept of their own: F there. Figures
  /// weigh by 1 / T², so that errors are relative. Where g₁ comes out below 0 it is 0.
  ///
  /// - Parameters:
  ///   - observations: timed queries; at least two output lengths at some prompt length.
  ///   - denoising: how repetitions become one figure.
  ///   - isContextual: whether g₁ is fitted too; it needs two prompt lengths, or three output lengths.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no observation, lengths below 0 or beyond 2²⁶, seconds that are not
  ///   above 0, and one output length everywhere: a single grid point has no slope.
  public init(
    fitting observations: [RuntimeObservation], denoising: Denoising = .minimum, isContextual: Bool = true
  ) throws(PlannerError) {
    guard (1...1 << 20).contains(observations.count) else {
      throw .invalid(field: "observations", problem: "\(observations.count) of them, not 1…\(1 << 20)")
    }
    for observation in observations {
      for (field, count) in [("prompt", observation.prompt), ("output", observation.output)]
      where !(0...1 << 26).contains(count) {
        throw .invalid(field: field, problem: "\(count) lies outside 0…\(1 << 26)")
      }
      guard observation.seconds > 0, observation.seconds.isFinite else {
        throw .invalid(field: "seconds", problem: "\(observation.seconds) must be above 0")
      }
    }
    let figures = Self.figures(observations, denoising)
    let prompts = Dictionary(grouping: figures, by: \.prompt).sorted { $0.key < $1.key }
    guard prompts.contains(where: { Set($0.value.map { max(1, $0.output) }).count > 1 }) else {
      throw .invalid(field: "observations", problem: "no prompt length has two output lengths: g has no slope")
    }
    let slope = try Self.slope(prompts.map(\.value), isContextual)
    var knots: [Knot] = []
    var worst = 0.0
    for (prompt, rows) in prompts {
      let weights = rows.map { 1 / ($0.seconds * $0.seconds) }
      let rests = rows.map { $0.seconds - Self.decoding($0.prompt, $0.output, slope.token, slope.context) }
      let first = zip(weights, rests).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
      knots.append(Knot(prompt: prompt, seconds: max(0, first)))
      for (row, rest) in zip(rows, rests) { worst = max(worst, abs(rest - first) / row.seconds) }
    }
    try self.init(
      knots: knots, token: slope.token, contextToken: slope.context, rSquared: slope.rSquared, worstResidual: worst,
      profilingSeconds: observations.reduce(0) { $0 + $1.seconds })
  }

  /// One figure for each pair of lengths.
  private static func figures(_ observations: [RuntimeObservation], _ denoising: Denoising) -> [RuntimeObservation] {
    struct Lengths: Hashable {
      let prompt, output: Int
    }
    let groups = Dictionary(grouping: observations) { Lengths(prompt: $0.prompt, output: $0.output) }
    return groups.sorted { ($0.key.prompt, $0.key.output) < ($1.key.prompt, $1.key.output) }.map { lengths, group in
      RuntimeObservation(
        prompt: lengths.prompt, output: lengths.output, seconds: denoising.figure(group.map(\.seconds)))
    }.filter { $0.seconds > 0 }
  }

  /// g₀ and g₁ over figures from which each prompt length's weighted mean is taken, which is a fit with intercepts.
  private static func slope(
    _ prompts: [[RuntimeObservation]], _ isContextual: Bool
  ) throws(PlannerError) -> (token: Double, context: Double, rSquared: Double) {
    var (rows, values, weights): ([[Double]], [Double], [Double]) = ([], [], [])
    for group in prompts {
      let part = group.map { 1 / ($0.seconds * $0.seconds) }
      let total = part.reduce(0, +)
      func mean(_ numbers: [Double]) -> Double { zip(numbers, part).reduce(0) { $0 + $1.0 * $1.1 } / total }
      let tokens = group.map { decoding($0.prompt, $0.output, 1, 0) }
      let contexts = group.map { decoding($0.prompt, $0.output, 0, 1) }
      let seconds = group.map(\.seconds)
      let means = (mean(tokens), mean(contexts), mean(seconds))
      for index in group.indices {
        rows.append([tokens[index] - means.0, contexts[index] - means.1])
        values.append(seconds[index] - means.2)
        weights.append(part[index])
      }
    }
    if isContextual, let fit = try? LinearFit(rows: rows, values: values, weights: weights),
      fit.coefficients.allSatisfy({ $0 >= 0 })
    {
      return (fit.coefficients[0], fit.coefficients[1], fit.rSquared)
    }
    let fit = try LinearFit(rows: rows.map { [$0[0]] }, values: values, weights: weights)
    return (max(0, fit.coefficients[0]), 0, fit.rSquared)
  }

  /// Seconds of the tokens after the first.
  private static func decoding(_ prompt: Int, _ output: Int, _ token: Double, _ context: Double) -> Double {
    let (p, o) = (Double(prompt), Double(max(1, output)))
    return token * (o - 1) + context * ((o - 1) * p + o * (o - 1) / 2)
  }

  /// F(p): straight between knots and beyond the last by its last slope, flat before the first.
  public func promptSeconds(_ prompt: Int) -> Double {
    guard let first = knots.first, let last = knots.last else { return 0 }
    if prompt <= first.prompt || knots.count == 1 { return first.seconds }
    let upper = knots.firstIndex { $0.prompt >= prompt } ?? knots.count - 1
    let (a, b) = (knots[upper - 1], knots[upper])
    let slope = (b.seconds - a.seconds) / Double(b.prompt - a.prompt)
    let seconds = a.seconds + slope * (Double(prompt) - Double(a.prompt))
    return prompt > last.prompt ? max(last.seconds, seconds) : max(0, seconds)
  }

  /// T(p, o).
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for lengths below 0 or beyond 2³¹.
  public func seconds(prompt: Int, output: Int) throws(PlannerError) -> Double {
    for (field, count) in [("prompt", prompt), ("output", output)] where !(0...1 << 31).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 0…\(1 << 31)")
    }
    return promptSeconds(prompt) + Self.decoding(prompt, output, token, contextToken)
  }
}
