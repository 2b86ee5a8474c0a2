import ArgumentParser
import Console
import Formats
import Planner

/// The limit that transfers to experts set to decoding.
package struct PlanExpertDecode: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "ep-decode", abstract: "How fast decoding can be where experts are on other devices.",
    discussion: "What transfers alone leave: computing and memory are not counted. Sizes are the model's unless given.")

  @Argument(help: "A model with experts: a name of the catalogue, a config.json, or a model's file or folder.")
  package var model = "deepseek-v3"

  @Option(help: ArgumentHelp("Tokens that a device decodes at a time.", valueName: "count")) package var tokens = 32
  @Option(help: ArgumentHelp("Experts of a token, shared ones among them.", valueName: "count")) package var experts:
    Int?
  @Option(help: ArgumentHelp("Numbers of a token.", valueName: "count")) package var width: Int?
  @Option(help: ArgumentHelp("Layers.", valueName: "count")) package var layers: Int?
  @Option(help: ArgumentHelp("Bytes of a number on its way to an expert.", valueName: "bytes")) package var dispatch =
    1.0
  @Option(help: ArgumentHelp("Bytes of a number on its way back.", valueName: "bytes")) package var combine = 2.0
  @Option(help: ArgumentHelp("10⁹ bytes a second of a device in one direction.", valueName: "rate"))
  package var bandwidth = 50.0
  @Option(help: ArgumentHelp("Microseconds of a transfer's first byte.", valueName: "time")) package var latency = 0.0
  @Option(help: ArgumentHelp("Microbatches that take turns.", valueName: "count")) package var microbatches = 2

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let shape = try ModelArgument.shape(model)
    guard let count = experts ?? shape.experts.map({ $0.active + $0.shared }) else {
      throw PlannerError.invalid(field: "experts", problem: "\(shape.name) has none, so a number must be given")
    }
    let decode = try ExpertDecode(
      tokens: tokens, experts: count, width: width ?? shape.width, layers: layers ?? shape.layers, dispatched: dispatch,
      combined: combine, link: Link(latency: latency / 1e6, bandwidth: bandwidth * 1e9), microbatches: microbatches)
    if output.json {
      let json: JSON = [
        "model": .string(shape.name), "bytesPerLayer": .number(decode.bytes),
        "transferSeconds": .rounded(decode.transferSeconds), "layerSeconds": .rounded(decode.layerSeconds),
        "secondsPerToken": .rounded(decode.secondsPerToken), "tokensPerSecond": .rounded(decode.tokensPerSecond),
      ]
      return Output.answer(json.line)
    }
    Output.answer(
      shape.name + "\n"
        + Human.table(
          [
            ["transfers of a layer", Human.fixed(decode.transferSeconds * 1e6, 2), "µs"],
            ["a layer", Human.fixed(decode.layerSeconds * 1e6, 2), "µs"],
            ["a token, at least", Human.fixed(decode.secondsPerToken * 1e3, 2), "ms"],
            ["tokens a second of a sequence, at most", Human.fixed(decode.tokensPerSecond, 1), ""],
          ], numeric: [1]))
  }
}
