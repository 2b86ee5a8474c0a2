import Formats
import Foundation
import Testing
import VenturiTesting

@Suite("Safetensors: hostile files")
struct MalformedSafetensorsTests {
  @Test("There are enough files, enough of each class, and no two of one name")
  func tripwire() {
    #expect(MalformedSafetensors.all.count >= 230)
    for category in MalformedSafetensors.Category.allCases {
      let count = MalformedSafetensors.all.count { $0.category == category }
      #expect(count >= 5, "\(category.rawValue): \(count) files")
    }
    #expect(MalformedSafetensors.all.count { $0.category == .paths } >= 50)
    let names = Dictionary(grouping: MalformedSafetensors.all, by: \.name).filter { $0.value.count > 1 }.keys
    #expect(names.isEmpty, "\(names)")
  }

  @Test("The files they were made from are valid")
  func bases() throws {
    let file = try SafetensorsFile(ByteView(copying: MalformedSafetensors.base))
    #expect(file.tensors.map(\.name) == ["x", "y"])
    #expect(file[metadata: "format"] == "pt")
    #expect(SafetensorsLaws.violations(in: file).isEmpty)
    let empty = try SafetensorsFile(ByteView(copying: MalformedSafetensors.file(Array("{}   ".utf8), data: 0)))
    #expect(empty.tensors.isEmpty && SafetensorsLaws.violations(in: empty).isEmpty)
    let index = try SafetensorsIndex(ByteView(copying: MalformedSafetensors.baseIndex))
    #expect(index.files == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])
    #expect(index.entries.map(\.tensor) == ["x", "y", "z"])
    #expect(index.entries.map(\.file) == [0, 1, 1])
  }

  @Test("Every one is refused by name", .timeLimit(.minutes(5)))
  func refused() {
    var refused = 0
    for file in MalformedSafetensors.all {
      let bytes = file.bytes
      do {
        switch file.kind {
        case .file: _ = try SafetensorsFile(ByteView(copying: bytes))
        case .index: _ = try SafetensorsIndex(ByteView(copying: bytes))
        }
        Issue.record("\(file.category.rawValue), \(file.name): was accepted")
      } catch {
        refused += 1
        #expect(error.field == file.field, "\(file.category.rawValue), \(file.name): \(error)")
        if case .missingKey = error { continue }
        #expect((0...bytes.count).contains(error.offset ?? -1), "\(file.name): \(error)")
        #expect(error.description.contains("byte"), "\(file.name)")
        #expect(error.description.utf8.count < 2000, "\(file.name): \(error.description.prefix(300))")
      }
    }
    #expect(refused >= 230)
  }

  @Test("Hostile names of files cannot be told apart from hostile ones by where they stand")
  func listing() throws {
    // A listing comes from a folder and may not be believed either.
    let names = ["../model.safetensors", "a/model.safetensors", "model.safetensors/.."]
    #expect(throws: FormatError.missingFile(field: "model.safetensors")) {
      try SafetensorsShards.files(index: nil, listing: names)
    }
  }

  private static func golden() throws -> [UInt8] {
    try [UInt8](Data(contentsOf: GoldenFiles.url("safetensors/all.safetensors.bin")))
  }

  @Test("Truncation at every byte", .timeLimit(.minutes(5)))
  func truncation() throws {
    var refused = 0
    for file in [MalformedSafetensors.base, try Self.golden()] {
      let view = ByteView(copying: file)
      for size in 0..<file.count {
        do {
          _ = try SafetensorsFile(view[0..<size])
          Issue.record("cut after \(size) of \(file.count): was accepted")
        } catch {
          refused += 1
          #expect((0...size).contains(error.offset ?? -1), "cut after \(size): \(error)")
        }
      }
    }
    let index = ByteView(copying: MalformedSafetensors.baseIndex)
    for size in 0..<index.count {
      do {
        _ = try SafetensorsIndex(index[0..<size])
        Issue.record("index cut after \(size): was accepted")
      } catch {
        refused += 1
        #expect((0...size).contains(error.offset ?? -1), "index cut after \(size): \(error)")
      }
    }
    #expect(refused > 6_900)
  }

  @Test("Every bit of a small header flipped, every seventh of a large one", .timeLimit(.minutes(5)))
  func bitFlips() throws {
    var (refused, accepted) = (0, 0)
    for (file, step) in [(MalformedSafetensors.base, 1), (try Self.golden(), 7)] {
      var bytes = file
      let header = 8 + bytes.prefix(2).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
      for bit in stride(from: 0, to: 8 * header, by: step) {
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        defer { bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
        bytes.withUnsafeBytes { raw in
          do throws(FormatError) {
            let file = try SafetensorsFile(ByteView(raw, keeper: nil))
            accepted += 1
            #expect(SafetensorsLaws.violations(in: file).isEmpty, "bit \(bit)")
          } catch {
            refused += 1
            #expect((0...raw.count).contains(error.offset ?? -1), "bit \(bit): \(error)")
          }
        }
      }
    }
    #expect(refused > 3_000, "\(refused)")
    #expect(accepted > 300, "\(accepted)")
  }
}
