import ConfigurationFiles
import Console
import Costs
import Formats
import Planner
import Profiling

/// A cluster as a user names it: a published one, or a YAML file's.
///
/// A file has `device`, a name of the catalogue, and `tiers`, each with `devices` (missing in the last one: all), `bandwidth` in 10⁹ bytes a
/// second and `latency` in microseconds; and, where they are known, `products`, `memory` and `links`: what operators and links reach of
/// their limits.
enum ClusterArgument {
  /// The cost model of the cluster that `name` is.
  ///
  /// - Throws: `PlannerError`; `ConfigurationError`.
  static func model(_ name: String) throws -> ParallelCostModel {
    if name.hasSuffix(".yaml") || name.hasSuffix(".yml") { return try file(name) }
    let cluster = try AcceleratorCluster.named(name)
    switch cluster.name {
    case "Selene": return try MegatronPrediction().model
    case "Frontier": return try FrontierPrediction().model
    default:
      // Not fitted on anything: products and links as Megatron's table has them on A100.
      let fitted = try MegatronPrediction().model
      return try ParallelCostModel(cluster, operators: fitted.operators, linkFractions: fitted.linkFractions)
    }
  }

  private static func file(_ path: String) throws -> ParallelCostModel {
    var fields = try ConfigurationFields(try ConfigurationFile.read(path))
    let device = try DeviceCatalogue.published.device(try fields.text("device"))
    let name = try fields.text("name", default: path)
    func figure(_ value: Double) -> Figure { Figure(value, source: path, date: systemDate()) }
    guard let list = fields.value("tiers")?.elements, (1...16).contains(list.count) else {
      throw ConfigurationError.missing(field: "tiers", meant: nil)
    }
    var tiers: [AcceleratorCluster.Tier] = []
    for (index, element) in list.enumerated() {
      var tier = try ConfigurationFields(element, path: "tiers[\(index)]")
      tiers.append(
        AcceleratorCluster.Tier(
          devices: try tier.wholeIfPresent("devices", 1...1 << 24) ?? .max,
          bandwidth: figure(try tier.number("bandwidth", 1e-6...1e9) * 1e9),
          latency: figure(try tier.number("latency", 0...1e9, default: 0) / 1e6)))
      try tier.finish()
    }
    let products = try fields.number("products", 1e-6...1, default: 0.7)
    let memory = try fields.number("memory", 1e-6...1, default: 0.7)
    let links = try fields.number("links", 1e-6...1, default: 0.8)
    try fields.finish()
    let efficiency = Efficiency(compute: products, memory: memory)
    return try ParallelCostModel(
      AcceleratorCluster(name, device: device, tiers: tiers),
      operators: RooflineCostModel(
        [.matmul: efficiency, .attention: efficiency, .attentionBackward: efficiency],
        fallback: Efficiency(memory: memory)), linkFractions: [links])
  }
}
