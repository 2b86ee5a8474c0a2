import NumericTypes
import Planner
import Testing

@Suite("Pipelines of filters") struct PipelineGraphTests {
  /// A source, a filter and storage.
  private func small(_ classifier: PipelineClassifier, reduction: Double = 10) throws -> PipelineGraph {
    try PipelineGraph(
      [
        PipelineNode("source", bytes: 1000, rate: 1_000_000, secondsPerOperation: 1e-6, routingSeconds: 2e-6),
        PipelineNode(
          "filter", bytes: 24, compression: 0.5, classifier: classifier, reduction: reduction,
          complexity: .init(2, 0.5), joulesPerOperation: 1e-9, secondsPerOperation: 1e-9, routingSeconds: 5e-6,
          parallelism: .serial),
        PipelineNode("storage"),
      ],
      links: [
        PipelineLink(from: "source", to: "filter", joulesPerBit: 1e-12),
        PipelineLink(from: "filter", to: "storage", joulesPerBit: 1e-11),
      ], technologyScale: 2)
  }

  @Test("Three nodes solved by hand")
  func byHand() throws {
    let report = try small(.fixed(trueNegative: 0.95, falseNegative: 0.2)).evaluate()
    // 100,000 positives; 900,000 negatives, of which 45,000 go on; 80,000 positives go on.
    let filter = report.nodes[1]
    #expect(filter.globalReduction == 10 && report.nodes[0].globalReduction == 10)
    #expect(filter.inputBytes == 1024 && filter.outputBytes == 512)
    let operations: Double = 2 * 1024 + 0.5 * 1024 * 1024
    #expect(filter.operations == operations)
    let table = PipelineContingency(
      trueNegative: 855_000, falseNegative: 20_000, falsePositive: 45_000, truePositive: 80_000)
    #expect(abs(filter.contingency.falsePositive - 45_000) <= 1 && filter.contingency.truePositive == 80_000)
    #expect(abs(report.contingency.f1 - table.f1) < 1e-5 && abs(table.f1 - 160_000 / 225_000) < 1e-12)
    #expect(filter.inputRate == 1_000_000 && abs(filter.outputRate - 125_000) <= 1)
    #expect(abs(filter.watts - operations * 1e-9 * 1e6) < 1e-9)
    let links: Double = 1e-12 * 8 * 1000 * 1e6 + 1e-11 * 8 * 512 * filter.outputRate
    #expect(abs(report.linkWatts - links) < 1e-9)
    #expect(abs(report.watts - (links + filter.watts) / 2) < 1e-9)
    #expect(abs(report.productivity - report.contingency.f1 * report.storedRate / report.watts) < 1e-9)
    // The source's message is there after 0 operations; routing 2 µs, then all operations one after the other; 5 µs to storage.
    #expect(abs(filter.seconds - (1e-6 + 2e-6 + operations * 1e-9)) < 1e-12)
    #expect(abs(report.nodes[2].seconds - (filter.seconds + 5e-6)) < 1e-9)
    #expect(abs(report.negativeJoules - operations * 1e-9) < 1e-15)
  }

  @Test("Children see the same events: four detectors give one rate, the bytes of all")
  func average() throws {
    var nodes = [PipelineNode("join", classifier: .gaussian(skill: 2, spread: 1), reduction: 20), PipelineNode("disk")]
    var links = [PipelineLink(from: "join", to: "disk")]
    for index in 0..<4 {
      nodes.append(PipelineNode("d\(index)", bytes: 100, rate: 1e6))
      links.append(PipelineLink(from: "d\(index)", to: "join", joulesPerBit: 1e-12))
    }
    let report = try PipelineGraph(nodes, links: links).evaluate()
    #expect(report.nodes[0].inputRate == 1_000_000 && report.nodes[0].inputBytes == 400)
    // One link of all bytes takes what four take.
    let one = try PipelineGraph(
      [PipelineNode("d", bytes: 400, rate: 1e6), nodes[0], nodes[1]],
      links: [PipelineLink(from: "d", to: "join", joulesPerBit: 1e-12), links[0]]
    ).evaluate()
    #expect(abs(one.linkWatts - report.linkWatts) < 1e-12)
  }

  @Test("Thresholds are scipy's, and reject what is asked within 1e-9")
  func thresholds() throws {
    let cases = try PlannerGolden.read().thresholds
    #expect(cases.count == 5)
    for golden in cases {
      let classifier = PipelineClassifier.gaussian(skill: golden.skill, spread: golden.spread)
      let found = classifier.rejection(
        negatives: golden.negatives, positives: golden.positives, reduction: golden.reduction)
      #expect(abs(found.trueNegative - golden.trueNegative) < 1e-9)
      #expect(abs(found.falseNegative - golden.falseNegative) < 1e-9)
      let all = golden.negatives + golden.positives
      let share = (golden.negatives * found.trueNegative + golden.positives * found.falseNegative) / all
      #expect(abs(share - (1 - 1 / golden.reduction)) < 1e-9)
    }
    // Measured scores: the quantile, counted.
    let scores = PipelineClassifier.scores(
      negative: (0..<1000).map { Double($0) }, positive: (0..<1000).map { 500 + Double($0) }, boost: 0)
    let found = scores.rejection(negatives: 1000, positives: 1000, reduction: 2)
    #expect(abs(found.trueNegative - 0.75) < 0.002 && abs(found.falseNegative - 0.25) < 0.002)
    let boosted = PipelineClassifier.scores(
      negative: (0..<1000).map { Double($0) }, positive: (0..<1000).map { 500 + Double($0) }, boost: 500)
    #expect(boosted.rejection(negatives: 1000, positives: 1000, reduction: 2).falseNegative == 0)
  }

  @Test("Recall falls as more is rejected, F1 rises with skill, and nothing is lost at a node")
  func laws() throws {
    var last = 1.0
    for reduction in [1.5, 4, 20, 100, 1000] {
      let report = try small(.gaussian(skill: 1.5, spread: 1), reduction: reduction).evaluate()
      let table = report.nodes[1].contingency
      // All of one event in R is relevant, so recall is what the filter keeps of these.
      #expect(table.recall < last)
      last = table.recall
      #expect(abs(table.passed + table.rejected - report.nodes[1].inputRate) <= 2)
      #expect(abs(report.nodes[1].outputRate * reduction / report.nodes[1].inputRate - 1) < 0.01)
    }
    var f1 = 0.0
    for skill in [0, 0.5, 1, 2, 4] {
      let report = try small(.gaussian(skill: skill, spread: 1)).evaluate()
      #expect(report.contingency.f1 > f1)
      f1 = report.contingency.f1
    }
    #expect(f1 > 0.9)
  }

  @Test("A sweep is the same on one thread and on two, errors too")
  func threads() throws {
    let graph = CMSPipeline.graph()
    let (first, second) = (PipelineParameter("Intermediate", .reduction), PipelineParameter("Inner Tracker", .bytes))
    func sweep(_ threads: Int, from low: Double = 20) throws -> [[PipelineReport]] {
      try graph.sweep(
        first, over: (0..<9).map { low + 40 * Double($0) }, second, over: (0..<5).map { 4e5 * Double($0 + 1) },
        threads: threads)
    }
    let one = try sweep(1)
    #expect(one.count == 9 && one.allSatisfy { $0.count == 5 } && Set(one.joined().map(\.watts)).count == 45)
    for threads in [2, 3, 16] { #expect(try sweep(threads) == one) }
    #expect(one[3][2] == (try graph.setting(first, to: 140).setting(second, to: 1.2e6).evaluate()))
    for threads in [1, 2] { #expect(throws: PlannerError.self) { try sweep(threads, from: 0.5) } }
    #expect(throws: PlannerError.self) { try sweep(0) }
  }

  @Test("Graphs that are no trees, and numbers that are none, are refused by name")
  func refusals() throws {
    let source = PipelineNode("a", rate: 10)
    let stage = PipelineNode("b")
    func graph(_ nodes: [PipelineNode], _ links: [(String, String)]) throws -> PipelineGraph {
      try PipelineGraph(nodes, links: links.map { PipelineLink(from: $0.0, to: $0.1) })
    }
    #expect(throws: Never.self) { try graph([source, stage], [("a", "b")]) }
    #expect(throws: Never.self) { try graph([source], []) }
    let bad: [([PipelineNode], [(String, String)])] = [
      ([], []), ([source, source], [("a", "a")]), ([source, stage], []), ([source, stage], [("a", "c")]),
      ([source, stage], [("a", "a")]), ([source, stage, PipelineNode("c")], [("b", "c"), ("c", "b")]),
      ([source, stage, PipelineNode("c")], [("a", "b"), ("a", "c")]), ([stage, PipelineNode("c")], [("b", "c")]),
      ([source, PipelineNode("b", rate: 5)], [("a", "b")]),
    ]
    for (nodes, links) in bad { #expect(throws: PlannerError.self) { try graph(nodes, links) } }
    for node in [
      PipelineNode("a", rate: -1), PipelineNode("a", rate: .nan), PipelineNode("a", bytes: -1, rate: 10),
      PipelineNode("a", rate: 10, compression: 1), PipelineNode("a", rate: 10, reduction: 0.5),
      PipelineNode("a", rate: 10, classifier: .gaussian(skill: .nan, spread: 1)),
      PipelineNode("a", rate: 10, classifier: .gaussian(skill: 1, spread: 0)),
      PipelineNode("a", rate: 10, classifier: .fixed(trueNegative: 2, falseNegative: 0)),
      PipelineNode("a", rate: 10, classifier: .scores(negative: [2, 1], positive: [1], boost: 0)),
      PipelineNode("a", rate: 10, classifier: .scores(negative: [], positive: [1], boost: 0)),
      PipelineNode("a", rate: 10, complexity: .init(-1)), PipelineNode("a", rate: 10, parallelism: .lanes(0)),
    ] {
      #expect(throws: PlannerError.self) { try graph([node], []) }
    }
    #expect(throws: PlannerError.self) { try PipelineGraph([source], links: [], technologyScale: 0) }
    #expect(throws: PlannerError.self) { try PipelineParameter("filter") }
    #expect(throws: PlannerError.self) { try PipelineParameter("filter.weight") }
    let good = try small(.passThrough)
    #expect(throws: PlannerError.self) { try good.setting(PipelineParameter("filter.skill"), to: 1) }
    #expect(throws: PlannerError.self) { try good.setting(PipelineParameter("filter.reduction"), to: 0) }
    #expect(throws: PlannerError.self) { try good.setting(PipelineParameter("nothing.bytes"), to: 1) }
    #expect(throws: PlannerError.self) { try good.setting(PipelineParameter("storage.joulesPerBit"), to: 1) }
  }

  @Test("Sweeps are evaluations place by place; a constrained one keeps the product")
  func sweeps() throws {
    let graph = CMSPipeline.graph()
    let reduction = try PipelineParameter("Intermediate.reduction")
    let bytes = try PipelineParameter("Inner Tracker.bytes")
    let rows = try graph.sweep(reduction, over: [40, 53.3, 100], bytes, over: [1e6, 1.44e6])
    #expect(rows.count == 3 && rows.allSatisfy { $0.count == 2 })
    #expect(rows[1][1] == graph.evaluate())
    let single = try graph.setting(reduction, to: 100).setting(bytes, to: 1e6).evaluate()
    #expect(rows[2][0] == single)
    let global = try PipelineParameter("Global.reduction")
    for report in try graph.sweep(reduction, over: [20, 53.3, 200], keepingProductWith: global) {
      #expect(abs(report.nodes[0].globalReduction - 5330) < 1e-6)
    }
    #expect(throws: PlannerError.self) {
      try graph.sweep(
        reduction, over: [Double](repeating: 2, count: 2000), bytes, over: [Double](repeating: 2, count: 2000))
    }
  }

  @Test("Gradients are slopes between evaluations, and what does nothing is last")
  func gradients() throws {
    let graph = CMSPipeline.graph()
    let gradients = graph.gradients()
    let energy = try #require(gradients.first { "\($0.parameter)" == "Global.joulesPerOperation" })
    // Nearly all power is the high-level trigger's, and productivity is over power.
    #expect(energy.elasticity < -0.98 && energy.elasticity > -1)
    let skill = try #require(gradients.first { "\($0.parameter)" == "Intermediate.skill" })
    #expect(skill.slope > 0)
    let routing = try #require(gradients.first { "\($0.parameter)" == "Muon.routingSeconds" })
    #expect(routing.elasticity == 0)
    #expect(zip(gradients, gradients.dropFirst()).allSatisfy { abs($0.elasticity) >= abs($1.elasticity) })
  }

  @Test("CMS's Level-1 trigger as published: bytes, operations, power, latency")
  func levelOne() throws {
    let report = CMSPipeline.graph().evaluate()
    let node = try #require(report.nodes.first { $0.name == "Intermediate" })
    #expect(node.inputBytes == 8_425_000 && abs(node.operations - 4.2125) < 1e-12)
    #expect(abs(node.watts / 505_499.98736250005 - 1) < 0.001)
    #expect(abs(node.seconds / 1.803e-6 - 1) < 1e-9)
    let disk = try #require(report.nodes.last)
    #expect(abs(disk.seconds / 3.605e-6 - 1) < 1e-9)
    #expect(abs(node.contingency.trueNegative / 39_243_035 - 1) < 0.001)
    #expect(abs(PipelineGraph.technologyScale(year: 2032) - 6.499570514329353) < 1e-12)
  }

  @Test("F1 and productivity of the published table of the GPU run")
  func table() {
    let table = PipelineContingency(
      trueNegative: 39_987_951, falseNegative: 4559, falsePositive: 4542, truePositive: 2943)
    #expect(abs(table.f1 - 0.392740375) < 1e-8 && abs(table.precision - 0.393186373) < 1e-8)
    #expect(abs(table.recall - 0.392295388) < 1e-8)
    #expect(abs(table.f1 * table.passed / 25_855_320.1 / 1.13696589e-4 - 1) < 1e-6)
  }

  @Test("The published rows are within the sheet's tenth")
  func published() throws {
    for prediction in try SystemFlowPrediction.predictions() { #expect(prediction.met, "\(prediction)") }
  }
}
