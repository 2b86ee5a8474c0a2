import Costs
import Profiling
import Tensors
import Training

extension RuntimeDissectionExperiment {
  /// The sheet's oracle, on a small model.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: dissected steps")
    return [
      try Check("stretches of steps nest, follow each other and sum") { try Self.nesting() },
      try Check("operations of products equal the closed forms exactly") { try Self.operations() },
      try Check("F, R and O leave the losses of four steps as they are, to 1e-5; Q to 2 %") { try Self.losses() },
      try Check("the peak is the allocator’s high-water mark, and rehearsals foresee it") { try Self.peaks() },
      try Check("combinations that cannot be are refused with a reason") { try Self.refusals() },
    ]
  }

  private static let (rows, length) = (2, 64)

  private static func run(_ cell: String, threads: Int = 2) throws -> (DissectedTraining, Context) {
    let context = Context(threads: threads)
    let run = try DissectedTraining(
      .sizes(sizes), DissectionCell(parsing: cell), rows: rows, length: length, context: context)
    return (run, context)
  }

  private static func step(_ cell: String) throws -> DissectedStep {
    let (run, _) = try run(cell)
    try run.step()
    return try run.recordedStep()
  }

  private static func nesting() throws -> (passed: Bool, detail: String) {
    var (spans, wrong) = (0, 0)
    for cell in ["N", "F+R", "F+QL"] {
      let step = try step(cell)
      for span in DissectionSpan(step).all {
        var at = span.start
        for child in span.children {
          if child.start < at || child.end > span.end { wrong += 1 }
          at = child.end
        }
        spans += 1
      }
      let sum = step.operators.reduce(0) { $0 + $1.seconds } + step.idle
      if abs(sum / step.seconds - 1) > 1e-6 { wrong += 1 }
    }
    return (wrong == 0, "\(spans) stretches")
  }

  private static func operations() throws -> (passed: Bool, detail: String) {
    let wrong = try ["N", "F", "R", "F+R", "F+O"].filter { name in
      try step(name).products
        != products(sizes, DissectionCell(parsing: name), rows: rows, length: length)
    }
    return (wrong.isEmpty, wrong.isEmpty ? "five cells" : "not in \(wrong.joined(separator: ", "))")
  }

  private static func losses() throws -> (passed: Bool, detail: String) {
    func losses(_ cell: String) throws -> [Double] {
      let (run, _) = try run(cell)
      for _ in 0..<4 { try run.step() }
      return run.losses
    }
    func difference(_ cell: String, _ other: String) throws -> Double {
      zip(try losses(cell), try losses(other)).reduce(0) { max($0, abs($1.0 / $1.1 - 1)) }
    }
    var exact = 0.0
    for cell in ["F", "R", "O", "F+R+O"] { exact = max(exact, try difference(cell, "N")) }
    let packed = try difference("F+QL", "F+L")
    return (exact <= 1e-5 && packed <= 0.02 && packed > 0, "\(exact) and \(packed)")
  }

  private static func peaks() throws -> (passed: Bool, detail: String) {
    var (worst, equal) = (0.0, true)
    for name in ["N", "F", "F+R", "O", "F+L"] {
      let (run, context) = try run(name)
      try run.step()
      if run.memory.peak != context.allocator.peakLiveBytes { equal = false }
      try run.step()
      let foreseen = try DissectedTraining.rehearsedPeak(
        .sizes(sizes), DissectionCell(parsing: name), rows: rows, length: length, threads: 2)
      worst = max(worst, abs(Double(foreseen) / Double(run.memory.peak) - 1))
    }
    return (equal && worst < 0.02, "rehearsals differ by \((worst * 1e4).rounded() / 100) % at most")
  }

  private static func refusals() throws -> (passed: Bool, detail: String) {
    let impossible: [(String, DissectionMode)] = [
      ("Q", .train), ("L", .train), ("Q", .finetune), ("Z2", .train), ("F+R+Z3+O", .train), ("O", .serve),
      ("R", .serve),
    ]
    var passed = 0
    for (name, mode) in impossible {
      do { try DissectionCell(parsing: name).prove(in: mode) } catch DissectionError.impossible(_, _, let reason) {
        if !reason.isEmpty { passed += 1 }
      }
    }
    return (passed == impossible.count, "\(passed) of \(impossible.count)")
  }
}
