import Costs

/// Many of one device, and the ways between them: neighbours on a fast link, further ones on slower ones.
public struct AcceleratorCluster: Sendable, Hashable {
  /// A way that so many neighbours share; the last one holds all.
  public struct Tier: Sendable, Hashable {
    /// Devices that it joins, counted from one of their multiples.
    public var devices: Int
    /// Bytes a second of each device in one direction.
    public var bandwidth: Figure
    /// Seconds before a message's first byte arrives.
    public var latency: Figure

    /// A tier.
    public init(devices: Int, bandwidth: Figure, latency: Figure) {
      self.devices = devices
      self.bandwidth = bandwidth
      self.latency = latency
    }
  }

  /// What it is called.
  public let name: String
  /// The device.
  public let device: Device
  /// The ways, the nearest first.
  public let tiers: [Tier]

  /// A cluster of `device`.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no tiers, tiers that do not grow, and ways that are none.
  public init(_ name: String, device: Device, tiers: [Tier]) throws(PlannerError) {
    guard !tiers.isEmpty else { throw .invalid(field: "tiers", problem: "there is none") }
    var joined = 1
    for (index, tier) in tiers.enumerated() {
      guard tier.devices > joined || (index == 0 && tier.devices == 1) else {
        throw .invalid(
          field: "tiers[\(index)].devices", problem: "\(tier.devices) are not more than the \(joined) before")
      }
      joined = tier.devices
      _ = try Link(latency: tier.latency.value, bandwidth: tier.bandwidth.value)
    }
    self.name = name
    self.device = device
    self.tiers = tiers
  }

  /// The index of the nearest tier that joins `devices` neighbours.
  func tier(spanning devices: Int) -> Int { tiers.firstIndex { $0.devices >= devices } ?? tiers.count - 1 }
}
