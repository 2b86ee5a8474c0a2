import NumericTypes

/// An allocation put to a simulated load.
public struct MelangeValidation: Sendable, Hashable {
  /// How a type fared.
  public struct Fleet: Sendable, Hashable {
    /// The type's name.
    public var name: String
    /// Its instances.
    public var count: Int
    /// Its load by the program, as a part of its instances.
    public var planned: Double
    /// The part of the time in which they computed, while requests came.
    public var busy: Double
    /// The requests that came to it.
    public var requests: [SimulatedRequest]
    /// Requests that it answered.
    public var answers: Int
    /// Those whose mean time between tokens kept the promise.
    public var kept: Int
  }

  /// The types that have instances.
  public var fleets: [Fleet]
  /// The mean time between tokens, over all requests, in seconds.
  public var meanGap: Double

  /// The part of requests that kept the promise.
  public var attainment: Double {
    let answers = fleets.reduce(0) { $0 + $1.answers }
    return answers == 0 ? 1 : Double(fleets.reduce(0) { $0 + $1.kept }) / Double(answers)
  }

  /// Serves random arrivals with an allocation: a request of a bucket goes to a type as often as the type has its
  /// slices, then to its least loaded instance.
  ///
  /// - Parameters:
  ///   - allocation: what the service was allocated.
  ///   - service: the service; its rates are those that arrive.
  ///   - profiles: the types' machines, in the order of the service's types.
  ///   - buckets: the sizes of the service's buckets.
  ///   - promise: seconds between tokens.
  ///   - seconds: of arrivals.
  ///   - seed: of the requests.
  /// - Throws: ``PlannerError``.
  public init(
    _ allocation: MelangeAllocation, of service: MelangeService, profiles: [MelangeProfile],
    buckets: MelangeProfile.Buckets, promise: Double, seconds: Double, seed: UInt64 = 0
  ) throws(PlannerError) {
    try self.init(
      allocation, of: service, machines: profiles.map { ($0.plan.machines[0], $0.plan.options.policy) },
      buckets: buckets, promise: promise, seconds: seconds, seed: seed)
  }

  /// The same with any machines: one of each type and how it serves, in the order of the service's types.
  ///
  /// - Throws: ``PlannerError``.
  public init(
    _ allocation: MelangeAllocation, of service: MelangeService,
    machines types: [(machine: ServingMachine, policy: ServingPolicy)], buckets: MelangeProfile.Buckets,
    promise: Double, seconds: Double, seed: UInt64 = 0
  ) throws(PlannerError) {
    let sizes = buckets.sizes
    guard types.count == service.types.count, sizes.count == service.rates.count else {
      throw .invalid(
        field: "profiles",
        problem: "\(types.count) of \(service.types.count) types, \(sizes.count) of \(service.rates.count) buckets")
    }
    let total = service.rates.reduce(0, +)
    let times = try ServingLoad(
      .poisson(rate: total), prompt: .constant(1), output: .constant(1), seconds: seconds
    ).requests(seed: seed)
    var random = Random(seed: seed, stream: 4)
    var requests = [[SimulatedRequest]](repeating: [], count: types.count)
    for time in times {
      var place = random.uniform() * total
      var bucket = 0
      while bucket < sizes.count - 1, place >= service.rates[bucket] {
        place -= service.rates[bucket]
        bucket += 1
      }
      // Rounding may end at a bucket without requests.
      guard service.rates[bucket] > 0 else { continue }
      var slice = Int(random.uniform() * Double(service.slices))
      var type = 0
      while slice >= allocation.slices[bucket][type], type < types.count - 1 {
        slice -= allocation.slices[bucket][type]
        type += 1
      }
      requests[type].append(
        SimulatedRequest(
          arrival: time.arrival, promptTokens: sizes[bucket].input, outputTokens: sizes[bucket].output))
    }
    fleets = []
    var (gaps, answers) = (0.0, 0)
    for (type, kind) in types.enumerated() where allocation.counts[type] > 0 {
      var policy = kind.policy
      policy.router = .leastLoaded
      let machines = [ServingMachine](repeating: kind.machine, count: allocation.counts[type])
      let report = try ServingSimulation(machines, policy: policy).run(requests[type], seed: seed)
      gaps += report.answers.reduce(0) { $0 + $1.meanGap }
      answers += report.answers.count
      let busy = report.machines.reduce(0) { $0 + $1.busy } / Double(machines.count)
      fleets.append(
        Fleet(
          name: service.types[type].name, count: machines.count,
          planned: allocation.loads[type] / Double(machines.count), busy: busy / max(seconds, report.seconds),
          requests: requests[type],
          answers: report.answers.count, kept: report.answers.count { $0.meanGap <= promise }))
    }
    meanGap = answers == 0 ? 0 : gaps / Double(answers)
  }
  /// The most requests of a mix a second that one machine keeps the mean time between tokens within `promise` seconds for, as a profile
  /// is measured: more and more of them at once, the next one coming when one is answered; zero where not even one alone is.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - policy: how it serves.
  ///   - requests: the mix, in its order; when they arrive does not count.
  ///   - promise: seconds between tokens.
  /// - Throws: ``PlannerError``.
  public static func capacity(
    _ machine: ServingMachine, policy: ServingPolicy, requests: [SimulatedRequest], promise: Double
  ) throws(PlannerError) -> Double {
    guard !requests.isEmpty else { return 0 }
    // All wait from the beginning, so that as many are served as may be.
    let mix = requests.prefix(2000).map { request in
      var request = request
      request.arrival = 0
      return request
    }
    func rate(_ sequences: Int) throws(PlannerError) -> Double? {
      var policy = policy
      policy.batchSequences = sequences
      let report = try ServingSimulation([machine], policy: policy).run(mix)
      let gap = report.mean { $0.meanGap }
      return gap <= promise && report.seconds > 0 ? Double(report.answers.count) / report.seconds : nil
    }
    guard var found = try rate(1) else { return 0 }
    var (low, high) = (1, policy.batchSequences + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if let rate = try rate(middle) { (low, found) = (middle, rate) } else { high = middle }
    }
    return found
  }
}
