import Planner

/// Mélange: Cost Efficient Large Language Model Serving by Exploiting GPU Heterogeneity, 2024, arXiv 2404.14527.
///
/// The solver is put to properties that any optimum has, timed, and its mixes are served by the simulator.
public struct Melange: Reproduction {
  /// The sheet's number.
  public static let number = 108

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "the instances of this engine, profiled, rented and served by emulation, and the solver beside HiGHS: built, not measured yet"
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
}
