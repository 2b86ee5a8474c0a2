import ArgumentParser
import Console
import Formats
import Planner
import Profiling

/// A pipeline over one or two of its numbers.
package struct PlanPipelineSweep: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "A pipeline over one or two of its numbers.",
    discussion: """
      A number is NODE.FIELD with a field of bytes, rate, compression, reduction, skill, spread, joulesPerOperation, \
      secondsPerOperation, routingSeconds and joulesPerBit of the link by which the node sends; a range is LOW:HIGH:COUNT.
      """)

  @Argument(help: "A YAML or JSON file, or the name of a pipeline.")
  package var pipeline: String

  @Option(
    help: ArgumentHelp(
      "A number and its range, for example Intermediate.reduction=10:400:101; twice for two.", valueName: "range"))
  package var over: [String]

  @Option(
    help: ArgumentHelp("A second number that changes so that its product with the first stays.", valueName: "number"))
  package var keepingProductWith: String?

  @Option(help: ArgumentHelp("Write all places to a CSV file.", valueName: "file"))
  package var csv: String?

  @OptionGroup package var computing: ThreadOptions

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let graph = try PipelineFile.read(pipeline)
    let ranges = try over.map(Self.range)
    guard (1...2).contains(ranges.count), keepingProductWith == nil || ranges.count == 1 else {
      throw PlannerError.invalid(field: "--over", problem: "\(ranges.count) ranges, one or two are needed")
    }
    var rows: [(values: [Double], report: PipelineReport)] = []
    let first = ranges[0]
    if let kept = keepingProductWith {
      let reports = try graph.sweep(
        first.parameter, over: first.values, keepingProductWith: try PipelineParameter(kept))
      rows = zip(first.values, reports).map { ([$0], $1) }
    } else if ranges.count == 2 {
      let second = ranges[1]
      let reports = try graph.sweep(
        first.parameter, over: first.values, second.parameter, over: second.values,
        threads: computing.threads ?? KernelThreads.all)
      for (value, row) in zip(first.values, reports) {
        rows += zip(second.values, row).map { ([value, $0], $1) }
      }
    } else {
      rows = zip(first.values, try graph.sweep(first.parameter, over: first.values)).map { ([$0], $1) }
    }
    if let csv {
      try writeFileAtomically(csv, Array(PipelineAnswer.csv(ranges.map { "\($0.parameter)" }, rows).utf8))
    }
    let front = ParetoFront.indices(rows.map { ($0.report.watts, $0.report.contingency.f1) })
    let best = rows.indices.max { rows[$0].report.productivity < rows[$1].report.productivity } ?? 0
    if output.json {
      func place(_ index: Int) -> JSON {
        .object([
          JSON.Member("values", .array(rows[index].values.map { .number($0) })),
          JSON.Member("report", PipelineAnswer.json(rows[index].report)),
        ])
      }
      Output.answer(
        JSON.object([
          JSON.Member("parameters", .array(ranges.map { .string("\($0.parameter)") })),
          JSON.Member("places", .integer(rows.count)), JSON.Member("best", place(best)),
          JSON.Member("front", .array(front.map(place))),
        ]).line)
    } else {
      func name(_ index: Int) -> String { rows[index].values.map { Human.fixed($0, 4) }.joined(separator: ", ") }
      let shown =
        front.count <= 40 ? front : stride(from: 0, to: front.count, by: (front.count + 39) / 40).map { front[$0] }
      Output.answer(
        "\(rows.count) places of \(ranges.map { "\($0.parameter)" }.joined(separator: ", ")); most productive:\n"
          + PipelineAnswer.table([(name(best), rows[best].report)]) + "\n\nno other has more F1 for less power:\n"
          + PipelineAnswer.table(shown.map { (name($0), rows[$0].report) }))
    }
  }

  private static func range(_ text: String) throws -> (parameter: PipelineParameter, values: [Double]) {
    let bad = PlannerError.invalid(field: "--over", problem: "'\(text)' is not NODE.FIELD=LOW:HIGH:COUNT")
    guard let equals = text.lastIndex(of: "=") else { throw bad }
    let ends = text[text.index(after: equals)...].split(separator: ":", omittingEmptySubsequences: false)
    guard ends.count == 3, let low = Double(ends[0]), let high = Double(ends[1]), let count = Int(ends[2]),
      low.isFinite, high.isFinite, (1...PipelineGraph.sweepLimit).contains(count)
    else { throw bad }
    let step = count > 1 ? (high - low) / Double(count - 1) : 0
    return (
      try PipelineParameter(String(text[..<equals])), (0..<count).map { low + Double($0) * step }
    )
  }
}
