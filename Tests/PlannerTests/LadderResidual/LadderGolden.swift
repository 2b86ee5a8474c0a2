import Foundation

/// What scipy fitted; layout in `Golden/README.md`.
struct LadderGolden: Decodable {
  struct Row: Decodable {
    let batch, devices: Int
    let direct: Bool
    let wiring: String
    let tokensPerSecond: Double
  }

  let squares: Double
  let parameters: [Double]
  let rows: [Row]

  /// The fixture.
  static func read() throws -> LadderGolden {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/planner_ladder.json")
    return try JSONDecoder().decode(LadderGolden.self, from: Data(contentsOf: golden))
  }
}
