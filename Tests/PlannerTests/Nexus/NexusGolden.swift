import Foundation

/// What scipy fitted; layout in `Golden/README.md`.
struct NexusGolden: Decodable {
  struct Row: Decodable {
    let workload, kind: String
    let median, sigma: Double
  }

  let rows: [Row]

  /// The fixture.
  static func read() throws -> NexusGolden {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/planner_nexus.json")
    return try JSONDecoder().decode(NexusGolden.self, from: Data(contentsOf: golden))
  }
}
