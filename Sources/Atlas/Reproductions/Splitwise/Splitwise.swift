import Formats
import Planner
import Profiling

/// Splitwise: Efficient generative LLM inference using phase splitting, 2023, arXiv 2311.18677.
///
/// The Planner's simulator is put to the laws of queues, of conservation and of repeatability; then the paper's
/// clusters are simulated on the published times of its machines, and sized.
public struct Splitwise: Reproduction {
  /// The sheet's number.
  public static let number = 111

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "the executed split: prompts and tokens of our own server in two processes, with its state moved layer after layer",
    "the simulator's prediction of that run's times",
    "the published check of an 80:20 division on raw rows: here it is of medians, of which there are fewer",
  ]

  /// The experiment.
  public init() {}

  /// The published times of prompts and tokens, and the ratios between clusters.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try SplitwisePrediction.predictions() }

  /// Queues, conservation, seeds, and the interpolation.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: waits of queues")
    // At lower loads hardly any customer of four servers waits: no number of them that can be run gives a mean.
    let loads = (0..<20).map { 0.2 + 0.7 * Double($0) / 19 }
    let pairs = conditions.quick ? 1 : 16
    let customers = conditions.quick ? 100_000 : 1_000_000
    let limit = conditions.quick ? 0.1 : 0.01
    var checks = [
      try Check("M/M/1, M/D/1 and M/M/4 wait as theory says, 20 loads of 0.2 to 0.9, within \(Int(100 * limit)) %") {
        let waits = try SimulationLaws.waits(
          loads: loads, customers: customers, pairs: pairs, threads: conditions.threads)
        let worst = waits.max { $0.error < $1.error }
        let share = worst.map { Double(Int(1e5 * $0.error)) / 1e3 } ?? .nan
        return (
          waits.count == 60 && (worst?.error ?? 1) <= limit,
          "\(waits.count) queues, \(2 * pairs) runs of \(customers) customers each, largest error \(share) %"
        )
      }
    ]
    try conditions.next("check: conservation")
    let cases: UInt64 = conditions.quick ? 1000 : 10_000
    checks.append(
      try Check("nothing is lost, negative or back in time in \(cases) random clusters") {
        let seen = try SimulationLaws.conservation(cases: 100_000..<100_000 + cases, threads: conditions.threads)
        return (
          seen.preempted > 0 && seen.moved > 0 && seen.failed > 0 && seen.borrowed > 0,
          "\(seen.events) events; \(seen.preempted) clusters with preemptions, \(seen.moved) with moves, "
            + "\(seen.failed) with failures, \(seen.borrowed) with machines that helped"
        )
      })
    try conditions.next("check: seeds")
    checks.append(
      try Check("100 seeds give the same answers on 1, 2, 3 and 8 threads") {
        func reports(_ threads: Int) throws -> [ServingReport] {
          try SimulationSweep.map(Array(200_000..<200_100 as Range<UInt64>), threads: threads) {
            seed throws(PlannerError) in
            let (simulation, requests) = try SimulationLaws.randomCase(seed)
            return try simulation.run(requests, seed: seed)
          }
        }
        let one = try reports(1)
        return (try [2, 3, 8].allSatisfy { try reports($0) == one }, "\(one.reduce(0) { $0 + $1.events }) events")
      })
    return checks
  }
}
