import ArgumentParser
import Console
import Formats
import Planner

/// How far a run of reinforcement learning will get.
package struct PlanRLFit: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "rl-fit", abstract: "Fits how a run's pass rate grows with compute, and extrapolates it.",
    discussion: """
      A file is a CSV table with the columns compute and rate; several files are compared at the largest compute, or at --at \
      (Khatri et al.: The Art of Scaling Reinforcement Learning Compute for LLMs, 2025).
      """)

  @Argument(help: "Runs: CSV files with the columns compute and rate.")
  package var files: [String]

  @Option(help: "The pass rate before any training.")
  package var initial: Double

  @Flag(help: "Fit on the first half of the compute and compare with the end.")
  package var half = false

  @Flag(help: "Fit a power law too.")
  package var powerLaw = false

  @Option(help: "Leave out points below this compute, in place of the warm-up.")
  package var from: Double?

  @Option(help: "The compute to extrapolate to.")
  package var at: Double?

  @Option(help: "Draws of points for the bands.")
  package var draws = 200

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  private struct Run {
    var file: String
    var points: [ComputePoint]
    var fit: ComputeCurveFit
    var law: ComputePowerLaw?
    var at: Double
  }

  package func run() throws {
    if let at, !(at > 0 && at.isFinite) {
      throw PlannerError.invalid(field: "--at", problem: "\(at) must be above 0")
    }
    let runs = try files.map { file in
      let table = try PlanTable(file)
      let points = zip(try table.numbers("compute"), try table.numbers("rate")).map {
        ComputePoint(compute: $0, rate: $1)
      }
      let last = points.map(\.compute).max() ?? 0
      let used = half ? points.filter { $0.compute <= last / 2 } : points
      let fit = try ComputeCurveFit(
        used, initial: initial, skip: from.map { ComputeCurveFit.Skip.below($0) } ?? .warmUp, draws: draws)
      return Run(
        file: file, points: points, fit: fit, law: powerLaw ? try ComputePowerLaw(fit.points) : nil, at: at ?? last)
    }
    let ranked = runs.sorted { $0.fit.curve.value(at: $0.at) > $1.fit.curve.value(at: $1.at) }
    if output.json {
      Output.answer(JSON.array(try ranked.map { try json($0, leader: ranked[0]) }).line)
    } else {
      Output.answer(try ranked.map { try text($0, leader: ranked[0]) }.joined(separator: "\n\n"))
    }
  }

  private func last(_ run: Run) -> ComputePoint? { run.points.max { $0.compute < $1.compute } }

  /// Where the leader passes another run; `nil` for the leader itself.
  private func overtaken(_ run: Run, by leader: Run) throws -> Double? {
    guard run.file != leader.file else { return nil }
    let computes = (run.points + leader.points).map(\.compute)
    let (low, high) = (computes.min() ?? 1, max(run.at, leader.at, computes.max() ?? 1))
    return try leader.fit.curve.overtaking(run.fit.curve, in: low...high)
  }

  private func json(_ run: Run, leader: Run) throws -> JSON {
    func band(_ band: ClosedRange<Double>?) -> JSON {
      guard let band else { return .null }
      return .array([.number(band.lowerBound), .number(band.upperBound)])
    }
    func number(_ value: Double?) -> JSON { value.map { JSON.number($0) } ?? .null }
    let curve = run.fit.curve
    var law = JSON.null
    if let found = run.law {
      law = [
        "ceiling": .number(found.ceiling), "scale": .number(found.scale), "exponent": .number(found.exponent),
        "residual": .number(found.residual), "rate": .number(found.value(at: run.at)),
      ]
    }
    return [
      "file": .string(run.file), "points": .integer(run.fit.points.count), "initial": .number(curve.initial),
      "ceiling": .number(curve.ceiling), "ceilingBand": band(run.fit.ceilingBand),
      "steepness": .number(curve.steepness), "steepnessBand": band(run.fit.steepnessBand),
      "middle": .number(curve.middle), "middleBand": band(run.fit.middleBand), "residual": .number(run.fit.residual),
      "at": .number(run.at), "rate": .number(curve.value(at: run.at)), "rateBand": band(run.fit.band(at: run.at)),
      "measured": number(last(run)?.rate), "powerLaw": law, "overtakenAt": number(try overtaken(run, by: leader)),
    ]
  }

  private func text(_ run: Run, leader: Run) throws -> String {
    func band(_ band: ClosedRange<Double>?, _ digits: Int) -> String {
      band.map { "\(Human.fixed($0.lowerBound, digits)) to \(Human.fixed($0.upperBound, digits))" } ?? ""
    }
    let (curve, fit) = (run.fit.curve, run.fit)
    var rows = [
      ["ceiling A", Human.fixed(curve.ceiling, 4), band(fit.ceilingBand, 4)],
      ["steepness B", Human.fixed(curve.steepness, 3), band(fit.steepnessBand, 3)],
      ["middle C", Human.fixed(curve.middle, 1), band(fit.middleBand, 1)],
      ["residual", Human.fixed(fit.residual, 5), "\(fit.points.count) points"],
      ["at \(Human.fixed(run.at, 1))", Human.fixed(curve.value(at: run.at), 4), band(fit.band(at: run.at), 4)],
    ]
    if let last = last(run) { rows.append(["measured there", Human.fixed(last.rate, 4), "at \(last.compute)"]) }
    if let law = run.law {
      rows.append([
        "power law", Human.fixed(law.value(at: run.at), 4), "residual \(Human.fixed(law.residual, 5))",
      ])
    }
    if let place = try overtaken(run, by: leader) {
      rows.append(["overtaken", Human.fixed(place, 1), "by \(leader.file)"])
    }
    return run.file + "\n" + Human.table(rows, numeric: [1]) + "\n" + Self.plot(run)
  }

  /// The points and the curve over the logarithm of compute, a column each.
  private static func plot(_ run: Run) -> String {
    let (columns, rows) = (60, 12)
    let computes = run.points.map(\.compute)
    guard let low = computes.min(), let high = computes.max(), high > low else { return "" }
    let top = max(run.fit.curve.ceiling, run.points.map(\.rate).max() ?? 1)
    var cells = [[Character]](repeating: [Character](repeating: " ", count: columns), count: rows)
    func row(_ rate: Double) -> Int { rows - 1 - min(rows - 1, max(0, Int(rate / top * Double(rows - 1) + 0.5))) }
    for column in 0..<columns {
      let compute = low * power(high / low, Double(column) / Double(columns - 1))
      cells[row(run.fit.curve.value(at: compute))][column] = "·"
    }
    for point in run.points {
      let nearest = (0..<columns).min { a, b in
        distance(point.compute, low * power(high / low, Double(a) / Double(columns - 1)))
          < distance(point.compute, low * power(high / low, Double(b) / Double(columns - 1)))
      }
      cells[row(point.rate)][nearest ?? 0] = "o"
    }
    return cells.map { String($0) }.joined(separator: "\n")
  }

  private static func distance(_ a: Double, _ b: Double) -> Double { max(a / b, b / a) }

  /// A power by roots: a plot needs no more digits.
  private static func power(_ base: Double, _ exponent: Double) -> Double {
    var (root, rest, result) = (base, exponent, 1.0)
    if rest >= 1 { return base }
    for _ in 0..<30 {
      root = root.squareRoot()
      rest *= 2
      if rest >= 1 {
        result *= root
        rest -= 1
      }
    }
    return result
  }
}
