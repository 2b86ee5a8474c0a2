import NumericTypes
import Planner
import Testing

@Suite("Straight between points") struct PiecewiseLinearTests {
  @Test func goesThroughItsPointsAndOn() throws {
    let function = try PiecewiseLinear([(4, 1), (1, 2), (2, 4)])
    for (x, y) in [(1.0, 2.0), (2, 4), (4, 1), (1.5, 3), (3, 2.5), (0, 0), (6, -2)] {
      #expect(abs(function(x) - y) < 1e-12)
    }
    #expect(function.clamped(0) == 2 && function.clamped(9) == 1)
    #expect(abs(function.mean - (3 + 5) / 3) < 1e-12)
    #expect(try PiecewiseLinear([(3, 7)])(100) == 7)
  }

  @Test func badPoints() {
    #expect(throws: PlannerError.self) { try PiecewiseLinear([]) }
    #expect(throws: PlannerError.self) { try PiecewiseLinear([(1, 2), (1, 3)]) }
    #expect(throws: PlannerError.self) { try PiecewiseLinear([(1, .nan), (2, 3)]) }
    #expect(throws: PlannerError.self) { try PiecewiseLinear([(.infinity, 1), (2, 3)]) }
  }
}

@Suite("Percentiles of what is not kept") struct StreamingPercentilesTests {
  @Test func withinTheirBound() {
    var random = Random(seed: 11)
    var stream = StreamingPercentiles()
    var halves = [StreamingPercentiles(), StreamingPercentiles()]
    var values: [Double] = []
    for number in 0..<20_000 {
      let value = random.uniform() * random.uniform() * (number.isMultiple(of: 7) ? 90 : 0.1) + 1e-6
      values.append(value)
      stream.add(value)
      halves[number % 2].add(value)
    }
    values.sort()
    for percent in [1.0, 10, 50, 90, 99, 99.9, 100] {
      let exact = values[max(0, Int((percent / 100 * 20_000).rounded(.up)) - 1)]
      #expect(abs(stream.percentile(percent) / exact - 1) <= 1.0 / 512)
    }
    #expect(abs(stream.mean - values.reduce(0, +) / 20_000) < 1e-9 && stream.largest == values.last)
    var merged = halves[1]
    merged.merge(halves[0])
    #expect(merged.count == stream.count)
    for percent in stride(from: 0.0, through: 100, by: 0.5) {
      #expect(merged.percentile(percent) == stream.percentile(percent))
    }
  }

  @Test func outermostValues() {
    var stream = StreamingPercentiles()
    #expect(stream.percentile(50) == 0 && stream.mean == 0)
    for value in [0, 1e-300, 1e300, .greatestFiniteMagnitude] { stream.add(value) }
    stream.add(3, times: 0)
    #expect(stream.count == 4 && stream.percentile(100) > 0x1p31 && stream.percentile(25) < 0x1p-31)
  }
}
