import ArgumentParser
import Console
import Costs
import Formats
import Planner
import Profiling

/// Where sequences of different lengths go.
package struct PlanZeppelin: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "zeppelin", abstract: "Where short and long sequences of a batch go, and what that brings.",
    discussion: """
      Each sequence on one device, around devices of a node, or around several nodes, so that the slowest device is done soonest; \
      tokens are evened out for the rest of a layer (Zeppelin, 2025). --lengths is a file of whole numbers, '-' standard input.
      """)

  @Argument(help: "A dense model: a name of the catalogue, a config.json, or a model's file or folder.")
  package var model = "llama-2-7b"

  @Option(help: ArgumentHelp("Lengths of the batch's sequences, in tokens.", valueName: "file"))
  package var lengths: String

  @Option(help: "Nodes.") package var nodes = 2

  @Option(help: "Devices of a node, each with a card.") package var devices = 8

  @Option(help: ArgumentHelp("Tokens that a device has room for.", valueName: "tokens")) package var capacity = 8192

  @Option(help: "A device by name.") package var device = "h100"

  @Option(help: ArgumentHelp("10⁹ bytes a second inside a node.", valueName: "GB/s")) package var inside = 400.0

  @Option(help: ArgumentHelp("10⁹ bytes a second of a card.", valueName: "GB/s")) package var card = 50.0

  @Option(help: ArgumentHelp("Parts to leave out: partition, queues, routing, remapping.", valueName: "parts"))
  package var without: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let cluster = try Zeppelin(
      try ModelArgument.shape(model), on: try DeviceCatalogue.published.device(device), nodes: nodes,
      devicesPerNode: devices, capacity: capacity,
      inside: Link(latency: Zeppelin.nodeLink.latency, bandwidth: inside * 1e9),
      card: Link(latency: Zeppelin.cardLink.latency, bandwidth: card * 1e9))
    let (batch, parts) = (try readLengths(), try readParts())
    let plan = try cluster.plan(batch, parts: parts)
    let layer = try cluster.layer(plan, parts: parts)
    let step = try cluster.stepSeconds(batch, parts: parts)
    let uniform = try cluster.stepSeconds(batch, parts: .uniform)
    if output.json { return Output.answer(json(plan, layer, tokens: batch.reduce(0, +), step, uniform).line) }
    let zones = ZeppelinPlan.Zone.allCases.map { zone in
      let own = plan.placements.filter { plan.zone($0) == zone }
      return "\(own.count) \(zone.rawValue)"
    }.joined(separator: ", ")
    var table = [["device", "tokens", "attention ms", "MB inside", "MB to others"]]
    for (index, tokens) in plan.tokens.enumerated() {
      let name = "\(index / devices).\(index % devices)"
      let milliseconds = Human.fixed(layer.attention[index] * 1e3, 3)
      let (inside, outside) = (layer.insideBytes[index] / 1e6, layer.outsideBytes[index] / 1e6)
      table.append([name, "\(tokens)", milliseconds, Human.fixed(inside, 2), Human.fixed(outside, 2)])
    }
    let head =
      "\(batch.count) sequences: \(zones); a step \(Human.fixed(step * 1e3, 1)) ms, \(Human.fixed(uniform / step, 2)) times "
      + "faster than all on all; slowest attention \(Human.fixed(layer.imbalance, 2)) of the mean\n"
    Output.answer(head + Human.table(table, numeric: Set(1...4)))
  }

  private func json(
    _ plan: ZeppelinPlan, _ layer: Zeppelin.Layer, tokens: Int, _ step: Double, _ uniform: Double
  ) -> JSON {
    let placements = plan.placements.map { placement -> JSON in
      [
        "sequence": .integer(placement.sequence), "length": .integer(placement.length),
        "zone": .string(plan.zone(placement).rawValue),
        "devices": .array(placement.devices.map { JSON.integer($0) }),
      ]
    }
    let devices = plan.tokens.enumerated().map { index, tokens -> JSON in
      [
        "tokens": .integer(tokens), "attentionSeconds": .number(layer.attention[index]),
        "insideBytes": .number(layer.insideBytes[index]), "outsideBytes": .number(layer.outsideBytes[index]),
      ]
    }
    return [
      "tokens": .integer(tokens), "stepSeconds": .number(step), "uniformSeconds": .number(uniform),
      "gain": .number(uniform / step), "imbalance": .number(layer.imbalance), "placements": .array(placements),
      "devices": .array(devices),
    ]
  }

  private func readLengths() throws -> [Int] {
    let bytes = lengths == "-" ? InputText.standardInputBytes() : try readWholeFile(lengths)
    let words = String(decoding: bytes, as: UTF8.self).split { $0 == "," || $0.isWhitespace }
    return try words.map { word in
      guard let length = Int(word) else {
        throw PlannerError.invalid(field: "--lengths", problem: "'\(word.prefix(20))' is no whole number")
      }
      return length
    }
  }

  private func readParts() throws -> Zeppelin.Parts {
    var parts = Zeppelin.Parts()
    for word in (without ?? "").split(separator: ",") {
      switch word {
      case "partition": parts.partition = false
      case "queues": parts.queues = false
      case "routing": parts.routing = false
      case "remapping": parts.remapping = false
      default:
        throw PlannerError.invalid(
          field: "--without", problem: "'\(word)' is none of partition, queues, routing, remapping")
      }
    }
    return parts
  }
}
