import Costs
import Planner
import Testing

@Suite("Calibration")
struct CalibrationTests {
  private static func steps() throws -> [PlannedStep] {
    let shape = try ModelCatalogue.published.entry("smollm2").shape
    return try [(512, 0), (1, 0), (512, 2048), (1, 2048), (64, 0), (1, 512), (128, 1024)].map { tokens, past in
      shape.forward(try Workload(tokens: tokens, past: past), precision: .int8, lastLogitsOnly: true)
    }
  }

  private static func device() throws -> Device { try DeviceCatalogue.published.device("L4") }

  /// What a device takes that reaches known fractions.
  private static func seconds(_ step: PlannedStep, overhead: Double) throws -> Double {
    let attention = Efficiency(compute: 0.1, memory: 0.8)
    let model = try RooflineCostModel(
      [.matmul: Efficiency(compute: 0.4, memory: 0.8), .attention: attention], fallback: attention)
    let runs = step.operators.reduce(0) { $0 + $1.count }
    return try model.estimate(step, on: device()).seconds + overhead * Double(runs)
  }

  @Test func findsTheFractionsOfADeviceThatHasThem() throws {
    let rows = try Self.steps().enumerated().map { index, step in
      MeasuredStep("\(index)", step, seconds: try Self.seconds(step, overhead: 2e-6), isFitted: index < 5)
    }
    let found = try Calibration(rows, on: Self.device(), source: ("a test", "2026"))
    #expect(abs(found.products - 0.4) < 0.004 && abs(found.memory - 0.8) < 0.008)
    #expect(abs(found.overhead - 2e-6) < 1e-7)
    #expect(found.fitted.count == 5 && found.heldOut.count == 2)
    for row in found.heldOut { #expect(abs(row.error) < 0.01 && row.plainError < -0.1) }
    #expect(try found.seconds(rows[0].step) == found.fitted[0].predicted)
  }

  @Test func whatCannotBeFitted() throws {
    let steps = try Self.steps()
    let few = steps.prefix(3).map { MeasuredStep("few", $0, seconds: 1, isFitted: true) }
    #expect(throws: PlannerError.invalid(field: "fitted rows", problem: "3, where 4 constants want at least as many")) {
      try Calibration(Array(few), on: Self.device(), source: ("a test", "2026"))
    }
    for seconds in [0, -1, .nan, .infinity] {
      let rows = steps.map { MeasuredStep("odd", $0, seconds: seconds, isFitted: true) }
      #expect(throws: PlannerError.self) { try Calibration(rows, on: Self.device(), source: ("a test", "2026")) }
    }
  }
}
