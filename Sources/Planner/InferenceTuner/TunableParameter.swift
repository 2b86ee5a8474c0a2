/// A setting that a search may choose.
public struct TunableParameter: Sendable, Hashable {
  /// What it may be.
  public enum Domain: Sendable, Hashable {
    /// Any number of a range.
    case continuous(ClosedRange<Double>)
    /// One of so many values, by its place: values near each other do alike.
    case ordered(Int)
    /// One of so many values, by its place, in no order.
    case choice(Int)

    /// How many values there are; nothing for a range.
    public var count: Int? {
      switch self {
      case .continuous: nil
      case .ordered(let count), .choice(let count): count
      }
    }
  }

  /// When it means something: another parameter before it has one of some places.
  public struct Condition: Sendable, Hashable {
    /// The other parameter's index.
    public var parameter: Int
    /// Its places.
    public var places: Set<Int>

    /// A condition.
    public init(_ parameter: Int, in places: Set<Int>) { (self.parameter, self.places) = (parameter, places) }
  }

  /// Its name.
  public var name: String
  /// What it may be.
  public var domain: Domain
  /// When it means something; always by default.
  public var condition: Condition?

  /// A parameter.
  public init(_ name: String, _ domain: Domain, when condition: Condition? = nil) {
    (self.name, self.domain, self.condition) = (name, domain, condition)
  }
}
