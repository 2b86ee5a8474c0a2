import Foundation

/// What hyperopt and scipy found; layout in `Golden/README.md`.
struct TunerGolden: Decodable {
  struct Found: Decodable {
    let median: Double
    let values: [Double]
  }
  struct Probe: Decodable {
    let point: [Double]
    let value: Double
  }
  struct Function: Decodable {
    let tpe, random: Found
    let probes: [Probe]
  }
  struct Ranks: Decodable {
    let x, y: [Double]
    let rho: Double
  }

  let trials, seeds: Int
  let functions: [String: Function]
  let ranks: [Ranks]

  /// The fixture.
  static func read() throws -> TunerGolden {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/tuner.json")
    return try JSONDecoder().decode(TunerGolden.self, from: Data(contentsOf: golden))
  }
}
