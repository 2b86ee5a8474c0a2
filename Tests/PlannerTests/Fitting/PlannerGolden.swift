import Foundation

/// What numpy and scipy found; layout in `Golden/README.md`.
struct PlannerGolden: Decodable {
  struct Linear: Decodable {
    let rows: [[Double]]
    let values, weights, coefficients: [Double]
    let squares: Double
    let inverseNormal: [[Double]]
    let nonnegative: [Double]
  }
  struct Curve: Decodable {
    let initial: Double
    let compute, rates: [Double]
    let ceiling, steepness, middle, squares: Double
  }
  struct Saturation: Decodable {
    let counts: [Int]
    let scores: [Double]
    let ceiling, chance: Double
    let errors: [Double]
  }
  struct Beta: Decodable {
    let a, b, n, missed: Double
  }
  struct Threshold: Decodable {
    let negatives, positives, skill, spread, reduction, trueNegative, falseNegative: Double
  }

  let linear: [Linear]
  let computeCurves: [Curve]
  let saturation: Saturation
  let beta: [Beta]
  let thresholds: [Threshold]

  /// The fixture.
  static func read() throws -> PlannerGolden {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/planner_fits.json")
    return try JSONDecoder().decode(PlannerGolden.self, from: Data(contentsOf: golden))
  }
}
