import Planner

/// A layout as a user writes it: `t=8,p=64,d=6,b=1,v=2,recompute=layer,zero=1,norms=true`.
enum LayoutArgument {
  /// The layout that `text` says; t, p and d must be there.
  ///
  /// - Throws: `PlannerError` naming the part that cannot be read.
  static func layout(_ text: String) throws -> ParallelLayout {
    var layout = ParallelLayout(tensor: 1, pipeline: 1, data: 1)
    var missing: Set<Substring> = ["t", "p", "d"]
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2 else { throw invalid(part, "is no NAME=VALUE") }
      let (name, value) = (sides[0], sides[1])
      missing.remove(name)
      switch name {
      case "t": layout.tensor = try whole(name, value)
      case "p": layout.pipeline = try whole(name, value)
      case "d": layout.data = try whole(name, value)
      case "b": layout.microbatch = try whole(name, value)
      case "v":
        layout.chunks = try whole(name, value)
        layout.schedule = layout.chunks > 1 ? .interleaved : .oneForwardOneBackward
      case "recompute":
        guard let policy = Recomputation(rawValue: String(value)) else {
          throw invalid(part, "is none of none, attention and layer")
        }
        layout.recomputation = policy
      case "zero":
        guard let sharding = StateSharding(rawValue: try whole(name, value)) else {
          throw invalid(part, "is none of 0, 1, 2 and 3")
        }
        layout.sharding = sharding
      case "norms": layout.sharesNorms = value == "true"
      default: throw invalid(part, "is none of t, p, d, b, v, recompute, zero and norms")
      }
    }
    if let name = missing.sorted().first { throw invalid(name, "is missing") }
    return layout
  }

  private static func whole(_ name: Substring, _ value: Substring) throws -> Int {
    guard let number = Int(value) else { throw invalid(name, "is '\(value)', no whole number") }
    return number
  }

  private static func invalid(_ part: Substring, _ problem: String) -> PlannerError {
    .invalid(field: "layout", problem: "'\(part)' \(problem)")
  }
}
