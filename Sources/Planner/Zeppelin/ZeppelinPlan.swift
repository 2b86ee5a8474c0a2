/// Which devices attend to which sequences.
public struct ZeppelinPlan: Sendable, Hashable {
  /// How far a sequence is spread.
  public enum Zone: String, Sendable, Hashable, Codable, CaseIterable {
    /// On one device.
    case local
    /// Around devices of one node.
    case node
    /// Around devices of several nodes.
    case cluster
  }

  /// A sequence on its devices, cut into blocks so that each has the same causal work: 2R of them, device r the r-th from both ends.
  public struct Placement: Sendable, Hashable {
    /// The sequence's place in the batch.
    public var sequence: Int
    /// Its tokens.
    public var length: Int
    /// Its devices, those of a node together.
    public var devices: [Int]
    /// Tokens of each of these.
    public var tokens: [Int]
  }

  /// The sequences.
  public var placements: [Placement]
  /// Devices of a node.
  public let devicesPerNode: Int
  /// Devices in all.
  public let devices: Int

  package init(_ cluster: Zeppelin) {
    placements = []
    devicesPerNode = cluster.devicesPerNode
    devices = cluster.devices
  }

  /// Tokens of each device.
  public var tokens: [Int] {
    var sums = [Int](repeating: 0, count: devices)
    for placement in placements {
      for (device, count) in zip(placement.devices, placement.tokens) { sums[device] += count }
    }
    return sums
  }

  /// How far a sequence is spread.
  public func zone(_ placement: Placement) -> Zone {
    guard placement.devices.count > 1 else { return .local }
    return Set(placement.devices.map { $0 / devicesPerNode }).count > 1 ? .cluster : .node
  }

  /// Places a sequence on devices, the tokens that do not divide on those that have the fewest.
  package mutating func place(_ sequence: Int, length: Int, on devices: [Int], loads: inout [Int]) {
    let (each, rest) = length.quotientAndRemainder(dividingBy: devices.count)
    let order = devices.indices.sorted { (loads[devices[$0]], $0) < (loads[devices[$1]], $1) }
    var tokens = [Int](repeating: each, count: devices.count)
    for index in order.prefix(rest) { tokens[index] += 1 }
    for (device, count) in zip(devices, tokens) { loads[device] += count }
    placements.append(Placement(sequence: sequence, length: length, devices: devices, tokens: tokens))
  }
}
