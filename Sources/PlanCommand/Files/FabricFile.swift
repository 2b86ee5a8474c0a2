import ConfigurationFiles
import Formats
import Planner

/// A fabric and its jobs from YAML or JSON files.
enum FabricFile {
  /// The fabric of a file.
  ///
  /// - Throws: `ConfigurationError`; `PlannerError`.
  static func topology(_ path: String) throws -> FabricTopology {
    var fields = try ConfigurationFields(try ConfigurationFile.read(path))
    let standard = try FabricTopology()
    // 10⁹ bits a second.
    let port = try fields.number("port_gbits", 1e-6...1e6, default: standard.portBandwidth * 8e-9)
    let topology = try FabricTopology(
      nodes: try fields.whole("nodes", 2...4096, default: standard.nodes),
      cards: try fields.whole("cards", 1...64, default: standard.cards),
      nodesPerGroup: try fields.whole("nodes_per_group", 1...4096, default: standard.nodesPerGroup),
      spines: try fields.whole("uplinks", 1...1024, default: standard.spines), portBandwidth: port * 0.125e9,
      uplinkBandwidth: try fields.number("uplink_gbits", 1e-6...1e6, default: port) * 0.125e9)
    try fields.finish()
    return topology
  }

  /// The jobs of a file: a list, or a section `jobs` that is one.
  ///
  /// - Throws: `ConfigurationError`; `PlannerError`.
  static func jobs(_ path: String) throws -> [FabricJob] {
    var value = try ConfigurationFile.read(path)
    if value.members != nil {
      var fields = try ConfigurationFields(value)
      value = fields.value("jobs") ?? .null
      try fields.finish()
    }
    guard let elements = value.elements, (1...1024).contains(elements.count) else {
      throw PlannerError.invalid(field: "jobs", problem: "a list of 1 to 1024 is needed")
    }
    return try elements.enumerated().map { try job($1, $0) }
  }

  private static func job(_ value: JSON, _ place: Int) throws -> FabricJob {
    let path = "jobs[\(place)]"
    var fields = try ConfigurationFields(value, path: path)
    let nodes = try fields.wholes("nodes", 0...4095, atMost: 4096, default: [])
    let collective = try fields.choice(
      "collective", [Collective.allReduce, .reduceScatter, .allGather, .broadcast].map(\.rawValue),
      default: Collective.allReduce.rawValue)
    let megabytes = try fields.number("megabytes", 1e-6...1e9, default: Double(1 << 30) * 1e-6)
    let job = FabricJob(
      try fields.text("name", default: "job \(place)"), nodes: nodes,
      ranksPerNode: try fields.whole("ranks_per_node", 1...1024, default: 8),
      collective: Collective(rawValue: collective) ?? .allReduce, bytes: max(1, Int((megabytes * 1e6).rounded())),
      compute: try fields.number("compute_seconds", 0...1e6, default: 0),
      operations: try fields.whole("operations", 1...10_000, default: 5),
      start: try fields.number("start_seconds", 0...1e6, default: 0))
    if let ranks = try fields.wholeIfPresent("ranks", 1...1 << 24), ranks != job.ranks {
      throw PlannerError.invalid(
        field: path + ".ranks",
        problem: "\(ranks) are not the \(job.ranks) of \(nodes.count) nodes with \(job.ranksPerNode) each")
    }
    try fields.finish()
    return job
  }
}
