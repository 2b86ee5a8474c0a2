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
        try Engine.open(Checkpoint(gguf: storage), options: Self.options)
      }
    }
  }

  @Test("A file that becomes shorter while it is read is an error, or was read in time")
  func shorterWhileItIsRead() async throws {
    let bytes = TinyLlama.file(dtype: .q4_0)
    let whole = try TemporaryFile(bytes)
    let clock = ContinuousClock()
    let took = try (0..<5).map { _ in try clock.measure { _ = try Engine.open(whole.path, options: Self.options) } }
    var (changed, loaded) = (0, 0)
    // The cuts come at moments spread over twice the time of loading, later if none was read in time.
    for run in 0..<400 where run < 100 || changed == 0 || loaded == 0 {
      let file = try TemporaryFile(bytes)
      let storage = try Storage(mapping: file.path)
      let delay = took[run % 5] * (run % 20) / 10 * (loaded == 0 ? 1 + run / 20 : 1)
      let start = DispatchSemaphore(value: 0)
      let cutter = Foundation.Thread {
        start.wait()
        let moment = clock.now + delay
        while clock.now < moment {}
        try? file.truncate(to: run % 100 * bytes.count / 100)
      }
      cutter.start()
      start.signal()
      do {
        _ = try Engine.open(Checkpoint(gguf: storage), options: Self.options)
        loaded += 1
      } catch let error as TensorError {
        #expect(error == .fileChanged(path: file.path))
        changed += 1
      }
      while !cutter.isFinished { usleep(100) }
    }
    print("cut while loading: \(changed) refused, \(loaded) read in time")
    #expect(changed > 0 && loaded > 0)
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
        return try Engine.open(Checkpoint(gguf: storage), options: Self.options)
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
      engine = try Engine.open(Checkpoint(gguf: storage), options: Self.options)
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

  @Test("A signal that was sent goes where it went before: nowhere, where it was ignored")
  func sentSignals() async throws {
    await #expect(processExitsWith: .success) {
      signal(SIGBUS, SIG_IGN)
      let file = try TemporaryFile([UInt8](repeating: 7, count: 1 << 16))
      let storage = try Storage(mapping: file.path)
      raise(SIGBUS)
      // Ours is still there.
      try file.truncate(to: 0)
      #expect(throws: TensorError.fileChanged(path: file.path)) {
        try storage.reading { #expect(storage.bytes[1 << 15] == 0) }
      }
    }
    await #expect(processExitsWith: .signal(SIGBUS)) {
      var action = sigaction()  // no handler, but with the flag of those that take three arguments
      action.sa_flags = SA_SIGINFO
      sigaction(SIGBUS, &action, nil)
      let file = try TemporaryFile([1, 2, 3])
      let storage = try Storage(mapping: file.path)
      raise(SIGBUS)
      print(storage.byteCount)
    }
  }
}
