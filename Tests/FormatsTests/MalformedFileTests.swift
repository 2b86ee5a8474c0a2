import Formats
import Testing
import VenturiTesting

@Suite("GGUF: hostile files")
struct MalformedFileTests {
  @Test("There are enough files, enough of each class, and no two of one name")
  func tripwire() {
    #expect(MalformedGGUF.all.count >= 200)
    for category in MalformedGGUF.Category.allCases {
      let count = MalformedGGUF.all.count { $0.category == category }
      #expect(count >= 5, "\(category.rawValue): \(count) files")
    }
    for stage in MalformedGGUF.Stage.allCases {
      #expect(MalformedGGUF.all.contains { $0.stage == stage }, "\(stage.rawValue) has no file")
    }
    #expect(Set(MalformedGGUF.all.map(\.name)).count == MalformedGGUF.all.count)
  }

  @Test("The files they were made from are valid")
  func bases() throws {
    let small = try GGUFFile(ByteView(copying: MalformedGGUF.base.encoded()))
    #expect(small.tensors.count == 2)
    #expect(small.entries.count == 5)
    #expect(try GGUFFile(ByteView(copying: TinyLlama.file(dtype: .q4_0))).tensors.count == 20)
  }

  @Test("What parsing must refuse is refused by name", .timeLimit(.minutes(5)))
  func parsing() {
    var refused = 0
    for file in MalformedGGUF.all where file.stage == .parse {
      let bytes = file.bytes
      do {
        _ = try GGUFFile(ByteView(copying: bytes))
        Issue.record("\(file.category.rawValue), \(file.name): was accepted")
      } catch {
        refused += 1
        #expect(error.field == file.field, "\(file.category.rawValue), \(file.name): \(error)")
        #expect((0...bytes.count).contains(error.offset ?? -1), "\(file.name): \(error)")
        #expect(error.description.contains(error.field) && error.description.contains("byte"), "\(file.name)")
      }
    }
    #expect(refused >= 200)
  }

  @Test("What a later step must refuse parses, and everything in it can be read", .timeLimit(.minutes(5)))
  func laterSteps() throws {
    var read = 0
    for file in MalformedGGUF.all where file.stage != .parse {
      let parsed = try GGUFFile(ByteView(copying: file.bytes))
      #expect(GGUFLaws.violations(in: parsed).isEmpty, "\(file.name)")
      if GGUFLaws.readEverything(in: parsed) != 0 { read += 1 }
    }
    #expect(read >= 100)
  }

  @Test("Arrays of another type than the reader assumes")
  func narrowArrays() throws {
    for file in MalformedGGUF.all where file.category == .g11 {
      let parsed = try GGUFFile(ByteView(copying: file.bytes))
      #expect(throws: FormatError.self, "\(file.name)") {
        _ = try parsed.string("tokenizer.ggml.model")
        let tokens = try parsed.strings("tokenizer.ggml.tokens")
        _ = try parsed.strings("tokenizer.ggml.merges")
        _ = try parsed.int32s("tokenizer.ggml.token_type", count: tokens.count)
      }
    }
  }

  @Test("Truncation at every byte", .timeLimit(.minutes(5)))
  func truncation() throws {
    var refused = 0
    for file in [MalformedGGUF.base.encoded(), TinyLlama.file(dtype: .q4_0)] {
      let view = ByteView(copying: file)
      for size in 0..<file.count {
        do {
          let parsed = try GGUFFile(view[0..<size])
          #expect(GGUFLaws.violations(in: parsed).isEmpty, "cut after \(size)")
          // Only the padding after the last tensor can be missed by nobody.
          #expect(file.count - size <= 31, "cut after \(size) of \(file.count)")
        } catch {
          refused += 1
          #expect((0...size).contains(error.offset ?? -1), "cut after \(size): \(error)")
        }
      }
    }
    #expect(refused > 50_000)
  }

  @Test("Every bit of the header flipped", .timeLimit(.minutes(5)))
  func bitFlips() throws {
    var (refused, accepted) = (0, 0)
    let model = TinyLlama()
    for (image, readsAll) in [(MalformedGGUF.base, true), (model.image(), false)] {
      let header = image.header().count
      var bytes = image.encoded()
      for bit in 0..<8 * header {
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        defer { bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
        bytes.withUnsafeBytes { raw in
          do throws(FormatError) {
            let file = try GGUFFile(raw, keeper: nil)
            accepted += 1
            if readsAll {
              #expect(GGUFLaws.violations(in: file).isEmpty, "bit \(bit)")
              _ = GGUFLaws.readEverything(in: file)
            }
          } catch {
            refused += 1
            #expect((0...raw.count).contains(error.offset ?? -1), "bit \(bit): \(error)")
          }
        }
      }
    }
    #expect(refused > 5_000)
    #expect(accepted > 1_000)
  }
}
