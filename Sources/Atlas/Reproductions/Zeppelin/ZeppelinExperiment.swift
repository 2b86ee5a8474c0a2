import NumericTypes
import Planner
import Profiling

/// Zeppelin: Balancing Variable-length Workloads in Data Parallel Large Model Training, 2025, arXiv 2509.21841.
///
/// Plans of random batches, and steps of simulated clusters beside uniform context parallelism.
public struct ZeppelinExperiment: Reproduction {
  /// The sheet's number.
  public static let number = 54

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "`venturi train --dp --balance`: ring attention with travelling gradients, and its losses and gradients beside one process",
    "two ranks behind an emulated link beside uniform splitting and beside packing; four ranks beside the simulator",
  ]

  /// The experiment.
  public init() {}

  /// The paper's average gain.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try ZeppelinPrediction.predictions() }

  /// Properties of plans.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: plans")
    return [
      try Check("every token is placed once, within capacity; what does not fit is refused") { try Self.plans() },
      try Check("no part that is left out makes a step more than 2 % faster") { try Self.ablations() },
    ]
  }

  private static func plans() throws -> (passed: Bool, detail: String) {
    var random = Random(seed: 540)
    var (holds, planned, refused) = (true, 0, 0)
    let shape = try ZeppelinPrediction.models()[0]
    for _ in 0..<1000 {
      let cluster = try ZeppelinPrediction.cluster(shape, nodes: 1 + Int(random.uniform() * 3))
      let batch = (0..<1 + Int(random.uniform() * 40)).map { _ in
        let u = random.uniform()
        return 1 + Int(u * u * u * 60_000)
      }
      guard batch.reduce(0, +) <= cluster.devices * cluster.capacity else {
        refused += 1
        holds = holds && (try? cluster.plan(batch)) == nil
        continue
      }
      let plan = try cluster.plan(batch)
      planned += 1
      holds =
        holds && Set(plan.placements.map(\.sequence)).count == batch.count && plan.placements.count == batch.count
        && plan.placements.allSatisfy { $0.tokens.reduce(0, +) == batch[$0.sequence] }
        && plan.tokens.allSatisfy { $0 <= cluster.capacity }
    }
    return (holds && planned > 500 && refused > 10, "\(planned) plans, \(refused) batches refused")
  }

  private static func ablations() throws -> (passed: Bool, detail: String) {
    var worst = 0.0
    let shape = try ZeppelinPrediction.models()[1]
    for mix in ZeppelinPrediction.Mix.all {
      for nodes in [2, 4, 8] {
        let all = try ZeppelinPrediction.gain(shape, mix, nodes: nodes)
        for parts in [
          Zeppelin.Parts(partition: false), Zeppelin.Parts(queues: false), Zeppelin.Parts(routing: false),
          Zeppelin.Parts(remapping: false),
        ] {
          worst = max(worst, try ZeppelinPrediction.gain(shape, mix, nodes: nodes, parts: parts) / all)
        }
      }
    }
    return (worst <= 1.02, "36 cases, at the most \(scientific(worst, digits: 4)) times as fast")
  }

  /// Gains by device and nodes.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    var measures: [Measure] = []
    for device in ["H100-SXM", "A100-SXM-80GB"] {
      for nodes in [2, 4, 8, 16] {
        try conditions.next("\(nodes) nodes of \(device)")
        var gains: [Double] = []
        for shape in try ZeppelinPrediction.models() {
          for mix in ZeppelinPrediction.Mix.all {
            gains.append(try ZeppelinPrediction.gain(shape, mix, nodes: nodes, device: device))
          }
        }
        measures.append(
          Measure(
            "mean gain over uniform context parallelism, \(nodes) nodes of 8 × \(device), 4 models, 3 mixes", unit: "",
            ours: Summary(gains), peer: Summary([2.8]), peerName: "published, all"))
      }
    }
    return measures
  }
}
