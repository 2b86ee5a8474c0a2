import Costs
import Formats
import Tensors

/// Operators of one name, over all layers or in one: a line of a profile.
public struct ProfileRow: Sendable {
  /// What operators wait for.
  public enum Bound: String, Sendable, CaseIterable, Codable {
    /// Arithmetic.
    case compute
    /// Reading and writing memory or a cache.
    case memory
    /// Neither: more than ``ProfileRow/overheadFactor`` times the roofline.
    case overhead
  }

  /// An operator that takes more than so many times its roofline is bound by neither arithmetic nor traffic: starting it,
  /// waiting for threads and work that closed forms do not count are what takes the time.
  public static let overheadFactor = 4.0
  /// The name of the row of what is in a step before its first operator.
  public static let before = "before operators"
  /// The name of the row of what is in a step after its first operator but in none.
  public static let between = "between operators"

  /// What the operators have in common, such as `mixer q,k,v linear`.
  public var name: String
  /// What the operators do; nothing for what is in no operator.
  public var kind: OperatorKind?
  /// The layer, for rows of one.
  public var layer: Int?
  /// The number of runs in a step.
  public var calls: Int
  /// Seconds of all of them.
  public var seconds: Double
  /// Operations and bytes of all of them.
  public var cost: OperationCost
  /// The roofline of all of them.
  public var roofline: Double
  /// What they wait for.
  public var bound: Bound
  /// The place whose rate bounds their traffic: `memory`, `L3`, `L2`.
  public var place: String

  /// The row of operators that have a name in common; at least one.
  init(name: String, layer: Int?, _ operators: [ProfiledOperator]) {
    self.name = name
    kind = operators.first?.kind
    self.layer = layer
    calls = operators.count
    seconds = operators.reduce(0) { $0 + $1.seconds }
    cost = operators.reduce(OperationCost()) { $0 + $1.cost.total }
    roofline = operators.reduce(0) { $0 + $1.limits.seconds }
    let compute = operators.reduce(0) { $0 + ($1.limits.compute >= $1.limits.traffic ? $1.limits.seconds : 0) }
    bound =
      seconds > Self.overheadFactor * roofline ? .overhead : 2 * compute >= roofline ? .compute : .memory
    place = operators.max { $0.limits.traffic < $1.limits.traffic }?.limits.place ?? "memory"
  }

  /// The row of what is in a step but in none of its operators.
  init(_ name: String, _ seconds: Double) {
    self.name = name
    calls = 0
    self.seconds = seconds
    cost = OperationCost()
    roofline = 0
    bound = .overhead
    place = "memory"
  }

  /// Roofline ÷ seconds: 1 is the limit of the machine.
  public var achieved: Double { seconds > 0 ? roofline / seconds : 0 }
  /// The seconds that the roofline does not explain.
  public var aboveRoofline: Double { max(0, seconds - roofline) }
  /// Operations a second.
  public var flopsPerSecond: Double { seconds > 0 ? cost.flops / seconds : 0 }
  /// Bytes a second.
  public var bytesPerSecond: Double { seconds > 0 ? cost.bytes / seconds : 0 }

  /// The row's figures; `step` is the step's seconds.
  public func json(ofStep step: Double) -> JSON {
    var members: [JSON.Member] = [JSON.Member("name", .string(name))]
    if let kind { members.append(JSON.Member("kind", .string(kind.rawValue))) }
    if let layer { members.append(JSON.Member("layer", .integer(layer))) }
    members += [
      JSON.Member("calls", .integer(calls)), JSON.Member("seconds", .rounded(seconds)),
      JSON.Member("share", .rounded(seconds / step, digits: 4)), JSON.Member("flops", .whole(cost.flops)),
      JSON.Member("bytesRead", .whole(cost.bytesRead)),
      JSON.Member("bytesWritten", .whole(cost.bytesWritten)),
      JSON.Member("gflops", .rounded(flopsPerSecond * 1e-9, digits: 4)),
      JSON.Member("gbs", .rounded(bytesPerSecond * 1e-9, digits: 4)),
      JSON.Member("rooflineSeconds", .rounded(roofline)), JSON.Member("achieved", .rounded(achieved, digits: 4)),
      JSON.Member("bound", .string(bound.rawValue)), JSON.Member("place", .string(place)),
      JSON.Member("aboveRooflineSeconds", .rounded(aboveRoofline)),
    ]
    return .object(members)
  }
}
