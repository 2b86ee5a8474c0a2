/// The queries of a benchmark.
public struct RuntimeWorkload: Sendable, Hashable {
  /// Queries of the same lengths.
  public struct Query: Sendable, Hashable, Codable {
    /// Tokens of the prompt.
    public var prompt: Int
    /// Tokens of the output.
    public var output: Int
    /// How many there are.
    public var count: Int

    /// Queries.
    public init(prompt: Int, output: Int, count: Int = 1) {
      self.prompt = prompt
      self.output = output
      self.count = count
    }
  }

  /// What a workload costs on a stack.
  public struct Cost: Sendable, Hashable {
    /// Seconds, one query after the other.
    public var seconds: Double
    /// US dollars, where a price is known.
    public var dollars: Double?
    /// Joules, where the power is known.
    public var joules: Double?
  }

  /// The queries.
  public var queries: [Query]

  /// A workload.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no query, more than 2²⁰ kinds, and counts outside 1…2³¹.
  public init(_ queries: [Query]) throws(PlannerError) {
    guard (1...1 << 20).contains(queries.count) else {
      throw .invalid(field: "queries", problem: "\(queries.count) kinds, not 1…\(1 << 20)")
    }
    for query in queries where !(1...1 << 31).contains(query.count) {
      throw .invalid(field: "count", problem: "\(query.count) lies outside 1…\(1 << 31)")
    }
    self.queries = queries
  }

  /// Time, price and energy: T · devices · price / 3600, T · devices · watts.
  ///
  /// - Parameters:
  ///   - profile: of the model on the stack.
  ///   - devices: of the stack.
  ///   - price: US dollars an hour of each.
  ///   - watts: of each.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for devices outside 1…2²⁰, prices and watts below 0, and lengths below 0.
  public func cost(
    _ profile: RuntimeProfile, devices: Int = 1, price: Double? = nil, watts: Double? = nil
  ) throws(PlannerError) -> Cost {
    guard (1...1 << 20).contains(devices) else {
      throw .invalid(field: "devices", problem: "\(devices) lies outside 1…\(1 << 20)")
    }
    for (field, value) in [("price", price), ("watts", watts)] {
      if let value, !(value >= 0 && value.isFinite) {
        throw .invalid(field: field, problem: "\(value) must not be below 0")
      }
    }
    var seconds = 0.0
    for query in queries {
      seconds += Double(query.count) * (try profile.seconds(prompt: query.prompt, output: query.output))
    }
    let all = seconds * Double(devices)
    return Cost(seconds: seconds, dollars: price.map { all * $0 / 3600 }, joules: watts.map { all * $0 })
  }
}
