import Foundation

/// The least time of evening tokens out, by linear programs; layout in `Golden/README.md`.
struct ZeppelinGolden: Decodable {
  let tokens: [Int]
  let devicesPerNode: Int
  let inside, outside, seconds: Double

  /// The fixture.
  static func read() throws -> [ZeppelinGolden] {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/planner_remap.json")
    return try JSONDecoder().decode([ZeppelinGolden].self, from: Data(contentsOf: golden))
  }
}
