/// Dollars of a network's parts.
public struct NetworkPrices: Sendable, Hashable, Codable {
  /// A switch.
  public var networkSwitch: Double
  /// A link between switches with what is plugged in at both ends.
  public var link: Double
  /// A link to an endpoint with what is plugged in at both ends.
  public var endpoint: Double

  /// Prices.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for what is no price.
  public init(networkSwitch: Double, link: Double, endpoint: Double) throws(PlannerError) {
    for (field, price) in [("switch", networkSwitch), ("link", link), ("endpoint", endpoint)]
    where !(price >= 0 && price <= 1e9) {
      throw .invalid(field: field, problem: "\(price) dollars is no price")
    }
    self.networkSwitch = networkSwitch
    self.link = link
    self.endpoint = endpoint
  }
}
