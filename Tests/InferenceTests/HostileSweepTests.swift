import Foundation
import Testing
import Venturi
import VenturiTesting

/// Valid files cut off at every byte and with every bit of their headers flipped, through the whole loader.
///
/// By default a sample; all of it with `VENTURI_SWEEP=all`.
@Suite struct HostileSweepTests {
  static let isComplete = ProcessInfo.processInfo.environment["VENTURI_SWEEP"] == "all"
  static let options = EngineOptions(threads: 1)

  /// Loads `count` bytes; whether they were a model. An error that names no field is an issue.
  static func load(_ bytes: UnsafeMutableRawBufferPointer, count: Int, _ name: @autoclosure () -> String) -> Engine? {
    do {
      let part = UnsafeMutableRawBufferPointer(rebasing: bytes[0..<count])
      return try Engine.open(Checkpoint(gguf: Storage(borrowing: part, keeper: nil)), options: options)
    } catch {
      switch error {
      // A flipped bit may make the context so long that no machine has room for it.
      case ModelError.doesNotFit: break
      default: #expect(HostileModelTests.field(of: error) != nil, "\(name()): \(type(of: error)) \(error)")
      }
      return nil
    }
  }

  @Test("Cut off at every byte", .timeLimit(.minutes(30)), arguments: ["q4_k_m", "q5_k_s"])
  func truncation(name: String) throws {
    let data = try Data(contentsOf: GoldenFiles.url("tiny/\(name).gguf.bin"))
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 64)
    defer { copy.deallocate() }
    copy.copyBytes(from: data)
    let header = try GGUFFile(ByteView(copying: data)).dataOffset
    var (refused, accepted) = (0, 0)
    for size in stride(from: 0, to: data.count, by: 1)
    where Self.isComplete || size < header && size % 7 == 0 || size % 61 == 0 || data.count - size <= 64 {
      if Self.load(copy, count: size, "\(name) cut after \(size)") == nil {
        refused += 1
      } else {
        accepted += 1
        #expect(data.count - size < 32, "\(name) cut after \(size) of \(data.count)")
      }
    }
    print("\(name): \(refused) cuts refused, \(accepted) within the padding")
    #expect(refused > (Self.isComplete ? 700_000 : 10_000))
    #expect(Self.load(copy, count: data.count, name) != nil)
  }

  @Test("Every bit of the header flipped", .timeLimit(.minutes(30)))
  func bitFlips() async throws {
    let image = TinyLlama().image()
    let header = image.header().count
    let file = image.encoded()
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 64)
    defer { bytes.deallocate() }
    bytes.copyBytes(from: file)
    var (refused, accepted) = (0, 0)
    // 7 is less than 8, and they have no common divisor: every byte and every place of a bit comes up.
    for bit in stride(from: 0, to: 8 * header, by: Self.isComplete ? 1 : 7) {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      defer { bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
      guard let engine = Self.load(bytes, count: file.count, "bit \(bit)") else {
        refused += 1
        continue
      }
      accepted += 1
      // What is a model still must answer.
      do {
        let answer = try await watched("bit \(bit)") {
          try await engine.generate("a", options: GenerationOptions(maxTokens: 2)).completion()
        }
        #expect(answer.usage.completionTokens > 0)
      } catch InferenceError.noFiniteLogit { continue }
    }
    print("bit flips: \(refused) refused, \(accepted) still models")
    #expect(refused + accepted >= (Self.isComplete ? 50_000 : 5000))
    #expect(refused > 100 && accepted > 100)
  }

  @Test("Sizes that no model has are computed or refused by name", .timeLimit(.minutes(10)))
  func oddSizes() async throws {
    var (refused, answered) = (0, 0)
    for heads in [1, 2, 3, 7] {
      for headDim in [1, 2, 3, 6, 10, 17, 40] {
        for feedForward in [1, 5, 8, 31, 33, 100] {
          for dtype in [DType.f32, .f16, .q8_0] {
            var model = TinyLlama()
            model.heads = heads
            model.kvHeads = heads
            model.width = heads * headDim
            model.feedForward = feedForward
            model.layers = 1
            model.dtype = dtype
            if dtype.isBlockQuantized, !model.width.isMultiple(of: 32) || !feedForward.isMultiple(of: 32) { continue }
            let name = "\(heads) heads of \(headDim), \(feedForward), \(dtype.displayName)"
            var bytes = model.image().encoded()
            let engine = bytes.withUnsafeMutableBytes { Self.load($0, count: $0.count, name) }
            guard let engine else {
              refused += 1
              continue
            }
            let answer = try await watched(name) {
              try await engine.generate("ab the", options: GenerationOptions(maxTokens: 3, ignoreEnd: true))
                .completion()
            }
            #expect(answer.tokens.count == 3, "\(name)")
            answered += 1
          }
        }
      }
    }
    print("odd sizes: \(answered) computed, \(refused) refused")
    #expect(answered >= 50 && refused >= 50)
  }
}
