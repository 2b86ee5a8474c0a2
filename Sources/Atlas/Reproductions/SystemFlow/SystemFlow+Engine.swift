import Planner
import Profiling

extension SystemFlow {
  /// A pipeline of this engine: its stages measured alone, the whole predicted by the graph and measured on other texts.
  ///
  /// - Throws: what the engine and the planner throw; `CancellationError`.
  func engine(_ conditions: RunConditions) throws -> [Measure] {
    guard let model = conditions.modelPath else {
      return [
        Measure(
          "a filter before answers by this engine, texts/s", unit: "texts/s", ours: nil,
          absent: "smollm2 has not been pulled")
      ]
    }
    try conditions.next("a filter before answers: loading")
    let pipeline = try EnginePipeline(model, conditions)
    let settings = [
      EnginePipeline.Setting(tokens: 0, reduction: 1), EnginePipeline.Setting(tokens: 8, reduction: 4),
      EnginePipeline.Setting(tokens: 32, reduction: 2),
    ]
    let count = EnginePipeline.block * (conditions.quick ? 1 : 4)
    let predicted = try predict(pipeline, settings, pipeline.texts(count, isHeldOut: false), conditions)
    let measured = try run(pipeline, settings, pipeline.texts(count, isHeldOut: true), conditions)

    var measures: [Measure] = []
    var errors: [Double] = []
    for ((setting, forecast), found) in zip(zip(settings, predicted), measured) {
      let rate = 1 / found.cost.perText.seconds
      errors.append(100 * abs(forecast.rate / rate - 1))
      measures.append(
        Measure(
          "\(setting.name), answers of \(EnginePipeline.answer) tokens, \(found.cost.texts) held-out texts",
          unit: "texts/s", ours: Summary([rate]), peer: Summary([forecast.rate]),
          peerName: "predicted from the stages alone",
          ratio: RatioEstimate(ours: [forecast.rate], theirs: [rate])))
      if setting.tokens > 0 {
        measures.append(
          Measure(
            "written texts that are kept, of all of them; \(setting.name)", unit: "%",
            ours: Summary([100 * found.recall]), peer: Summary([100 * forecast.recall]),
            peerName: "predicted from other texts' scores"))
      }
    }
    measures.append(
      Measure(
        "largest error of the predicted throughputs of \(settings.count) pipelines", unit: "%",
        ours: errors.max().flatMap { Summary([$0]) },
        target: conditions.quick ? nil : .atMost(15, .ours)))
    func order(_ joules: [Double]) -> [Int] { joules.indices.sorted { (joules[$0], $0) < (joules[$1], $1) } }
    let (asked, took) = (predicted.map(\.joules), measured.map(\.cost.perText.joules))
    let isMeasured = measured.allSatisfy(\.cost.isMeasured)
    func listed(_ joules: [Double]) -> String { joules.map { scientific($0, digits: 3) }.joined(separator: ", ") }
    measures.append(
      Measure(
        "the pipelines' order by energy is the predicted one (1 is yes); joules for a text, "
          + (isMeasured ? "by the processor's counters" : "processor seconds at 10 W")
          + ": \(listed(took)); predicted \(listed(asked))",
        unit: "", ours: Summary([order(asked) == order(took) ? 1 : 0]), target: .atLeast(1, .ours)))
    return measures
  }

  /// What the graph makes of stages that were measured alone: texts a second, joules of a text, written texts kept.
  private func predict(
    _ pipeline: EnginePipeline, _ settings: [EnginePipeline.Setting], _ texts: [EnginePipeline.Text],
    _ conditions: RunConditions
  ) throws -> [(rate: Double, joules: Double, recall: Double)] {
    try conditions.next("the answers alone")
    let sample = Array(texts.prefix(EnginePipeline.block))
    try pipeline.generate(Array(sample.prefix(EnginePipeline.group)))
    var answers = EnginePipeline.Cost()
    try pipeline.measure(sample.count, into: &answers) { try pipeline.generate(sample) }
    let bytes = Double(texts.reduce(0) { $0 + $1.bytes }) / Double(texts.count)
    return try settings.map { setting in
      var filter = EnginePipeline.Cost()
      var scores: [Double] = []
      if setting.tokens > 0 {
        try conditions.next("the filter of \(setting.tokens) tokens alone")
        _ = try pipeline.scores(sample, tokens: setting.tokens)
        try pipeline.measure(texts.count, into: &filter) {
          scores = try pipeline.scores(texts, tokens: setting.tokens)
        }
      }
      func chosen(_ isWritten: Bool) -> [Double] {
        zip(texts, scores).filter { $0.0.isWritten == isWritten }.map(\.1)
      }
      func report(_ filter: Double, _ answer: Double) throws -> PipelineReport {
        try EnginePipeline.graph(
          setting, bytes: bytes, scores: (chosen(false), chosen(true)), filter: filter, answer: answer
        ).evaluate()
      }
      let seconds = try report(filter.perText.seconds, answers.perText.seconds)
      let joules = try report(filter.perText.joules, answers.perText.joules)
      return (
        EnginePipeline.rate / seconds.watts, joules.watts / EnginePipeline.rate, seconds.contingency.recall
      )
    }
  }

  /// The whole pipelines, taking turns block by block.
  private func run(
    _ pipeline: EnginePipeline, _ settings: [EnginePipeline.Setting], _ texts: [EnginePipeline.Text],
    _ conditions: RunConditions
  ) throws -> [(cost: EnginePipeline.Cost, recall: Double)] {
    var costs = settings.map { _ in EnginePipeline.Cost() }
    var kept = settings.map { _ in 0 }
    for start in stride(from: 0, to: texts.count, by: EnginePipeline.block) {
      let block = Array(texts[start..<min(start + EnginePipeline.block, texts.count)])
      for (index, setting) in settings.enumerated() {
        try conditions.next("\(setting.name), texts from \(start + 1)")
        var passed: [Int] = []
        try pipeline.measure(block.count, into: &costs[index]) {
          passed = try pipeline.kept(block, setting)
          try pipeline.generate(passed.map { block[$0] })
        }
        kept[index] += passed.count { block[$0].isWritten }
      }
    }
    let written = texts.count(where: \.isWritten)
    return zip(costs, kept).map { ($0, Double($1) / Double(max(1, written))) }
  }
}
