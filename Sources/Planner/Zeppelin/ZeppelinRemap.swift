/// Tokens that change devices between attention and the rest of a layer, so that every device has as many.
///
/// A surplus device sends; what its node lacks it gets from inside, as far as that goes, the rest comes from other nodes. Inside's share
/// goes to the devices in such parts that the longest time of sending is the least there can be.
public struct ZeppelinRemap: Sendable, Hashable {
  /// Tokens that each device sends inside its node.
  public let inside: [Double]
  /// Tokens that each device sends to other nodes.
  public let outside: [Double]
  /// Seconds of the slowest device.
  public let seconds: Double

  /// What moves `tokens` to the mean of all, where a token takes `insideCost` or `outsideCost` seconds of its sender.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for devices that are no whole nodes, and costs that are none or cheaper outside.
  public init(
    _ tokens: [Int], devicesPerNode: Int, insideCost: Double, outsideCost: Double
  ) throws(PlannerError) {
    guard devicesPerNode >= 1, !tokens.isEmpty, tokens.count.isMultiple(of: devicesPerNode) else {
      throw .invalid(field: "tokens", problem: "\(tokens.count) devices are no nodes of \(devicesPerNode)")
    }
    guard insideCost >= 0, outsideCost >= insideCost, outsideCost.isFinite else {
      throw .invalid(field: "outsideCost", problem: "\(outsideCost) s a token, inside \(insideCost)")
    }
    let mean = tokens.reduce(0.0) { $0 + Double($1) } / Double(tokens.count)
    let surplus = tokens.map { max(0, Double($0) - mean) }
    var inside = [Double](repeating: 0, count: tokens.count)
    for first in stride(from: 0, to: tokens.count, by: devicesPerNode) {
      let node = first..<first + devicesPerNode
      let lacking = node.reduce(0.0) { $0 + max(0, mean - Double(tokens[$1])) }
      let own = node.reduce(0.0) { $0 + surplus[$1] }
      guard own > lacking else {
        for device in node { inside[device] = surplus[device] }
        continue
      }
      func share(_ device: Int, within seconds: Double) -> Double {
        guard outsideCost > insideCost else { return surplus[device] * lacking / own }
        return min(max(0, (outsideCost * surplus[device] - seconds) / (outsideCost - insideCost)), surplus[device])
      }
      // The shorter the time that all keep, the more must be sent inside.
      let longest = outsideCost * (node.map { surplus[$0] }.max() ?? 0)
      let seconds = Bisection.solve(in: 0...max(longest, .leastNonzeroMagnitude), for: lacking) { limit in
        node.reduce(0.0) { $0 + share($1, within: limit) }
      }
      for device in node { inside[device] = share(device, within: seconds) }
    }
    let outside = zip(surplus, inside).map { max(0, $0 - $1) }
    self.inside = inside
    self.outside = outside
    seconds = zip(inside, outside).map { insideCost * $0 + outsideCost * $1 }.max() ?? 0
  }
}
