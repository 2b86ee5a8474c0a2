import Foundation
import NumericTypes
import Planner
import Testing

@Suite struct LandscapeTests {
  private static func axes(_ counts: [Int]) -> [Landscape.Axis] {
    counts.enumerated().map { axis in Landscape.Axis("a\(axis.offset)", (0..<axis.element).map { "\($0)" }) }
  }

  private static func normal(_ random: inout Random) -> Double {
    (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * .pi * random.uniform())
  }

  /// 1 to 6 peaks of a height and width that the noise cannot hide, three repetitions: all of them and nothing else.
  @Test(arguments: 1...6) func plantedPeaksAreFound(_ count: Int) throws {
    for seed in 0..<20 {
      let (side, noise) = (12, 2.0)
      var random = Random(seed: UInt64(seed), stream: UInt64(count))
      var peaks: [(y: Int, x: Int, height: Double)] = []
      while peaks.count < count {
        let (y, x) = (Int(random.uniform() * Double(side)), Int(random.uniform() * Double(side)))
        guard peaks.allSatisfy({ max(abs($0.y - y), abs($0.x - x)) >= 4 }) else { continue }
        peaks.append((y, x, 30 + 40 * random.uniform()))
      }
      let measured = (0..<side * side).map { point -> [Double] in
        let value = peaks.reduce(100.0) { sum, peak in
          let (dy, dx) = (Double(peak.y - point / side), Double(peak.x - point % side))
          return sum + peak.height * exp(-(dy * dy + dx * dx) / 2)
        }
        return (0..<3).map { _ in value + noise * Self.normal(&random) }
      }
      let landscape = try Landscape(Self.axes([side, side]), measured)
      #expect(abs(landscape.deviation - noise) < 0.25)
      let expected = peaks.sorted { $0.height > $1.height }.map { $0.y * side + $0.x }
      #expect(Set(landscape.localMaxima) == Set(expected), "\(count) peaks, seed \(seed)")
      #expect(
        landscape.localMaxima.map { landscape.values[$0] }
          == landscape.localMaxima.map { landscape.values[$0] }.sorted(by: >))
    }
  }

  /// Peaks that are lower than the noise are none.
  @Test func noiseIsNoPeak() throws {
    var found = 0
    for seed in 0..<50 {
      var random = Random(seed: UInt64(seed))
      let measured = (0..<144).map { point in
        (0..<3).map { _ in 100 + (point == 66 ? 3 : 0) + 2 * Self.normal(&random) }
      }
      found += try Landscape(Self.axes([12, 12]), measured).localMaxima.count
    }
    #expect(found <= 2, "\(found) in 50 landscapes of 144 points")
  }

  @Test func whatTouchesAtACornerIsANeighbour() throws {
    // A ridge along the diagonal has one top, not three.
    let ridge = try Landscape(Self.axes([3, 3]), [5, 0, 0, 0, 6, 0, 0, 0, 7].map { [$0] })
    #expect(ridge.localMaxima == [8] && ridge.maximum == 8 && ridge.band == 0)
    // Without an order all values of an axis are neighbours.
    let choices = Landscape.Axis("kind", ["a", "b", "c"], ordered: false)
    #expect(try Landscape([choices], [[5], [1], [4]]).localMaxima == [0])
    #expect(try Landscape(Self.axes([3]), [[5], [1], [4]]).localMaxima == [0, 2])
    #expect(ridge.name(5) == "a0 1, a1 2" && ridge.places(5) == [1, 2] && ridge.point([1, 2]) == 5)
  }

  /// The sum over ways beside a long walk, on ordered and unordered axes.
  @Test func theWalksCorrelationIsThatOfALongWalk() throws {
    var random = Random(seed: 11)
    let axes = [
      Landscape.Axis("x", (0..<5).map { "\($0)" }), Landscape.Axis("y", (0..<4).map { "\($0)" }),
      Landscape.Axis("z", ["a", "b", "c"], ordered: false),
    ]
    for trial in 0..<3 {
      let values = (0..<60).map { point in
        Double(trial) * Double(point / 12) + random.uniform()
      }
      let landscape = try Landscape(axes, values.map { [$0] })
      var here = [2, 2, 1]
      var walked: [Double] = []
      for _ in 0..<400_000 {
        var ways: [[Int]] = []
        for axis in 0..<3 {
          let count = axes[axis].labels.count
          let places =
            axis == 2
            ? (0..<3).filter { $0 != here[2] } : [here[axis] - 1, here[axis] + 1].filter { (0..<count).contains($0) }
          for place in places {
            var there = here
            there[axis] = place
            ways.append(there)
          }
        }
        here = ways[Int(random.uniform() * Double(ways.count))]
        walked.append(values[landscape.point(here)])
      }
      let mean = walked.reduce(0, +) / Double(walked.count)
      let square = walked.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let product = zip(walked, walked.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
      let exact = try #require(landscape.walkCorrelation)
      #expect(abs(exact - product / square) < 0.02, "\(exact) and \(product / square)")
    }
    // In turns high and low: each step goes to the other.
    let board = (0..<16).map { [Double(($0 / 4 + $0 % 4) % 2)] }
    #expect(try abs(#require(Landscape(Self.axes([4, 4]), board).walkCorrelation) + 1) < 1e-12)
    #expect(try Landscape(Self.axes([4]), [[1], [1], [1], [1]]).walkCorrelation == nil)
  }

  /// f = 3x + y² + 2xy on a grid: the parts by closed forms, and the rest of them is the pair's.
  @Test func effectsAreThoseOfTheClosedForm() throws {
    let (n, m) = (5, 4)
    var values: [Double] = []
    for x in 0..<n { for y in 0..<m { values.append(3 * Double(x) + Double(y * y) + 2 * Double(x * y)) } }
    let effects = try MainEffects(values, [n, m])
    func variance(_ numbers: [Double]) -> Double {
      let mean = numbers.reduce(0, +) / Double(numbers.count)
      return numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)
    }
    // Means over y: (3 + 2·1.5) x + 3.5; over x: y² + 4y + 6. What is left: 2 (x − 2)(y − 1.5).
    let total = variance(values)
    let first = variance((0..<n).map { 6 * Double($0) })
    let second = variance((0..<m).map { Double($0 * $0) + 4 * Double($0) })
    let both = 4 * variance((0..<n).map(Double.init)) * variance((0..<m).map(Double.init))
    #expect(abs(effects.variance - total) < 1e-9)
    #expect(abs(effects.shares[0] - first / total) < 1e-12 && abs(effects.shares[1] - second / total) < 1e-12)
    #expect(abs(effects.pairs[0] - both / total) < 1e-12)
    #expect(abs(effects.shares.reduce(0, +) + effects.pairs[0] - 1) < 1e-12 && effects.strongest == 0)
    #expect(try MainEffects([2, 2, 2, 2], [2, 2]).strongest == nil)
    #expect(throws: PlannerError.self) { try MainEffects(values, [5, 5]) }
    #expect(throws: PlannerError.self) { try MainEffects(values, [.max, .max]) }
    #expect(throws: PlannerError.self) { try MainEffects([], []) }
  }

  /// From a third of the points a forest tells which parameter counts.
  @Test func aForestTellsTheStrongestFromSomeTrials() throws {
    let space = try ParameterSpace([
      TunableParameter("batch", .ordered(7)), TunableParameter("threads", .ordered(2)),
      TunableParameter("chunk", .ordered(4)),
    ])
    let tuner = try InferenceTuner(space, method: .random, seed: 5)
    let trials = try tuner.run(trials: 20) { 10 * log2(1 + ($0.point[0] ?? 0)) + 3 * ($0.point[1] ?? 0) }
    let effects = try MainEffects.estimated(from: trials, of: space)
    #expect(effects.strongest == 0 && effects.shares[2] < 0.05, "\(effects.shares)")
    #expect(throws: PlannerError.self) { try MainEffects.estimated(from: [], of: space) }
  }

  @Test func theGainOfTuningAnewIsTheSheets() throws {
    let study = try TransferStudy([("two", [10, 30, 20, 0]), ("one", [12, 10, 15, 3]), ("capped", [5, 0, 4, 6])])
    #expect(study.best == [1, 2, 3])
    #expect(study.gains[0] == [0, 0.5, nil] && study.gains[1][0] == 0.5)
    #expect(study.gains[2][0] == nil && study.gains[2][1] == 4 && study.gains[1][2] == 0.5)
    #expect(throws: PlannerError.self) { try TransferStudy([("a", [1, 2]), ("b", [1])]) }
    #expect(throws: PlannerError.self) { try TransferStudy([("a", [0, 0])]) }
    #expect(throws: PlannerError.self) { try TransferStudy([]) }
  }

  @Test func ranksAreScipys() throws {
    let golden = try TunerGolden.read().ranks
    #expect(golden.count == 3)
    for case let ranks in golden {
      let ours = try #require(Correlation.spearman(ranks.x, ranks.y))
      #expect(abs(ours - ranks.rho) < 1e-12)
    }
    #expect(Correlation.spearman([1, 1], [1, 2]) == nil && Correlation.spearman([1], [1]) == nil)
    #expect(Correlation.spearman([1, .nan], [1, 2]) == nil)
  }

  @Test func whatIsNoLandscapeIsRefused() {
    #expect(throws: PlannerError.self) { try Landscape([], []) }
    #expect(throws: PlannerError.self) { try Landscape(Self.axes([2]), [[1]]) }
    #expect(throws: PlannerError.self) { try Landscape(Self.axes([2]), [[1], []]) }
    #expect(throws: PlannerError.self) { try Landscape(Self.axes([2]), [[1], [-1]]) }
    #expect(throws: PlannerError.self) { try Landscape(Self.axes([2]), [[1], [.infinity]]) }
    #expect(throws: PlannerError.self) { try Landscape(Self.axes([300, 300]), []) }
    #expect(throws: PlannerError.self) { try Landscape(Self.axes([1, 1, 1, 1, 1, 1, 1]), [[1]]) }
  }

  /// Failures are part of the landscape, but say nothing of the noise.
  @Test func failuresCountAsNothing() throws {
    let landscape = try Landscape(Self.axes([4]), [[0, 0, 0], [10, 11, 12], [0, 0, 0], [5, 6, 7]])
    #expect(landscape.values == [0, 11, 0, 6] && abs(landscape.deviation - 1) < 1e-12)
    #expect(landscape.localMaxima == [1, 3])
  }
}
