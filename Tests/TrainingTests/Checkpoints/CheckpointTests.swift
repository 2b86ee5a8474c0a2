import Formats
import Foundation
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("Checkpoints") struct CheckpointTests {
  private typealias Sample = CheckpointSample

  private func store(
    _ folder: String, _ operations: any FileOperations = FaultyFiles(), shardBytes: Int = 1 << 30, piece: Int = 1 << 16
  ) throws(CheckpointError) -> CheckpointStore {
    try CheckpointStore(writing: folder, shardBytes: shardBytes, pieceBytes: piece, operations: operations)
  }

  @Test("What was saved is loaded to the bit, in one file or in many") func roundTrip() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(writing: "\(folder.path)/run/a", shardBytes: 256)
    let checkpoint = Sample.checkpoint(1234)
    let path = try store.save(checkpoint)
    #expect(path == "\(folder.path)/run/a/step-00001234")
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    #expect(
      names == [
        "average-00001-of-00001.safetensors", "buffers-00001-of-00001.safetensors", "checkpoint.json",
        "optimizer-00001-of-00001.safetensors", "parameters-00001-of-00002.safetensors",
        "parameters-00002-of-00002.safetensors",
      ])
    #expect(try Sample.isSame(store.load(step: 1234), checkpoint))
    let other = try #require(try CheckpointStore(reading: "\(folder.path)/run/a").latest())
    #expect(Sample.isSame(other, checkpoint))
  }

  @Test func theNewestAreKept() throws {
    let folder = try TemporaryFolder()
    let store = try store(folder.path)
    #expect(try store.latest() == nil)
    for step in 1...5 { try store.save(Sample.checkpoint(step), keeping: 2) }
    #expect(store.steps == [4, 5])
    #expect(try Sample.leftovers(folder.path) == [])
    #expect(try store.latest()?.step == 5)
  }

  @Test("A step that is saved again is replaced") func replaced() throws {
    let folder = try TemporaryFolder()
    let store = try store(folder.path)
    try store.save(Sample.checkpoint(3))
    let again = Sample.checkpoint(3, salt: 1)
    try store.save(again)
    #expect(store.steps == [3])
    #expect(try Sample.isSame(store.load(step: 3), again))
    #expect(try Sample.leftovers(folder.path) == [])
  }

  @Test("One process writes at a time, others may read") func alone() throws {
    let folder = try TemporaryFolder()
    let first = try store(folder.path)
    try first.save(Sample.checkpoint(1))
    #expect(throws: CheckpointError.inUse(path: folder.path)) { try store(folder.path) }
    #expect(try CheckpointStore(reading: folder.path).latest()?.step == 1)
  }

  @Test("Damaged checkpoints are passed over with a warning, and none whole is an error") func passedOver() throws {
    let folder = try TemporaryFolder()
    let store = try store(folder.path)
    for step in 1...3 { try store.save(Sample.checkpoint(step)) }
    let shard = "\(folder.path)/step-00000003/optimizer-00001-of-00001.safetensors"
    try Data("x".utf8).write(to: URL(filePath: shard))
    try FileManager.default.removeItem(atPath: "\(folder.path)/step-00000002/checkpoint.json")
    var warnings: [CheckpointError] = []
    #expect(try store.latest { warnings.append($0) }?.step == 1)
    #expect(warnings.count == 2)
    guard case .damaged(shard, _) = try #require(warnings.first) else { throw try #require(warnings.first) }
    try FileManager.default.removeItem(atPath: "\(folder.path)/step-00000001/average-00001-of-00001.safetensors")
    #expect(throws: CheckpointError.noneWhole(path: folder.path, checkpoints: 3)) { try store.latest() }
  }

  @Test("A manifest of a later format is refused by its number") func laterFormat() throws {
    let folder = try TemporaryFolder()
    let store = try store(folder.path)
    try store.save(Sample.checkpoint(1))
    let url = URL(filePath: "\(folder.path)/step-00000001/checkpoint.json")
    let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    let rest = text[text.index(after: try #require(text.firstIndex(of: "\n")))...]
      .replacingOccurrences(of: "\"format\":1", with: "\"format\":7")
    var digest = SHA256()
    Array(rest.utf8).withUnsafeBytes { digest.update($0) }
    try Data("{\"sha256\":\"\(digest.finish())\",\n\(rest)".utf8).write(to: url)
    #expect(throws: CheckpointError.unsupportedVersion(path: url.path, found: 7, supported: 1)) {
      try store.load(step: 1)
    }
  }

  @Test("A process that is killed at any byte or operation leaves the old checkpoint or the new one, whole")
  func killed() throws {
    let folder = try TemporaryFolder()
    let (old, new) = (Sample.checkpoint(1), Sample.checkpoint(2, floats: 20_000))
    func prepare() throws {
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
      }
      try store(folder.path).save(old)
    }
    try prepare()
    let counter = FaultyFiles()
    try store(folder.path, counter, piece: 4096).save(new, keeping: 1)
    let faults =
      (0..<counter.operations).map { FaultyFiles.Fault.kill(at: $0) }
      + stride(from: 0, to: counter.bytes, by: 256).map { FaultyFiles.Fault.killAfter(bytes: $0) }
    #expect(faults.count >= 300, "\(faults.count) points")
    var found: [Int: Int] = [:]
    for fault in faults {
      try prepare()
      let files = FaultyFiles(fault)
      var warnings = 0
      do throws(CheckpointError) {
        let store = try store(folder.path, files, piece: 4096)
        try store.save(new, keeping: 1) { _ in warnings += 1 }
        // Only the removal of the old one may have been cut off.
        #expect(warnings == 1, "\(fault)")
      } catch { guard case .file(_, _, ESHUTDOWN) = error else { throw error } }
      #expect(files.hasStruck, "\(fault)")
      for isCleaned in [false, true] {
        let store = isCleaned ? try self.store(folder.path) : CheckpointStore(reading: folder.path)
        let last = try #require(try store.latest(), "\(fault)")
        #expect(Sample.isSame(last, last.step == 1 ? old : new), "\(fault)")
        found[last.step, default: 0] += 1
      }
      #expect(try Sample.leftovers(folder.path) == [], "\(fault)")
    }
    #expect((found[1] ?? 0) > 600 && (found[2] ?? 0) > 0)
  }

  @Test("A file cut off anywhere is not taken for whole") func truncated() throws {
    let folder = try TemporaryFolder()
    let store = try store(folder.path)
    let path = try store.save(Sample.checkpoint(1, floats: 20))
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      let url = URL(filePath: "\(path)/\(name)")
      let whole = try Data(contentsOf: url)
      for count in 0..<whole.count {
        try whole.prefix(count).write(to: url)
        #expect(throws: CheckpointError.self, "\(name) \(count)") { try store.load(step: 1) }
      }
      try (whole + [10]).write(to: url)
      #expect(throws: CheckpointError.self) { try store.load(step: 1) }
      try whole.write(to: url)
    }
    #expect(try store.load(step: 1).step == 1)
  }

  @Test("An error at any operation is reported or made good, and the old checkpoint stays", arguments: [false, true])
  func errors(_ isReplacing: Bool) throws {
    let folder = try TemporaryFolder()
    let old = Sample.checkpoint(isReplacing ? 2 : 1)
    let new = Sample.checkpoint(2, salt: 9)
    func prepare() throws {
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
      }
      try store(folder.path).save(old)
    }
    try prepare()
    let counter = FaultyFiles()
    try store(folder.path, counter, piece: 512).save(new, keeping: 1)
    #expect(counter.operations > 40)
    for number in 0..<counter.operations {
      let faults: [(FaultyFiles.Fault, code: Int32?)] = [
        (.error(at: number, code: EIO), EIO), (.error(at: number, code: ENOSPC), ENOSPC),
        (.error(at: number, code: EINTR), nil), (.shortWrite(at: number), nil),
      ]
      for (fault, code) in faults {
        try prepare()
        let files = FaultyFiles(fault)
        var warnings: [CheckpointError] = []
        do throws(CheckpointError) {
          let store = try store(folder.path, files, piece: 512)
          try store.save(new, keeping: 1) { warnings.append($0) }
          #expect(warnings.count == (code == nil || !files.hasStruck ? 0 : 1), "\(fault)")
          #expect(try Sample.isSame(store.load(step: 2), new), "\(fault)")
        } catch {
          guard case .file(_, _, let found) = error else { throw error }
          #expect(found == code, "\(fault)")
          let last = try #require(try CheckpointStore(reading: folder.path).latest(), "\(fault)")
          #expect(Sample.isSame(last, old) || Sample.isSame(last, new), "\(fault)")
        }
        let store = try self.store(folder.path)
        #expect(try Sample.leftovers(folder.path) == [], "\(fault)")
        // And the next one is saved as if nothing had been.
        try store.save(new, keeping: 1)
        #expect(try store.latest().map { Sample.isSame($0, new) } == true, "\(fault)")
        #expect(store.steps == [2], "\(fault)")
      }
    }
  }

  @Test("A loss of power at any moment leaves the old checkpoint or the new one, whole") func powerLoss() throws {
    let folder = try TemporaryFolder()
    var random = Random(seed: 5)
    var found: [String: Int] = [:]
    for isReplacing in [false, true] {
      let root = "\(folder.path)/\(isReplacing)"
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      let files = PowerLossFiles(root: root)
      let (first, old) = (Sample.checkpoint(1), Sample.checkpoint(2))
      let new = Sample.checkpoint(isReplacing ? 2 : 3, salt: 7)
      var (start, end) = (0, 0)
      do {
        let store = try store(root, files, piece: 512)
        try store.save(first, keeping: 2)
        try store.save(old, keeping: 2)
        start = files.count
        try store.save(new, keeping: isReplacing ? 2 : 1)
        end = files.count
      }
      for replay in 0..<600 {
        let cut = replay < 60 ? end : Int.random(in: start...end, using: &random)
        let target = "\(folder.path)/lost"
        try files.lose(after: cut, into: target, &random)
        defer { try? FileManager.default.removeItem(atPath: target) }
        let store = try store(target)
        let last = try #require(try store.latest(), "replay \(replay), cut \(cut) of \(end)")
        let which = Sample.isSame(last, new) ? "new" : Sample.isSame(last, old) ? "old" : "other"
        #expect(which != "other", "replay \(replay), cut \(cut) of \(end)")
        // Who was told that it is saved finds it.
        if cut == end { #expect(which == "new", "replay \(replay)") }
        #expect(try Sample.leftovers(target) == [])
        found["\(isReplacing) \(which)", default: 0] += 1
      }
    }
    #expect(found.count == 4 && found.values.allSatisfy { $0 > 50 }, "\(found)")
  }

  @Test("A bit that flips anywhere is found before use, and its file is named") func bitFlips() throws {
    let isSoak = ProcessInfo.processInfo.environment["VENTURI_SOAK"] == "full"
    let folder = try TemporaryFolder()
    let store = try store(folder.path, shardBytes: 512)
    let path = try store.save(Sample.checkpoint(1))
    var random = Random(seed: 3)
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    #expect(names.count == 6)
    for flip in 0..<(isSoak ? 10_000 : 700) {
      let file = "\(path)/\(names[flip % names.count])"
      let handle = try FileHandle(forUpdating: URL(filePath: file))
      defer { try? handle.close() }
      let size = try handle.seekToEnd()
      let place = UInt64.random(in: 0..<size, using: &random)
      func change(_ mask: UInt8) throws {
        try handle.seek(toOffset: place)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: place)
        try handle.write(contentsOf: [byte ^ mask])
      }
      let mask = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
      try change(mask)
      do throws(CheckpointError) {
        _ = try store.load(step: 1)
        Issue.record("\(file), byte \(place), bit \(mask): not found")
      } catch {
        guard case .damaged(file, _) = error else {
          Issue.record("\(file), byte \(place): \(error)")
          continue
        }
      }
      try change(mask)
    }
    #expect(try store.load(step: 1).step == 1)
  }

  @Test("Who has mapped a checkpoint keeps it while new ones are committed and it goes") func mapped() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(writing: folder.path)
    for round in 0..<100 {
      let path = try store.save(Sample.checkpoint(round), keeping: 1)
      let file = "\(path)/parameters-00001-of-00001.safetensors"
      let storage = try Storage(mapping: file)
      let before = Array(try Data(contentsOf: URL(filePath: file)))
      // The same step again, and the next.
      try store.save(Sample.checkpoint(round, salt: 1), keeping: 1)
      if round % 2 == 0 { try store.save(Sample.checkpoint(round + 1), keeping: 1) }
      #expect(try storage.reading { Array(storage.bytes) } == before)
    }
  }

  @Test("Folders and files of other names are left alone") func others() throws {
    let folder = try TemporaryFolder()
    for name in ["step-3.partial", "notes.partial", "step-00000001.txt"] {
      try Data().write(to: URL(filePath: "\(folder.path)/\(name)"))
    }
    let store = try store(folder.path)
    #expect(store.steps == [])
    #expect(try Sample.leftovers(folder.path).count == 3)
    #expect(try store.latest() == nil)
  }
}
