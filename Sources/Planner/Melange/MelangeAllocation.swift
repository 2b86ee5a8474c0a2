/// Instances to rent, and which slices they serve.
public struct MelangeAllocation: Sendable, Hashable {
  /// Instances of each type.
  public var counts: [Int]
  /// US dollars an hour.
  public var cost: Double
  /// What no allocation can be cheaper than.
  public var bound: Double
  /// Slices of each bucket on each type: `[bucket][type]`; none for a bucket without requests.
  public var slices: [[Int]]
  /// The load of each type, in instances.
  public var loads: [Double]
  /// Vectors of counts that were looked at.
  public var nodes = 0
  /// Steps of the search for whole slices.
  public var steps = 0

  /// By how much the cost may be above the least, as a part of it; zero where it is the least.
  public var gap: Double { cost > bound ? (cost - bound) / cost : 0 }
}
