import Planner
import Profiling

/// Modeling Performance of Data Collection Systems for High-Energy Physics, 2024, arXiv 2407.00123.
///
/// CMS's data collection as a graph: hand-solved cases, the published runs, and how long a sweep takes.
public struct SystemFlow: Reproduction {
  /// The sheet's number.
  public static let number = 90

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "classifiers from fitted efficiency curves with exponential energies: the fits' numbers were not had, and the tracking trigger's rows "
      + "need them",
    "the third run's row: its bytes of an event were not had",
  ]

  /// The experiment.
  public init() {}

  /// The published runs.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try SystemFlowPrediction.predictions() }

  /// The sheet's oracle.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: graphs")
    return [
      try Check("three nodes solved by hand") { try Self.byHand() },
      try Check("recall falls with the reduction, F1 rises with skill, nothing is lost at a node") { try Self.laws() },
      try Check("cycles, two roots, reductions below 1 and negative rates are refused") { Self.refusals() },
      try Check("Level-1 trigger: 8.425 MB, 4.2125 operations, 505.5 kW") {
        let node = CMSPipeline.graph().evaluate().nodes.first { $0.name == "Intermediate" }
        let holds = node.map {
          // Nineteen sources are added: the last bit depends on their order.
          abs($0.inputBytes / 8_425_000 - 1) < 1e-12 && abs($0.operations / 4.2125 - 1) < 1e-12
            && abs($0.watts / 505_500 - 1) < 0.001
        }
        return (holds == true, "\(scientific(node?.watts ?? 0, digits: 5)) W")
      },
      try Check("a sweep is the same on one thread and on two") {
        func sweep(_ threads: Int) throws -> [[PipelineReport]] {
          try CMSPipeline.graph().sweep(
            PipelineParameter("Intermediate", .reduction), over: (0..<11).map { 20 + 40 * Double($0) },
            PipelineParameter("Inner Tracker", .bytes), over: (0..<11).map { 0.5e6 + 2e5 * Double($0) },
            threads: threads)
        }
        let one = try sweep(1)
        return (try sweep(2) == one && one.joined().count == 121, "121 places")
      },
      try Check("the GPU run's printed table has its printed F1 and productivity") {
        let table = PipelineContingency(
          trueNegative: 39_987_951, falseNegative: 4559, falsePositive: 4542, truePositive: 2943)
        let productivity = table.f1 * table.passed / 25_855_320.1
        return (
          abs(table.f1 - 0.39274) < 0.005 && abs(productivity / 1.13696589e-4 - 1) < 0.03,
          "\(scientific(table.f1, digits: 5)), \(scientific(productivity, digits: 5)) for each joule"
        )
      },
    ]
  }

  private static func chain(_ classifier: PipelineClassifier, _ reduction: Double) throws -> PipelineReport {
    try PipelineGraph(
      [
        PipelineNode("source", bytes: 1000, rate: 1_000_000),
        PipelineNode(
          "filter", classifier: classifier, reduction: reduction, complexity: .init(1), joulesPerOperation: 1e-9),
        PipelineNode("storage"),
      ],
      links: [
        PipelineLink(from: "source", to: "filter", joulesPerBit: 1e-12), PipelineLink(from: "filter", to: "storage"),
      ]
    ).evaluate()
  }

  private static func byHand() throws -> (passed: Bool, detail: String) {
    let report = try chain(.fixed(trueNegative: 0.95, falseNegative: 0.2), 10)
    let watts: Double = 1000 * 1e-9 * 1e6 + 1e-12 * 8 * 1000 * 1e6
    let f1: Double = 160_000 / 225_000
    return (
      abs(report.watts - watts) < 1e-9 && abs(report.contingency.f1 - f1) < 1e-5
        && abs(report.storedRate - 125_000) <= 1,
      "F1 \(scientific(report.contingency.f1, digits: 5))"
    )
  }

  private static func laws() throws -> (passed: Bool, detail: String) {
    var (holds, recall, f1) = (true, 1.0, 0.0)
    for reduction in [2.0, 10, 50, 400] {
      let table = try chain(.gaussian(skill: 1.5, spread: 1), reduction).nodes[1].contingency
      holds = holds && table.recall < recall && abs(table.passed + table.rejected - 1_000_000) <= 2
      recall = table.recall
    }
    for skill in [0.0, 1, 2, 4] {
      let report = try chain(.gaussian(skill: skill, spread: 1), 10)
      holds = holds && report.contingency.f1 > f1
      f1 = report.contingency.f1
    }
    return (holds, "8 graphs")
  }

  private static func refusals() -> (passed: Bool, detail: String) {
    let bad: [([PipelineNode], [(String, String)])] = [
      ([PipelineNode("a", rate: 9), PipelineNode("b"), PipelineNode("c")], [("b", "c"), ("c", "b")]),
      ([PipelineNode("a", rate: 9), PipelineNode("b", rate: 9)], []),
      ([PipelineNode("a", rate: 9, reduction: 0.5)], []),
      ([PipelineNode("a", rate: -9)], []),
    ]
    let refused = bad.count { nodes, links in
      (try? PipelineGraph(nodes, links: links.map { PipelineLink(from: $0.0, to: $0.1) })) == nil
    }
    return (refused == bad.count, "\(refused) of \(bad.count)")
  }

  /// The time of a sweep, and a pipeline of this engine.
  ///
  /// - Throws: `PlannerError`; what the engine throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let graph = CMSPipeline.graph()
    let count = conditions.quick ? 31 : 101
    let reductions = (0..<count).map { 20 + 4 * Double($0) }
    let bytes = (0..<count).map { 0.5e6 + 2e4 * Double($0) }
    var measures: [Measure] = []
    for threads in Set([1, conditions.threads]).sorted() {
      var seconds: [Double] = []
      for _ in 0..<5 {
        try conditions.next("a sweep over \(count) × \(count) places, threads \(threads)")
        seconds.append(
          try TimingProtocol.time {
            _ = try graph.sweep(
              PipelineParameter("Intermediate", .reduction), over: reductions,
              PipelineParameter("Inner Tracker", .bytes), over: bytes, threads: threads)
          })
      }
      measures.append(
        Measure(
          "a sweep of CMS's graph over \(count) × \(count) places, \(threads) \(threads == 1 ? "thread" : "threads")",
          unit: "s", ours: Summary(seconds), target: .atMost(1, .ours)))
    }
    return measures + (try engine(conditions))
  }
}
