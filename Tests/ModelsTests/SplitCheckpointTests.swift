import Formats
import Foundation
import Models
import NumericTypes
import Tensors
import Testing
import VenturiTesting

@Suite("A model in several GGUF files")
struct SplitCheckpointTests {
  /// Writes a tiny model's parts into a folder and gives their paths.
  private static func write(_ folder: TemporaryFolder, seed: UInt64 = 1) throws -> [String] {
    let whole = try GGUFFile(ByteView(copying: TinyLlama.file(seed: seed)))
    let writers = try GGUFParts.split(whole, maximumBytes: 60_000)
    return try writers.enumerated().map { number, writer in
      let name = PartName(stem: "tiny", number: number + 1, count: writers.count, suffix: ".gguf").name
      let path = "\(folder.path)/\(name)"
      try Data(writer.encoded()).write(to: URL(filePath: path))
      return path
    }
  }

  @Test("Any part opens the whole model, and it computes what the whole file does")
  func opens() throws {
    let folder = try TemporaryFolder()
    let paths = try Self.write(folder)
    #expect(paths.count >= 3)
    let context = Context(threads: 1)
    let tokens: [Int32] = [1, 5, 9, 2]
    func logits(_ checkpoint: Checkpoint) throws -> [Float] {
      let model = try ModelLoader.load(checkpoint, context: context).model
      let batch = TokenBatch([.init(state: try model.makeState(capacity: 16), tokens: tokens, logits: .all)])
      let logits = try model.evaluate(batch) { false }
      return logits.rows[0].flatMap { Array(logits.row($0)) }
    }
    let bytes = TinyLlama.file()
    let storage = try Storage(byteCount: bytes.count, allocator: Allocator(cacheLimit: 0))
    storage.base.copyMemory(from: bytes, byteCount: bytes.count)
    let whole = try Checkpoint(gguf: storage)
    for path in [paths[0], paths[1], paths[paths.count - 1]] {
      let checkpoint = try Checkpoint(path: path)
      #expect(checkpoint.tensors.map(\.name) == whole.tensors.map(\.name))
      #expect(checkpoint.entries.map(\.key) == whole.entries.map(\.key))
      #expect(checkpoint.files.count == paths.count)
      #expect(try logits(checkpoint) == logits(whole))
    }
  }

  @Test("A part that is missing, renamed, of another model, or a link out of the folder is refused by name")
  func refused() throws {
    func error(_ change: ([String]) throws -> String) throws -> FormatError? {
      let folder = try TemporaryFolder()
      let path = try change(try Self.write(folder))
      do {
        _ = try Checkpoint(path: path)
        return nil
      } catch { return error as? FormatError }
    }
    let files = FileManager.default
    func name(_ path: String) -> String { URL(filePath: path).lastPathComponent }
    var removed = ""
    let missing = try error {
      removed = name($0[1])
      try files.removeItem(atPath: $0[1])
      return $0[0]
    }
    #expect(missing == .missingFile(field: removed))
    let renamed = try error {
      let other = $0[0].replacing("tiny-00001", with: "tiny")
      try files.moveItem(atPath: $0[0], toPath: other)
      return other
    }
    #expect(renamed?.field == "split.no")
    let twice = try error {
      try files.removeItem(atPath: $0[1])
      try files.copyItem(atPath: $0[0], toPath: $0[1])
      return $0[0]
    }
    #expect(twice?.field.hasPrefix("tiny-00002") == true)
    let outside = try TemporaryFolder()
    let foreign = try Self.write(outside)
    let link = try error {
      try files.removeItem(atPath: $0[1])
      try files.createSymbolicLink(atPath: $0[1], withDestinationPath: foreign[1])
      return $0[0]
    }
    #expect(link?.field.hasPrefix("tiny-00002") == true && "\(link!)".contains("link"))
  }
}
