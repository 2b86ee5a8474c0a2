import NumericTypes
import Planner
import Profiling

/// Boosting Large-scale Parallel Training Efficiency with C4: A Communication-Driven Approach, 2024, arXiv 2406.04594.
///
/// The Planner's half: flows hashed and planned on a simulated fabric, before and after a spine fails, and what that is to jobs;
/// and the classifier of faults on made records.
public struct C4Experiment: Reproduction {
  /// The sheet's number.
  public static let number = 33

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "telemetry of collectives in shared memory, its agents and master, and its overhead",
    "training under supervision: `train --supervise`, `c4 report`, `c4 inject`, isolation and restart from a checkpoint",
    "100 injected faults on 4 to 8 MPI ranks, and 2,000 steps without one",
    "the time lost to faults with and without diagnosis",
    "restarted training beside an uninterrupted run, bit by bit",
  ]

  /// The experiment.
  public init() {}

  /// The paper's gains.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try C4Prediction.predictions() }

  /// What must hold of the classifier and the fabric.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: faults and rates")
    return [
      try Check("one slow link, sender, receiver or node among 4 to 256 ranks is named, and nothing where all are slow")
      {
        var random = Random(seed: 33)
        var (right, all) = (0, 0)
        for ranks in conditions.quick ? [4, 16] : [4, 8, 32, 128, 256] {
          let culprit = Int(random.uniform() * Double(ranks))
          let other = (culprit + 1) % ranks
          for fault: FaultFinding.Fault? in [
            nil, .slowLink(from: culprit, to: other), .slowSender(culprit), .slowReceiver(culprit), .slowNode(culprit),
          ] {
            let matrix = try Self.matrix(ranks, fault, &random)
            all += 1
            if FaultClassifier().slow(in: matrix).map(\.fault) == (fault.map { [$0] } ?? []) { right += 1 }
          }
        }
        return (right == all, "\(right) of \(all)")
      },
      try Check("max-min rates are fair: no flow can gain but from one that has no more, and links carry what they can")
      {
        try Self.fairness()
      },
      try Check("an empty catalogue, a parted fabric and other ranks are refused") {
        let small = try FabricTopology(nodes: 2, cards: 1, nodesPerGroup: 1, spines: 1)
        let parted = try PathCatalogue(FabricTopology(), failures: [.leaf(0), .leaf(1)])
        let jobs = try FabricJob.pairs(FabricTopology())
        let refused = [
          (try? PathCatalogue(small, failures: [.spine(0)])) == nil,
          (try? FabricPlan(jobs, over: parted, routing: .c4p)) == nil,
          (try? DelayMatrix(ranks: 3, cells: [nil])) == nil,
        ]
        return (refused.allSatisfy { $0 }, "\(refused.count(where: { $0 })) of \(refused.count)")
      },
    ]
  }

  /// Delays that differ by up to 20 %, those of a fault three times as long.
  private static func matrix(
    _ ranks: Int, _ fault: FaultFinding.Fault?, _ random: inout Random
  ) throws -> DelayMatrix {
    var cells: [Double?] = []
    for row in 0..<ranks {
      for column in 0..<ranks {
        let isSlow =
          switch fault {
          case .slowLink(let from, let to): row == from && column == to
          case .slowSender(let rank): row == rank
          case .slowReceiver(let rank): column == rank
          case .slowNode(let rank): row == rank || column == rank
          default: false
          }
        let noise = 0.8 + 0.4 * random.uniform()
        cells.append(row == column ? nil : 1e-10 * noise * (isSlow ? 3 : 1))
      }
    }
    return try DelayMatrix(ranks: ranks, cells: cells)
  }

  /// Every flow has a link that is full and on which none has more: this makes rates max-min fair.
  private static func fairness() throws -> (passed: Bool, detail: String) {
    let topology = try FabricTopology()
    let capacities = topology.capacities
    var flows = 0
    for seed in 0..<20 {
      let plan = try FabricPlan(
        FabricJob.pairs(topology), over: PathCatalogue(topology), routing: .ecmp(seed: UInt64(seed)))
      let paths = plan.paths.map(\.links)
      let rates = try MaxMinRates.rates(paths: paths, capacities: capacities)
      var sums = [Double](repeating: 0, count: capacities.count)
      var most = sums
      for (path, rate) in zip(paths, rates) {
        for link in path {
          sums[link] += rate
          most[link] = max(most[link], rate)
        }
      }
      let isFair = zip(paths, rates).allSatisfy { path, rate in
        path.contains { sums[$0] >= capacities[$0] * (1 - 1e-9) && most[$0] <= rate * (1 + 1e-9) }
      }
      guard isFair, zip(sums, capacities).allSatisfy({ $0 <= $1 * (1 + 1e-9) }) else {
        return (false, "seed \(seed)")
      }
      flows += paths.count
    }
    return (true, "\(flows) flows")
  }

  /// Bandwidths of eight jobs hashed and planned, before and after a spine fails, and two kinds of jobs' steps.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    var measures = try concurrent(conditions)
    measures += try failed(conditions)
    measures += try steps(conditions)
    return measures
  }

  private struct Setup {
    let topology: FabricTopology
    let catalogue: PathCatalogue
    let jobs: [FabricJob]

    init(operations: Int) throws {
      topology = try FabricTopology()
      catalogue = try PathCatalogue(topology)
      jobs = try FabricJob.pairs(topology, operations: operations)
    }

    func report(
      _ routing: FabricRouting, queuePairs: Int = 4, shifts: Bool = false, failing: Bool = false
    ) throws -> FabricReport {
      try FabricSimulation(
        jobs, over: catalogue, routing: routing, queuePairs: queuePairs, shiftsBytes: shifts,
        failures: failing ? [(seconds: 0, failure: .spine(0))] : []
      ).run()
    }
  }

  /// Gbit/s of ours and of each seed's, beside each other.
  private func bandwidths(
    _ name: String, ours: Double, seeds: [Double], peerName: String, target: Measure.Target?
  ) -> Measure {
    Measure(
      name, unit: "Gbit/s a node", ours: Summary([ours * 8e-9]), peer: Summary(seeds.map { $0 * 8e-9 }),
      peerName: peerName,
      ratio: RatioEstimate(ours: seeds.map { _ in 1 / ours }, theirs: seeds.map { 1 / $0 }), target: target)
  }

  private func concurrent(_ conditions: RunConditions) throws -> [Measure] {
    let setup = try Setup(operations: 3)
    let seeds = conditions.quick ? 10 : 50
    let planned = try setup.report(.c4p)
    let line = setup.topology.nodeBandwidth * min(1, 1 / planned.plan.bound)
    var measures = [
      Measure(
        "slowest of eight planned jobs, of the linear program's bound (16 nodes × 8 ports, 8 uplinks a leaf)",
        unit: "%", ours: Summary([100 * planned.leastBandwidth / line]), target: .atLeast(99, .ours))
    ]
    // Rings of three to eight nodes in random order keep every port busy too.
    var least = Double.infinity
    var random = Random(seed: 1)
    let orders = conditions.quick ? 3 : 20
    for _ in 0..<orders {
      try conditions.next("rings in random order")
      let nodes = Array(0..<setup.topology.nodes).shuffled(using: &random)
      let parts = [nodes[0..<3], nodes[3..<8], nodes[8..<16]]
      let jobs = parts.enumerated().map { FabricJob("ring \($0)", nodes: Array($1), operations: 1) }
      let report = try FabricSimulation(jobs, over: setup.catalogue, routing: .c4p).run()
      least = min(least, report.leastBandwidth / setup.topology.nodeBandwidth / min(1, 1 / report.plan.bound))
    }
    measures.append(
      Measure(
        "slowest of three planned rings of 3, 5 and 8 nodes in \(orders) random orders, of the bound", unit: "%",
        ours: Summary([100 * least]), target: .atLeast(99, .ours)))
    for queuePairs in conditions.quick ? [4] : [2, 4, 8, 16] {
      let ours = try setup.report(.c4p, queuePairs: queuePairs).meanBandwidth
      var found: [Double] = []
      for seed in 0..<seeds {
        try conditions.next("hashed flows, \(queuePairs) queue pairs, seed \(seed)")
        found.append(try setup.report(.ecmp(seed: UInt64(seed)), queuePairs: queuePairs).meanBandwidth)
      }
      measures.append(
        bandwidths(
          "eight jobs' mean bandwidth, \(queuePairs) queue pairs a connection", ours: ours, seeds: found,
          peerName: "ECMP, \(seeds) seeds", target: queuePairs == 4 ? .atLeast(1.3) : nil))
    }
    return measures
  }

  private func failed(_ conditions: RunConditions) throws -> [Measure] {
    let setup = try Setup(operations: 3)
    let seeds = conditions.quick ? 10 : 50
    var found: [Double] = []
    for seed in 0..<seeds {
      try conditions.next("a spine fails, seed \(seed)")
      found.append(try setup.report(.ecmp(seed: UInt64(seed)), failing: true).meanBandwidth)
    }
    let planned = try setup.report(.c4p, failing: true)
    var measures = [
      bandwidths(
        "the same after a spine failed, flows placed anew", ours: planned.meanBandwidth, seeds: found,
        peerName: "static hashing, \(seeds) seeds", target: .atLeast(1.3))
    ]
    let longer = try Setup(operations: conditions.quick ? 10 : 30)
    for queuePairs in conditions.quick ? [4] : [4, 8, 16] {
      try conditions.next("bytes that shift, \(queuePairs) queue pairs")
      let report = try longer.report(.c4p, queuePairs: queuePairs, shifts: true, failing: true)
      measures.append(
        Measure(
          "after a spine failed, last operation with bytes shifted by measured rates, \(queuePairs) queue pairs; bound "
            + "\(scientific(setup.topology.nodeBandwidth / report.plan.bound * 8e-9, digits: 4))",
          unit: "Gbit/s a node", ours: Summary([report.meanLastBandwidth * 8e-9]),
          peer: Summary([try longer.report(.c4p, queuePairs: queuePairs, failing: true).meanLastBandwidth * 8e-9]),
          peerName: "bytes divided alike"))
    }
    return measures
  }

  private func steps(_ conditions: RunConditions) throws -> [Measure] {
    let seeds = conditions.quick ? 3 : 20
    try conditions.next("22 billion weights on 512 devices")
    let large = try C4Prediction.gpt22B(seeds: seeds)
    let least = 1 - (large.work + large.atLineRate) / (large.work + (large.hashed.min() ?? 0))
    let name = "GPT-22B on 512 H800, 4 sequences a copy"
    var measures = [
      Measure(
        "\(name): lost to congestion with hashed paths", unit: "%", ours: Summary([100 * large.lost]),
        target: .atLeast(20, .ours)),
      Measure("\(name): the same", unit: "%", ours: Summary([100 * large.lost]), target: .atMost(40, .ours)),
      Measure("\(name): the same, luckiest of \(seeds) seeds", unit: "%", ours: Summary([100 * least])),
      Measure(
        "\(name): of the speed without congestion, planned", unit: "%", ours: Summary([100 * large.recovered]),
        target: .atLeast(99, .ours)),
    ]
    if !conditions.quick {
      for (what, shuffled, overlapped, queuePairs) in [
        ("rings over groups", true, false, 4), ("sums under the backward pass", false, true, 4),
        ("16 queue pairs", false, false, 16),
      ] {
        try conditions.next("22 billion weights, \(what)")
        let other = try C4Prediction.gpt22B(
          seeds: 5, queuePairs: queuePairs, overlapped: overlapped, shuffled: shuffled)
        measures.append(
          Measure("\(name), \(what): lost with hashed paths", unit: "%", ours: Summary([100 * other.lost])))
      }
    }
    for exposed in [0.15, 0.2, 0.25] {
      try conditions.next("a job that waits \(Int(100 * exposed)) % of its time")
      let job = try C4Prediction.moderate(exposed: exposed, seeds: conditions.quick ? 5 : 20)
      let name =
        "jobs that wait for the network \(scientific(100 * job.exposed, digits: 3)) % of a step: faster with planned paths"
      measures.append(
        Measure(name, unit: "%", ours: Summary([100 * job.gain]), target: .atLeast(10, .ours)))
      measures.append(
        Measure(name + ", at the most", unit: "%", ours: Summary([100 * job.gain]), target: .atMost(20, .ours)))
    }
    return measures
  }
}
