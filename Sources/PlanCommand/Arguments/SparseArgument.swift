import Planner

/// `top:512` or `block:16x64+128`.
enum SparseArgument {
  /// The attention of an argument, dense without one.
  ///
  /// - Throws: `PlannerError`.
  static func attention(_ text: String?) throws(PlannerError) -> KineticsAttention {
    guard let text else { return .dense }
    let bad = PlannerError.invalid(
      field: "--sparse", problem: "'\(text)' is neither top:BUDGET nor block:SIZExCOUNT+WINDOW")
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw bad }
    if parts[0] == "top" {
      guard let budget = Int(parts[1]) else { throw bad }
      return .topK(budget: budget)
    }
    let ends = parts[1].split(separator: "+", omittingEmptySubsequences: false)
    let block = ends[0].split(separator: "x", omittingEmptySubsequences: false)
    guard parts[0] == "block", ends.count <= 2, block.count == 2, let size = Int(block[0]), let count = Int(block[1]),
      let window = ends.count == 2 ? Int(ends[1]) : 0
    else { throw bad }
    return .blocks(size: size, count: count, window: window)
  }
}
