/// A device of the catalogue: its figures, the names it goes by, and which of its figures are only recalled.
public struct CataloguedDevice: Sendable, Hashable {
  /// A figure with the name by which `recalled` names it.
  public struct NamedFigure: Sendable, Hashable {
    /// `compute.bf16`, `memory`, `bandwidth`, `link`, `power` or `price`.
    public var name: String
    /// The number and where it comes from.
    public var figure: Figure
    /// Whether it was read in the source that it names; else it was written down from memory.
    public var verified: Bool
  }

  /// The device itself.
  public var device: Device
  /// Other names that it is found by, in any case.
  public var aliases: [String]
  /// Names of the figures that nobody read in their source.
  public var recalled: Set<String>

  /// An entry from its parts.
  public init(_ device: Device, aliases: [String] = [], recalled: Set<String> = []) {
    self.device = device
    self.aliases = aliases
    self.recalled = recalled
  }

  /// Every figure, the compute rates first and in the order of the formats.
  public var figures: [NamedFigure] {
    var rows = Precision.allCases.compactMap { precision in
      device.compute[precision].map { ("compute.\(precision.rawValue)", $0) }
    }
    rows += [("memory", device.memory), ("bandwidth", device.bandwidth)]
    for (name, figure) in [("link", device.link), ("power", device.power), ("price", device.price)] {
      if let figure { rows.append((name, figure)) }
    }
    return rows.map { NamedFigure(name: $0.0, figure: $0.1, verified: !recalled.contains($0.0)) }
  }
}
