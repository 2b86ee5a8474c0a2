import Formats
import Planner
import Profiling

/// Mélange: Cost Efficient Large Language Model Serving by Exploiting GPU Heterogeneity, 2024, arXiv 2404.14527.
///
/// The solver is put to properties that any optimum has, timed, and its mixes are served by the simulator.
public struct Melange: Reproduction {
  /// The sheet's number.
  public static let number = 108

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "profiles measured on this machine: the engine with one and two threads and with 4-bit weights as types of instances",
    "a replay of load on these",
    "the solver beside HiGHS in one run: its optima are compared with HiGHS' and CBC's in the tests, its time is not",
  ]

  /// The experiment.
  public init() {}

  /// The published savings and comparisons.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try MelangePrediction().predictions() }

  /// Properties of optima.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: the authors' examples")
    let prediction = try MelangePrediction()
    return [
      try Check("the authors' examples: one A100 for $3.67; three A10G and one A100 for $6.70") {
        typealias InstanceType = MelangeService.InstanceType
        let one = try MelangeService(
          types: [InstanceType("A100", price: 3.67, rates: [20, 2, 50, 20])],
          distribution: [0.25, 0.125, 0.375, 0.25], rate: 1, slices: 1
        ).solve()
        let two = try MelangeService(
          types: [
            InstanceType("A10G", price: 1.01, rates: [2, 1, 5, 2]),
            InstanceType("A100-80GB", price: 3.67, rates: [20, 20, 40, 20]),
          ], distribution: [0.2, 0.1, 0.5, 0.2], rate: 30, slices: 1
        ).solve()
        return (
          one.counts == [1] && one.cost == 3.67 && two.counts == [3, 1], "\(one.counts) and \(two.counts)"
        )
      },
      try Check("never dearer than one type; more load is never cheaper, finer slices are never dearer, beyond the gap")
      {
        var (cases, unproved) = (0, 0)
        for workload in MelangePrediction.Workload.allCases {
          for promise in [0.04, 0.12] {
            var last = 0.0
            for rate in [1.0, 3, 9, 27] {
              let service = try prediction.service(workload, rate: rate, promise: promise).service
              let found = try service.solve()
              let coarse = try MelangeService(
                types: service.types, distribution: service.rates, rate: 1, slices: 2
              ).solve()
              let singles = service.types.indices.compactMap { service.single($0)?.cost }
              guard found.gap < 0.05, found.cost >= last - 1e-9, coarse.cost >= found.bound - 1e-9,
                singles.allSatisfy({ $0 >= found.cost - 1e-9 })
              else { return (false, "\(workload.rawValue) at \(rate) requests/s: \(found.cost), \(coarse.cost)") }
              last = found.bound
              cases += 1
              unproved += found.gap > 0 ? 1 : 0
            }
          }
        }
        return (cases == 24, "\(cases) services, of \(unproved) the search for whole slices ended with a bound")
      },
    ]
  }

  /// The solver's time, how its mixes serve, and the signs of comparisons.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let prediction = try MelangePrediction()
    var measures: [Measure] = []
    try conditions.next("solving")
    var slowest = 0.0
    var cases = 0
    for workload in MelangePrediction.Workload.allCases {
      for promise in [0.04, 0.12] {
        for rate in conditions.quick ? [8.0] : [1, 2, 4, 8, 16, 32, 128] {
          let service = try prediction.service(workload, rate: rate, promise: promise).service
          slowest = max(slowest, try TimingProtocol.time { _ = try service.solve() })
          cases += 1
        }
      }
    }
    measures.append(
      Measure(
        "slowest of \(cases) optima, 4 types × 60 buckets × 8 slices, one thread", unit: "s", ours: Summary([slowest]),
        target: .atMost(1, .ours)))
    for (workload, promise) in [(MelangePrediction.Workload.arena, 0.12), (.mixed, 0.12), (.pubmed, 0.04)] {
      try conditions.next("serving \(workload.rawValue)")
      let service = try prediction.service(workload, rate: 16, promise: promise).service
      let allocation = try service.solve()
      let validation = try MelangeValidation(
        allocation, of: service, profiles: prediction.profiles, buckets: prediction.buckets, promise: promise,
        seconds: conditions.quick ? 120 : 600)
      let counts = zip(service.types, allocation.counts).filter { $1 > 0 }.map { "\($1) \($0.name)" }
      measures.append(
        Measure(
          "requests within \(Int(1e3 * promise)) ms a token, \(workload.rawValue) at 16 requests/s, simulated, on "
            + counts.joined(separator: " + "),
          unit: "%", ours: Summary([100 * validation.attainment]), target: .atLeast(97, .ours)))
    }
    // Places of L4, A10G, A100 and H100; tokens per dollar relative to A100.
    func cheapest(_ input: Int, _ output: Int) -> Int? {
      prediction.profiles.indices.max {
        prediction.advantage(of: $0, over: 2, input: input, output: output)
          < prediction.advantage(of: $1, over: 2, input: input, output: output)
      }
    }
    let (small, large) = (cheapest(25, 25), cheapest(8000, 2000))
    measures.append(
      Measure(
        "L4 or A10G has the most tokens per dollar at 25 → 25, A100 or H100 at 8000 → 2000 (1 is yes)", unit: "",
        ours: Summary([small ?? 9 < 2 && large ?? 0 > 1 ? 1 : 0]), target: .atLeast(1, .ours)))
    func share(_ promise: Double) throws -> Double {
      let allocations = try prediction.savings(.pubmed, promise: promise).allocations
      let price = prediction.profiles[3].plan.device.price?.value ?? 0
      return allocations.reduce(0) { $0 + Double($1.counts[3]) * price } / allocations.reduce(0) { $0 + $1.cost }
    }
    measures.append(
      Measure(
        "H100's part of the cost of PubMed's mixes, 40 ms over 120 ms", unit: "",
        ours: Summary([try share(0.04)]), peer: Summary([try share(0.12)]), peerName: "at 120 ms",
        ratio: RatioEstimate(ours: [try share(0.12) + 1e-9], theirs: [try share(0.04) + 1e-9]), target: .atLeast(1)))
    return measures
  }
}
