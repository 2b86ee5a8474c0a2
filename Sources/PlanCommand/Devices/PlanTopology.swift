import ArgumentParser
import Console
import Formats
import Planner

/// What a network is made of and costs.
package struct PlanTopology: ParsableCommand {
  /// The networks that can be asked for.
  package enum Kind: String, ExpressibleByArgument, CaseIterable {
    case domain, ft2, ft3, mpft, rail, sf, df
  }

  package static let configuration = CommandConfiguration(
    commandName: "topology", abstract: "Counts a network's endpoints, switches and links, and what they cost.",
    discussion: """
      domain: --devices of --links each on switches of --ports. ft2, ft3: fat trees of two and three layers of switches with \
      --ports. mpft: --planes fat trees of two layers. rail: --rails switches of --ports. sf: a Slim Fly with --q. df: a \
      dragonfly of --groups groups of --switches switches with --endpoints and --global-links each. Links are those between \
      switches; the standard prices give the costs of DeepSeek-V3's paper.
      """)

  @Option(help: "The network.") package var type: Kind
  @Option(help: ArgumentHelp("Ports of a switch.", valueName: "count")) package var ports = 64
  @Option(help: ArgumentHelp("Planes.", valueName: "count")) package var planes = 8
  @Option(help: ArgumentHelp("Rails.", valueName: "count")) package var rails = 8
  @Option(help: ArgumentHelp("A Slim Fly's q.", valueName: "count")) package var q = 28
  @Option(help: ArgumentHelp("A dragonfly's endpoints of a switch.", valueName: "count")) package var endpoints = 16
  @Option(help: ArgumentHelp("Its switches of a group.", valueName: "count")) package var switches = 32
  @Option(help: ArgumentHelp("Its links of a switch to other groups.", valueName: "count")) package var globalLinks = 16
  @Option(help: ArgumentHelp("Its groups.", valueName: "count")) package var groups = 511
  @Option(help: ArgumentHelp("A domain's devices.", valueName: "count")) package var devices = 72
  @Option(help: ArgumentHelp("Links of one of them.", valueName: "count")) package var links = 18
  @Option(help: ArgumentHelp("Price of a switch.", valueName: "dollars")) package var switchPrice: Double?
  @Option(help: ArgumentHelp("Price of a link between switches.", valueName: "dollars")) package var linkPrice: Double?
  @Option(help: ArgumentHelp("Price of a link to an endpoint.", valueName: "dollars")) package var endpointPrice:
    Double?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  private var topology: NetworkTopology {
    switch type {
    case .domain: .domain(devices: devices, links: links, ports: ports)
    case .ft2: .fatTree2(ports: ports)
    case .ft3: .fatTree3(ports: ports)
    case .mpft: .multiPlane(ports: ports, planes: planes)
    case .rail: .rail(ports: ports, rails: rails)
    case .sf: .slimFly(q: q)
    case .df: .dragonfly(endpoints: endpoints, switches: switches, globalLinks: globalLinks, groups: groups)
    }
  }

  package func run() throws {
    let counts = try topology.counts()
    let standard = try DeepSeekV3Prediction.prices()
    let prices = try NetworkPrices(
      networkSwitch: switchPrice ?? standard.networkSwitch, link: linkPrice ?? standard.link,
      endpoint: endpointPrice ?? standard.endpoint)
    let cost = counts.cost(prices)
    if output.json {
      let json: JSON = [
        "type": .string(type.rawValue), "endpoints": .integer(counts.endpoints), "switches": .integer(counts.switches),
        "links": .integer(counts.links), "dollars": .rounded(cost),
        "dollarsPerEndpoint": .rounded(cost / Double(counts.endpoints)),
      ]
      return Output.answer(json.line)
    }
    Output.answer(
      Human.table(
        [
          ["endpoints", "\(counts.endpoints)", ""], ["switches", "\(counts.switches)", ""],
          ["links between switches", "\(counts.links)", ""], ["cost", Human.fixed(cost / 1e6, 2), "10⁶ dollars"],
          ["cost of an endpoint", Human.fixed(cost / Double(counts.endpoints) / 1e3, 2), "10³ dollars"],
        ], numeric: [1]))
  }
}
