/// How often at least one of k answers is right, from n answers of which c are.
public enum PassAtK {
  /// The most answers of a problem.
  static let limit = 1 << 24

  /// 1 − C(n−c, k) / C(n, k), without bias (Chen et al.: Evaluating Large Language Models Trained on Code, 2021).
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for n outside 1…2²⁴, c outside 0…n, and k outside 1…n.
  public static func estimate(samples n: Int, correct c: Int, k: Int) throws(PlannerError) -> Double {
    guard (1...limit).contains(n) else { throw .invalid(field: "samples", problem: "\(n) lies outside 1…\(limit)") }
    guard (0...n).contains(c) else { throw .invalid(field: "correct", problem: "\(c) of \(n) samples") }
    guard (1...n).contains(k) else { throw .invalid(field: "k", problem: "\(k) of \(n) samples") }
    if c > n - k { return 1 }
    // C(n−c, k) / C(n, k) = Π (n−c−i) / (n−i), over the shorter of i < k and its mirror i < c.
    let (rounds, gone) = k <= c ? (k, c) : (c, k)
    var none = 1.0
    for i in 0..<rounds { none *= Double(n - gone - i) / Double(n - i) }
    return 1 - none
  }

  /// The mean over problems.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no problem, and as for one.
  public static func coverage(_ problems: [Attempts], k: Int) throws(PlannerError) -> Double {
    guard !problems.isEmpty else { throw .invalid(field: "problems", problem: "there is none") }
    var sum = 0.0
    for problem in problems { sum += try estimate(samples: problem.samples, correct: problem.correct, k: k) }
    return sum / Double(problems.count)
  }
}
