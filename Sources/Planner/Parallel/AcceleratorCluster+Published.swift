import Costs

extension AcceleratorCluster {
  private static let latencies = "arXiv 2505.09343, table 5: 64 bytes between processors"
  /// InfiniBand between leaves; taken for other networks too.
  private static let network = Figure(3.7e-6, source: latencies + ", InfiniBand across leaves", date: "2025-05")
  private static let node = Figure(3.33e-6, source: latencies + ", NVLink", date: "2025-05")

  /// Nodes of 8 A100 with a 200 Gbit/s card each, as in NVIDIA's Selene.
  ///
  /// - Throws: ``PlannerError/device(_:)``.
  public static func selene() throws(PlannerError) -> AcceleratorCluster {
    try AcceleratorCluster(
      "Selene", device: try device("A100-SXM-80GB"),
      tiers: [
        Tier(devices: 8, bandwidth: try link(of: "A100-SXM-80GB"), latency: node),
        Tier(
          devices: .max,
          bandwidth: Figure(25e9, source: "arXiv 2104.04473, section 5: 8 HDR cards a node", date: "2021-04"),
          latency: network),
      ])
  }

  /// Nodes of 4 MI250X, each of their 8 dies a device.
  ///
  /// - Throws: ``PlannerError/device(_:)``.
  public static func frontier() throws(PlannerError) -> AcceleratorCluster {
    let guide = "Frontier User Guide, docs.olcf.ornl.gov"
    return try AcceleratorCluster(
      "Frontier", device: try device("MI250X-GCD"),
      tiers: [
        Tier(devices: 2, bandwidth: Figure(200e9, source: guide + ": two dies of a card", date: "2025"), latency: node),
        Tier(
          devices: 8, bandwidth: Figure(50e9, source: guide + ": 50 to 100 between cards", date: "2025"), latency: node),
        Tier(
          devices: .max, bandwidth: Figure(12.5e9, source: guide + ": 4 cards of 25 for 8 dies", date: "2025"),
          latency: network),
      ])
  }

  /// Nodes of 8 H800 with a 400 Gbit/s card each.
  ///
  /// - Throws: ``PlannerError/device(_:)``.
  public static func h800() throws(PlannerError) -> AcceleratorCluster {
    try AcceleratorCluster(
      "H800", device: try device("H800-SXM"),
      tiers: [
        Tier(devices: 8, bandwidth: try link(of: "H800-SXM"), latency: node),
        Tier(
          devices: .max, bandwidth: Figure(50e9, source: "arXiv 2505.09343, section 4.2", date: "2025-05"),
          latency: network),
      ])
  }

  /// A published cluster by name: `selene`, `frontier`, `h800`.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for another name.
  public static func named(_ name: String) throws(PlannerError) -> AcceleratorCluster {
    switch name.lowercased() {
    case "selene", "a100": try selene()
    case "frontier", "mi250x": try frontier()
    case "h800": try h800()
    default: throw .invalid(field: "cluster", problem: "none is called '\(name)'; there are selene, frontier and h800")
    }
  }

  private static func device(_ name: String) throws(PlannerError) -> Device {
    do { return try DeviceCatalogue.published.device(name) } catch { throw .device(error) }
  }

  private static func link(of name: String) throws(PlannerError) -> Figure {
    let device = try device(name)
    guard let link = device.link else { throw .invalid(field: "device", problem: "\(name) has no link") }
    return link
  }
}
