import Foundation
import Planner

/// What linear programs find on fabrics; layout in `Golden/README.md`.
struct FabricGolden: Decodable {
  struct Fabric: Decodable {
    let nodes, cards, nodesPerGroup, spines: Int
    let port, uplink: Double
    let flows: [[Int]]
    let rates: [Double]
  }

  struct Load: Decodable {
    let nodes, cards, nodesPerGroup, spines: Int
    let port, uplink: Double
    let jobs: [[Int]]
    let failed: [Int]
    let load: Double
  }

  let rates: [Fabric]
  let loads: [Load]

  /// The fixture.
  static func read() throws -> FabricGolden {
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/planner_fabric.json")
    return try JSONDecoder().decode(FabricGolden.self, from: Data(contentsOf: golden))
  }
}
