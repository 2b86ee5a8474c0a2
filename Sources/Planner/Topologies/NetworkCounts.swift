/// What a network is made of.
public struct NetworkCounts: Sendable, Hashable, Codable {
  /// Places for a network card.
  public var endpoints: Int
  /// Switches.
  public var switches: Int
  /// Links between switches; those to endpoints are one each and come with the endpoint.
  public var links: Int

  /// Counts.
  public init(endpoints: Int, switches: Int, links: Int) {
    self.endpoints = endpoints
    self.switches = switches
    self.links = links
  }

  /// Dollars at these prices.
  public func cost(_ prices: NetworkPrices) -> Double {
    prices.networkSwitch * Double(switches) + prices.link * Double(links) + prices.endpoint * Double(endpoints)
  }
}
