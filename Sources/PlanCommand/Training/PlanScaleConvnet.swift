import ArgumentParser
import Console
import Formats
import Planner

/// A convolutional net made larger or smaller.
package struct PlanScaleConvnet: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "scale-convnet", abstract: "A convolutional net made larger or smaller, with its counts and its time.",
    discussion: """
      Strategies are d, w, r, dw, dr, wr, dwr (depth, width, resolution), dWr (mostly width) and fast:ALPHA; without one all are \
      compared (Dollár et al.: Fast and Accurate Model Scaling, 2021). Times are of 64 images on a V100, fitted on RegNetX.
      """)

  @Argument(help: "RegNetX-…, RegNetY-…, ResNet-…, ResNeXt-… or EfficientNet-B…")
  package var net: String

  @Option(help: "By how many times its operations grow.")
  package var by = 4.0

  @Option(help: "How: one of the strategies.")
  package var strategy: String?

  @Option(help: ArgumentHelp("List instead what no other beats within so many ms.", valueName: "ms"))
  package var budgetMs: Double?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    guard by > 0, by.isFinite else { throw PlannerError.invalid(field: "--by", problem: "\(by) must be above 0") }
    let base = try PublishedNet.named(net).net
    let model = try PublishedNet.v100()
    let strategies = if let strategy { [try ScalingStrategy(strategy)] } else { ScalingStrategy.named }
    var rows: [(name: String, net: ConvolutionalNet)] = []
    if let budgetMs {
      guard budgetMs > 0, budgetMs.isFinite else {
        throw PlannerError.invalid(field: "--budget-ms", problem: "\(budgetMs) must be above 0")
      }
      rows = try ScalingCandidate.front(base, model, strategies: strategies, budget: budgetMs / 1e3)
        .map { ($0.strategy.name, $0.net) }
    } else {
      rows.append(("as it is", base))
      let target = by * Double(base.complexity.multiplyAdds)
      for strategy in strategies {
        // Of several strategies one may not meet the target; alone it must.
        if strategies.count == 1 {
          rows.append((strategy.name, try base.scaled(toMultiplyAdds: target, strategy).net))
        } else if let scaled = try? base.scaled(toMultiplyAdds: target, strategy) {
          rows.append((strategy.name, scaled.net))
        } else {
          Output.note("venturi: \(strategy.name) cannot meet the target within 2 %")
        }
      }
    }
    if output.json {
      Output.answer(JSON.array(rows.map { Self.json($0.name, $0.net, model) }).line)
    } else {
      Output.answer(Self.text(rows, model))
    }
  }

  private static func json(_ name: String, _ net: ConvolutionalNet, _ model: NetTimeModel) -> JSON {
    let counts = net.complexity
    return [
      "strategy": .string(name), "resolution": .integer(net.resolution), "stemWidth": .integer(net.stemWidth),
      "headWidth": .integer(net.headWidth), "depths": .array(net.stages.map { .integer($0.depth) }),
      "widths": .array(net.stages.map { .integer($0.width) }), "multiplyAdds": .integer(counts.multiplyAdds),
      "parameters": .integer(counts.parameters), "activations": .integer(counts.activations),
      "milliseconds": .number(1e3 * model.seconds(counts)),
    ]
  }

  private static func text(_ rows: [(name: String, net: ConvolutionalNet)], _ model: NetTimeModel) -> String {
    let table = rows.map { name, net in
      let counts = net.complexity
      return [
        name, "\(net.resolution)", net.stages.map { "\($0.depth)" }.joined(separator: " "),
        net.stages.map { "\($0.width)" }.joined(separator: " "), Human.fixed(Double(counts.multiplyAdds) / 1e9, 3),
        Human.fixed(Double(counts.parameters) / 1e6, 2), Human.fixed(Double(counts.activations) / 1e6, 2),
        Human.fixed(1e3 * model.seconds(counts), 1),
      ]
    }
    let names = ["strategy", "pixels", "depths", "widths", "GMAC", "M weights", "M activations", "V100 ms"]
    return Human.table([names] + table, numeric: [1, 4, 5, 6, 7])
  }
}
