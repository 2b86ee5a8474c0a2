import Formats
import Foundation
import Testing
import Training
import VenturiTesting

@Suite("Tables of scikit-learn") struct KnownTableTests {
  struct Golden: Decodable {
    let name: String
    let rows, columns: Int
    let classes: [String]
    let classCounts: [Int]
    let sum, targetSum: Double
    let values, targets: String
  }

  private static func digest(_ numbers: [Double]) -> String {
    var digest = SHA256()
    numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }

  @Test("Each has the very numbers that scikit-learn's own loaders give")
  func known() throws {
    let golden = try JSONDecoder().decode([Golden].self, from: Data(contentsOf: GoldenFiles.url("tables.json")))
    #expect(golden.map(\.name) == KnownTable.allCases.map(\.rawValue))
    for item in golden {
      let known = try #require(KnownTable(rawValue: item.name))
      let table = try known.read(folder: GoldenFiles.data(item.name))
      #expect(table.count == item.rows && table.columns == item.columns, "\(item.name)")
      #expect(table.classNames == item.classes, "\(item.name)")
      #expect(item.classes.indices.map { label in table.labels.count { $0 == label } } == item.classCounts)
      #expect(abs(table.values.reduce(0, +) - item.sum) <= 1e-9 * item.sum, "\(item.name)")
      #expect(table.targets.reduce(0, +) == item.targetSum, "\(item.name)")
      #expect(Self.digest(table.values) == item.values && Self.digest(table.targets) == item.targets, "\(item.name)")
    }
  }

  @Test("Files that are not theirs are refused by name", arguments: ["1,1\n2\n", "2,1,a\n1,0\n", "1,1,a\n1,3\n", ""])
  func damaged(_ text: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tables-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(text.utf8).write(to: folder.appending(path: "iris.csv"))
    #expect(throws: DataError.self) { try KnownTable.iris.read(folder: folder.path) }
    #expect(throws: DataError.self) { try KnownTable.wine.read(folder: folder.path) }
  }

  @Test("Parts are disjoint, whole, and the same for a seed; standardised ones have mean 0 and deviation 1")
  func parts() throws {
    let table = try NumberTable(
      columns: 2, values: (0..<40).map { Double($0 * $0) }, targets: (0..<20).map { Double($0) }, classNames: [])
    let parts = try table.split([0.6, 0.2], seed: 3)
    #expect(parts.map(\.count) == [12, 4, 4])
    #expect(parts.flatMap(\.targets).sorted() == table.targets)
    #expect(try table.split([0.6, 0.2], seed: 3) == parts)
    #expect(try table.split([0.6, 0.2], seed: 4) != parts)
    let even = parts[0].standardized(by: parts[0])
    for column in 0..<2 {
      let values = (0..<12).map { even.values[2 * $0 + column] }
      #expect(abs(values.reduce(0, +)) < 1e-12)
      #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 12 - 1) < 1e-12)
    }
    #expect(throws: DataError.self) { try table.split([0.9, 0.2], seed: 0) }
    #expect(throws: DataError.self) {
      try NumberTable(columns: 2, values: [1, 2, 3], targets: [0, 1], classNames: [])
    }
    #expect(throws: DataError.self) {
      try NumberTable(columns: 1, values: [1, 2], targets: [0, 2], classNames: ["a", "b"])
    }
  }

  @Test("Enlarged images keep constants and ramps; distractors are as many as asked, the same each time")
  func enlarged() throws {
    func image(_ values: [Double]) throws -> NumberTable {
      try NumberTable(columns: 16, values: values, targets: [0], classNames: ["a"])
    }
    let flat = try image([Double](repeating: 0.5, count: 16)).enlarged(side: 4, to: 9, distractors: 0, seed: 0)
    #expect(flat.columns == 81 && flat.values.allSatisfy { $0 == 0.5 })
    // A ramp along x stays one between the middles of the first and the last pixel.
    let ramp = try image((0..<16).map { Double($0 % 4) }).enlarged(side: 4, to: 8, distractors: 0, seed: 0)
    #expect(Array(ramp.values[..<8]) == [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
    let noisy = try image([Double](repeating: 2, count: 16)).enlarged(side: 4, to: 9, distractors: 20, seed: 7)
    let changed = noisy.values.count { $0 != 2 }
    #expect((10...20).contains(changed) && noisy.values.allSatisfy { $0 == 2 || (0..<1).contains($0) })
    #expect(
      try image([Double](repeating: 2, count: 16)).enlarged(side: 4, to: 9, distractors: 20, seed: 7) == noisy)
    #expect(throws: DataError.self) { try flat.enlarged(side: 4, to: 9, distractors: 0, seed: 0) }
    #expect(throws: DataError.self) { try flat.enlarged(side: 9, to: 9, distractors: 82, seed: 0) }
  }
}
