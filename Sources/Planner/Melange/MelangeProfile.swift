import Costs

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What an instance serves of each bucket within a promise, from a device model where nobody measured it.
public struct MelangeProfile: Sendable {
  /// Sizes of requests: every length of prompts with every length of answers.
  public struct Buckets: Sendable, Hashable {
    /// Tokens of prompts.
    public var inputs: [Int]
    /// Tokens of answers.
    public var outputs: [Int]

    /// The buckets of these lengths.
    ///
    /// - Throws: ``PlannerError/invalid(field:problem:)``.
    public init(inputs: [Int], outputs: [Int]) throws(PlannerError) {
      for (field, lengths) in [("input_lengths", inputs), ("output_lengths", outputs)] {
        guard (1...256).contains(lengths.count) else {
          throw .invalid(field: field, problem: "\(lengths.count) lengths lie outside 1…256")
        }
        var last = 0
        for length in lengths {
          guard length > last, length <= 1 << 20 else {
            throw .invalid(field: field, problem: "\(length) after \(last): lengths must ascend to at most 2²⁰")
          }
          last = length
        }
      }
      self.inputs = inputs
      self.outputs = outputs
    }

    private init(checked inputs: [Int], _ outputs: [Int]) { (self.inputs, self.outputs) = (inputs, outputs) }

    /// Ten lengths of prompts to 8000 tokens and six of answers to 2000.
    public static let standard = Buckets(
      checked: [25, 50, 100, 250, 500, 1000, 2000, 4000, 6000, 8000], [25, 100, 250, 500, 1000, 2000])

    /// All pairs, the answers' lengths changing fastest.
    public var sizes: [(input: Int, output: Int)] {
      inputs.flatMap { input in outputs.map { (input, $0) } }
    }

    /// Their names.
    public var names: [String] { sizes.map { "\($0.input) → \($0.output)" } }

    /// The parts of requests whose prompts and answers have normal logarithms, independently: each bucket takes what
    /// lies between the geometric means with its neighbours.
    ///
    /// - Parameters:
    ///   - input: the mean of prompts, in tokens.
    ///   - output: the mean of answers.
    ///   - sigma: the deviations of both logarithms.
    public func logNormal(input: Double, output: Double, sigma: (input: Double, output: Double)) -> [Double] {
      let rows = Self.parts(inputs, mean: input, sigma: sigma.input)
      let columns = Self.parts(outputs, mean: output, sigma: sigma.output)
      return rows.flatMap { row in columns.map { row * $0 } }
    }

    private static func parts(_ lengths: [Int], mean: Double, sigma: Double) -> [Double] {
      // The median that gives this mean.
      let median = mean * exp(-sigma * sigma / 2)
      func below(_ length: Double) -> Double {
        NormalDistribution.below(log(length / median) / sigma)
      }
      var edges = zip(lengths, lengths.dropFirst()).map { below((Double($0) * Double($1)).squareRoot()) }
      edges = [0] + edges + [1]
      return zip(edges, edges.dropFirst()).map { max(0, $1 - $0) }
    }
  }

  /// A type of instance: a plan of one machine.
  public let plan: ServingPlan
  /// The most tokens of an iteration.
  private let iterations: any IterationTimes

  /// The profile of a machine of the plan.
  public init(_ plan: ServingPlan) {
    self.plan = plan
    iterations = plan.machines[0].iterations
  }

  /// The mean time between two tokens, in seconds, where `batch` sequences of one size are served at all times.
  ///
  /// In a time in which every sequence gets a token, `batch`/output prompts are computed, in parts beside the tokens:
  /// the extra time of a prompt's parts is spread over the tokens.
  public func timePerToken(input: Int, output: Int, batch: Int) -> Double {
    let context = batch * (input + output / 2)
    let tokens = iterations.seconds(of: IterationBatch(sequences: batch, contextTokens: context))
    let part = max(1, plan.options.policy.batchTokens - batch)
    var (extra, past) = (0.0, 0)
    while past < input {
      let count = min(part, input - past)
      var mixed = IterationBatch(sequences: batch, contextTokens: context)
      mixed.promptTokens = count
      mixed.promptPast = past
      mixed.promptPairs = Double(count) * (Double(past) + (Double(count) + 1) / 2)
      extra += iterations.seconds(of: mixed) - tokens
      past += count
    }
    return tokens + extra * Double(batch) / Double(output)
  }

  /// The most requests of one size a second that keep the mean time between tokens within `promise` seconds; zero where
  /// none do. Little's law: `batch` sequences that each take output · timePerToken leave at batch / that.
  public func rate(input: Int, output: Int, promise: Double) -> Double {
    // What a sequence holds at its end: more never fit at once.
    let most = min(plan.stateTokens / (input + output), plan.options.policy.batchSequences)
    guard most >= 1, timePerToken(input: input, output: output, batch: 1) <= promise else { return 0 }
    var (low, high) = (1, most + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if timePerToken(input: input, output: output, batch: middle) <= promise { low = middle } else { high = middle }
    }
    return Double(low) / (Double(output) * timePerToken(input: input, output: output, batch: low))
  }

  /// The type of instance with its rates in all buckets.
  public func type(_ buckets: Buckets, promise: Double, name: String? = nil, price: Double)
    -> MelangeService.InstanceType
  {
    MelangeService.InstanceType(
      name ?? plan.device.name, price: price,
      rates: buckets.sizes.map { rate(input: $0.input, output: $0.output, promise: promise) })
  }
}
