/// What a processor or accelerator can do at most.
public struct Device: Sendable, Hashable {
  /// The name it is asked for by, for example `A100-80GB`.
  public var name: String
  /// Dense operations a second at each precision.
  public var compute: [Precision: Figure]
  /// Bytes of its memory.
  public var memory: Figure
  /// Bytes a second from its memory.
  public var bandwidth: Figure
  /// Bytes a second to its neighbours, in one direction.
  public var link: Figure?
  /// Watts.
  public var power: Figure?
  /// US dollars an hour.
  public var price: Figure?

  /// A device from its parts.
  public init(
    name: String, compute: [Precision: Figure], memory: Figure, bandwidth: Figure, link: Figure? = nil,
    power: Figure? = nil, price: Figure? = nil
  ) {
    self.name = name
    self.compute = compute
    self.memory = memory
    self.bandwidth = bandwidth
    self.link = link
    self.power = power
    self.price = price
  }
}
