import Foundation
import Synchronization
import Testing
import Venturi
import VenturiTesting

/// A model file that another process cuts short or writes to, while it is loaded and afterwards.
@Suite struct ChangingFileTests {
  static let options = EngineOptions(threads: 2)

  @Test("A file that has become shorter since it was mapped is an error, wherever it ends")
  func shorterBeforeItIsRead() async throws {
    let bytes = TinyLlama.file(dtype: .q4_0)
    let cuts = [0, 1, 4096, 5000, bytes.count / 2, bytes.count - 4097, bytes.count - 1]
    for cut in cuts + (0..<93).map({ $0 * bytes.count / 93 }) {
      let file = try TemporaryFile(bytes)
      let storage = try Storage(mapping: file.path)
      try file.truncate(to: cut)
      #expect(throws: TensorError.fileChanged(path: file.path), "cut to \(cut)") {
        _ = try storage.reading { try Engine.open(storage, options: Self.options) }
      }
    }
  }

  @Test("A file that becomes shorter while it is read is an error, or was read in time")
  func shorterWhileItIsRead() async throws {
    let bytes = TinyLlama.file(dtype: .q4_0)
    var (changed, loaded) = (0, 0)
    for run in 0..<100 {
      let file = try TemporaryFile(bytes)
      let cutter = Foundation.Thread {
        for _ in 0..<run * 400 { _ = getpid() }
        try? file.truncate(to: run * bytes.count / 100)
      }
      cutter.start()
      do {
        _ = try Engine.open(file.path, options: Self.options)
        loaded += 1
      } catch let error as TensorError {
        #expect(error == .fileChanged(path: file.path))
        changed += 1
      } catch let error as FormatError {
        // It was short already when it was opened.
        #expect(error.offset != nil, "\(error)")
        changed += 1
      }
      while !cutter.isFinished { usleep(100) }
    }
    print("cut while loading: \(changed) refused, \(loaded) read in time")
    #expect(changed + loaded == 100)
  }

  @Test("A file that was written to while it was read is an error")
  func overwritten() throws {
    let bytes = TinyLlama.file(dtype: .q4_0)
    let file = try TemporaryFile(bytes)
    let storage = try Storage(mapping: file.path)
    #expect(throws: TensorError.fileChanged(path: file.path)) {
      _ = try storage.reading {
        usleep(20_000)  // The clock of files is coarse.
        let handle = try FileHandle(forUpdating: URL(filePath: file.path))
        try handle.seek(toOffset: UInt64(bytes.count - 8))
        try handle.write(contentsOf: Data([1, 2, 3, 4]))
        try handle.close()
        return try Engine.open(storage, options: Self.options)
      }
    }
  }

  @Test("A loaded model reads nothing of its file", arguments: [true, false])
  func loaded(tied: Bool) async throws {
    let file = try TemporaryFile(TinyLlama.file(dtype: .q4_0, tied: tied))
    let options = GenerationOptions(maxTokens: 20, seed: 3, ignoreEnd: true)
    weak var mapping: Storage?
    let engine: Engine
    do {
      let storage = try Storage(mapping: file.path)
      mapping = storage
      engine = try storage.reading { try Engine.open(storage, options: Self.options) }
    }
    // The thread that made the tokenizer lets go of the file when it ends.
    for _ in 0..<5000 where mapping != nil { usleep(1000) }
    #expect(mapping == nil, "the engine keeps the file mapped")
    let before = try await engine.generate("the water", options: options).completion().tokens
    try file.truncate(to: 0)
    for _ in 0..<100 {
      #expect(try await engine.generate("the water", options: options).completion().tokens == before)
    }
    #expect(before.count == 20)
  }

  @Test("A broken mapping of one file leaves other files and other faults alone")
  func others() async throws {
    let (short, whole) = (try TemporaryFile([UInt8](repeating: 7, count: 1 << 16)), try TemporaryFile([1, 2, 3]))
    let (first, second) = (try Storage(mapping: short.path), try Storage(mapping: whole.path))
    try short.truncate(to: 100)
    #expect(throws: TensorError.fileChanged(path: short.path)) {
      try first.reading { #expect(first.bytes[0] == 7 && first.bytes[1 << 15] == 0) }
    }
    #expect(try second.reading { Array(second.bytes) } == [1, 2, 3])
    // A mapping that is nobody's model still ends the process.
    await #expect(processExitsWith: .signal(SIGBUS)) {
      signal(SIGBUS, SIG_DFL)
      let file = try TemporaryFile([UInt8](repeating: 7, count: 1 << 16))
      let mapped = try Storage(mapping: file.path)
      let handle = try FileHandle(forReadingFrom: URL(filePath: file.path))
      let other = mmap(nil, 1 << 16, PROT_READ, MAP_PRIVATE, handle.fileDescriptor, 0)
      try file.truncate(to: 0)
      print(mapped.byteCount, other?.load(fromByteOffset: 1 << 15, as: UInt8.self) ?? 0)
    }
  }
}
