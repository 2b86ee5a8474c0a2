import ArgumentParser
import Console
import Formats
import Planner
import Plots
import Profiling
import Tuning
import Venturi

/// Maps how fast a model is served over two or three settings.
package struct BenchLandscape: AsyncParsableCommand, ModelVerb {
  package static let configuration = CommandConfiguration(
    commandName: "landscape", abstract: "Maps how fast a model is served over two or three settings.",
    usage: "venturi bench landscape --x batch --y threads [<options>]",
    discussion: """
      Every point of the grid is measured several times in random order, each time in a process of its own; medians count. A point is a \
      local maximum when it is higher than all around it by more than twice the pooled standard deviation. An axis is a setting, \
      \(ServingParameter.allCases.map(\.rawValue).joined(separator: ", ")), with its usual values or those given: batch=1,8,64.
      """)

  @Option(help: ArgumentHelp("The columns.", valueName: "setting")) package var x = "batch"

  @Option(help: ArgumentHelp("The rows.", valueName: "setting")) package var y = "threads"

  @Option(help: ArgumentHelp("A third setting: a map for each of its values.", valueName: "setting"))
  package var z: String?

  @Option(
    name: .customLong("set"), help: ArgumentHelp("A setting for all points; repeatable.", valueName: "name=value"))
  package var set: [String] = []

  @Option(name: .customLong("repeat"), help: "Measurements of each point.") package var repetitions = 3

  @Flag(help: "What the Planner predicts beside what is measured.") package var predict = false

  @Option(help: ArgumentHelp("Write the matrix into this file.", valueName: "file")) package var csv: String?

  @Option(help: ArgumentHelp("Write the heat map into this file.", valueName: "file")) package var svg: String?

  @OptionGroup(title: "Trials") package var trial: TrialOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package var modelName: String { trial.model }

  package init() {}

  package func validate() throws {
    if !(1...100).contains(repetitions) { throw ValidationError("--repeat \(repetitions): must be from 1 to 100") }
  }

  package func run() async throws {
    let verb = self
    try await TrialOptions.run { try verb.map() }
  }

  /// An axis as it is written.
  private static func axis(_ text: String) throws -> ServingSpace.Dimension {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let parameter = try ServingParameter.named(parts[0])
    return ServingSpace.Dimension(
      parameter,
      parts.count > 1
        ? parts[1].split(separator: ",").map(String.init)
        : ServingSpace.values(parameter, processors: MachineIdentity.current.processors))
  }

  /// The settings that all points have.
  private func others(beside axes: [ServingSpace.Dimension]) throws -> [ServingSpace.Dimension] {
    try set.map { setting in
      let axis = try Self.axis(setting)
      guard setting.contains("="), axis.values.count == 1, !axes.contains(where: { $0.parameter == axis.parameter })
      else { throw ValidationError("--set \(setting): one value of a setting that is no axis") }
      return axis
    }
  }

  private func map() throws {
    // The last axis changes first: columns are the last, rows the second last.
    let axes = try [z, y, x].compactMap { $0 }.map { try Self.axis($0) }
    let space = try ServingSpace(axes + others(beside: axes))
    let bench = try trial.bench()
    let progress = ProgressBar("landscape")
    defer { progress.finish() }
    progress.show("the engine's own settings")
    let own = try bench.measureOwn()
    let measured = try bench.landscape(space, repetitions: repetitions) { done, all, settings in
      progress.show("\(done + 1) of \(all): \(settings.text)")
    }
    // Settings with one value are no axes.
    let landscape = try Landscape(Array(measured.axes.prefix(axes.count)), measured.repetitions)
    var predicted: (values: [Double], fits: JSON)?
    if predict {
      progress.show("predicting")
      predicted = try bench.predict((space.parameters.points ?? []).map { space.settings($0) })
    }
    progress.finish()
    let report = LandscapeReport(landscape: landscape, own: own, predicted: predicted, bench: bench, set: set)
    if let csv { try writeFileAtomically(csv, Array(report.maps.map(\.csv).joined(separator: "\n").utf8)) }
    if let svg {
      for (index, map) in report.maps.enumerated() {
        // Of several maps each has its number in its name.
        let stem = svg.hasSuffix(".svg") ? String(svg.dropLast(4)) : svg
        try writeFileAtomically(
          report.maps.count == 1 ? svg : "\(stem)-\(index + 1).svg", Array(map.svg.utf8))
      }
    }
    Output.answer(output.json ? report.json.line : report.text)
  }
}
