import Costs
import NumericTypes
import Profiling
import Testing

/// What holds for the stretches of every step.
enum SpanLaw {
  /// What is wrong with the stretches of a step, if anything.
  static func problem(_ span: DissectionSpan, _ step: DissectedStep) -> String? {
    for one in span.all {
      if one.end < one.start { return "\(one.name) ends before it begins" }
      var at = one.start
      for child in one.children {
        if child.start < at || child.end > one.end { return "\(child.name) is not in \(one.name), or in its neighbour" }
        at = child.end
      }
      let sum = one.children.reduce(0) { $0 + $1.seconds }
      if sum > one.seconds * (1 + 1e-12) + 1e-12 { return "\(one.name) is shorter than what is in it" }
    }
    let runs = span.all.filter { $0.level == .operator }
    if runs.count != step.operators.count { return "\(runs.count) operators of \(step.operators.count)" }
    let (found, wanted) = (runs.reduce(0) { $0 + $1.seconds }, step.operators.reduce(0) { $0 + $1.seconds })
    return abs(found - wanted) > 1e-9 * max(1, wanted) ? "operators take \(found), not \(wanted)" : nil
  }
}

@Suite("Stretches of a step")
struct DissectionSpanTests {
  /// A step with operators at random places.
  private static func step(_ seed: UInt64) -> DissectedStep {
    var random = Random(seed: seed)
    func below(_ count: Int) -> Int { Int(random.uniform() * Double(count)) }
    var at = 0.0
    let operators = (0..<below(60)).map { _ -> DissectedOperator in
      at += random.uniform()
      let seconds = random.uniform()
      defer { at += seconds }
      return DissectedOperator(
        kind: [.matmul, .copy, .softmax][below(3)], phase: DissectionPhase.allCases[below(4)],
        module: ["qkv", "norm", "head"][below(3)], part: ["", "scores"][below(2)],
        layer: below(4) == 0 ? nil : below(3), start: at, seconds: seconds)
    }
    return DissectedStep(operators, seconds: at + random.uniform())
  }

  @Test("They nest, follow each other and sum, whatever the step")
  func nest() {
    for seed in 0..<300 {
      let step = Self.step(UInt64(seed))
      let span = DissectionSpan(step)
      #expect(SpanLaw.problem(span, step) == nil, "seed \(seed)")
      let busy = step.operators.reduce(0) { $0 + $1.seconds }
      #expect(abs(busy + step.idle - step.seconds) < 1e-9, "seed \(seed)")
      let modules = DissectedModule.modules(of: [step, step])
      #expect(abs(modules.reduce(0) { $0 + $1.seconds } - busy) < 1e-9)
      #expect(modules.reduce(0) { $0 + $1.calls } == step.operators.count)
    }
  }

  @Test("The law finds what is wrong")
  func fails() {
    let one = DissectedOperator(kind: .copy, phase: .forward, module: "a", layer: 0, start: 0, seconds: 2)
    let other = DissectedOperator(kind: .copy, phase: .forward, module: "b", layer: 0, start: 1, seconds: 2)
    let overlapping = DissectedStep([one, other], seconds: 3)
    #expect(SpanLaw.problem(DissectionSpan(overlapping), overlapping) != nil)
    let step = DissectedStep([one], seconds: 3)
    #expect(SpanLaw.problem(DissectionSpan(overlapping), step) != nil)
  }
}
