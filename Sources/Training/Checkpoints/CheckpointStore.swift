import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The checkpoints of a run: folders `step-00001234`, each with safetensors files and a manifest that proves them.
///
/// ```swift
/// let store = try CheckpointStore(writing: "runs/mlp")
/// try store.save(checkpoint, keeping: 3) { print($0) }
/// let last = try store.latest { print("skipped:", $0) }
/// ```
/// A checkpoint comes into being whole or not at all: it is written beside its place, every file is brought to the disk, the
/// folder is renamed, and the rename is brought to the disk before an older checkpoint goes. Nothing is ever written over, so
/// that whoever has mapped an old one keeps it. What a process that was killed leaves behind goes when the next one opens the
/// store for writing. A store is used by one thread at a time.
public final class CheckpointStore {
  /// The run's folder.
  public let path: String
  private let operations: any FileOperations
  private let shardBytes: Int
  private let pieceBytes: Int
  /// Held by a store for writing.
  private let lock: FileLock?

  static let partial = ".partial"
  static let replaced = ".replaced"
  static let removed = ".removed"

  /// The checkpoints in a folder, to be read.
  public init(reading path: String) {
    self.path = path
    operations = SystemFileOperations()
    (shardBytes, pieceBytes) = (1 << 30, 1 << 20)
    lock = nil
  }

  /// The checkpoints in a folder, which is made where it is not there, to be written by this process alone.
  ///
  /// - Parameter shardBytes: the size above which a part goes to several files.
  /// - Throws: ``CheckpointError/inUse(path:)``; ``CheckpointError/file(operation:path:code:)``.
  public convenience init(writing path: String, shardBytes: Int = 1 << 30) throws(CheckpointError) {
    try self.init(writing: path, shardBytes: shardBytes, pieceBytes: 1 << 20, operations: SystemFileOperations())
  }

  package init(
    writing path: String, shardBytes: Int, pieceBytes: Int, operations: any FileOperations
  ) throws(CheckpointError) {
    self.path = path
    self.operations = operations
    self.shardBytes = max(1, shardBytes)
    self.pieceBytes = max(1, pieceBytes)
    do throws(FileFailure) { try Self.makeFolders(path, operations) } catch { throw CheckpointError(error) }
    lock = try Self.locked(path)
    do throws(FileFailure) { try clean() } catch { throw CheckpointError(error) }
  }

  private static func locked(_ path: String) throws(CheckpointError) -> FileLock {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw .file(operation: "open", path: path, code: errno) }
    do throws(FileLock.Refusal) { return try FileLock.take(descriptor) } catch {
      throw error.isHeld ? .inUse(path: path) : .file(operation: "lock", path: path, code: error.code)
    }
  }

  private static func makeFolders(_ path: String, _ operations: any FileOperations) throws(FileFailure) {
    var ends = path.indices.dropFirst().filter { path[$0] == "/" }
    ends.append(path.endIndex)
    for end in ends {
      let folder = String(path[..<end])
      do throws(FileFailure) {
        try operations.retried { () throws(FileFailure) in try operations.makeFolder(folder) }
      } catch {
        if error.code == EEXIST { continue }
        throw error
      }
      let parent = folder.lastIndex(of: "/").map { folder[..<$0].isEmpty ? "/" : String(folder[..<$0]) } ?? "."
      try operations.retried { () throws(FileFailure) in try operations.flush(folder: parent) }
    }
  }

  /// Removes what a process that was killed has left; a checkpoint that was about to be replaced comes back.
  private func clean() throws(FileFailure) {
    let names = FolderListing.names(in: path)
    for name in names {
      let place = "\(path)/\(name)"
      if let base = Self.base(of: name, Self.replaced), !names.contains(base) {
        try operations.retried { () throws(FileFailure) in try operations.move(place, to: "\(path)/\(base)") }
      } else if [Self.partial, Self.replaced, Self.removed].contains(where: { Self.base(of: name, $0) != nil }) {
        try operations.removeAll(place)
      }
    }
  }

  /// The checkpoint's name of a leftover with this ending.
  private static func base(of name: String, _ ending: String) -> String? {
    guard name.hasSuffix(ending) else { return nil }
    let base = String(name.dropLast(ending.count))
    return step(of: base) == nil ? nil : base
  }

  private static func name(of step: Int) -> String { "step-" + DecimalText.padded(step, 8) }

  /// The step of a checkpoint's folder; nothing for any other name.
  private static func step(of name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), step >= 0, Self.name(of: step) == name else {
      return nil
    }
    return step
  }

  /// The steps of which there are checkpoints, whole or not, ascending.
  public var steps: [Int] { FolderListing.names(in: path).compactMap(Self.step).sorted() }

  /// The folder of a step's checkpoint, whether it is there or not.
  public func folder(of step: Int) -> String { "\(path)/\(Self.name(of: step))" }

  // MARK: Writing

  /// Saves a checkpoint; when it is on the disk, older ones go but for the `keeping` newest.
  ///
  /// - Parameter warn: takes what went wrong with the removal of older ones.
  /// - Returns: its folder.
  /// - Throws: ``CheckpointError``; older checkpoints are as they were then.
  /// - Precondition: the store was opened for writing.
  @discardableResult public func save(
    _ checkpoint: TrainingCheckpoint, keeping: Int = .max, warn: (CheckpointError) -> Void = { _ in }
  ) throws(CheckpointError) -> String {
    precondition(lock != nil, "\(path) was opened to be read")
    let place = folder(of: checkpoint.step)
    let isReplaced: Bool
    do {
      try write(checkpoint, to: place + Self.partial)
      isReplaced = try commit(place)
    } catch {
      try? operations.removeAll(place + Self.partial)
      throw Self.reported(error, place)
    }
    do throws(FileFailure) {
      if isReplaced { try operations.removeAll(place + Self.replaced) }
      for step in steps.filter({ $0 < checkpoint.step }).dropLast(max(1, keeping) - 1) {
        // Renamed first: a folder under its name is whole.
        let folder = folder(of: step)
        try operations.retried { () throws(FileFailure) in try operations.move(folder, to: folder + Self.removed) }
        try operations.removeAll(folder + Self.removed)
      }
    } catch { warn(CheckpointError(error)) }
    return place
  }

  private func write(_ checkpoint: TrainingCheckpoint, to folder: String) throws {
    try operations.retried { () throws(FileFailure) in try operations.makeFolder(folder) }
    var shards: [CheckpointShard] = []
    for part in TrainingCheckpoint.Part.allCases {
      let groups = try groups(checkpoint.tensors[part] ?? [:])
      for (index, writer) in groups.enumerated() {
        var shard = CheckpointShard(part: part, number: index + 1, count: groups.count, bytes: 0, sha256: "")
        (shard.bytes, shard.sha256) = try operations.makeFile("\(folder)/\(shard.name)", pieceBytes: pieceBytes) {
          try writer.write($0)
        }
        shards.append(shard)
      }
    }
    let manifest = CheckpointManifest(checkpoint, shards: shards).encoded
    _ = try operations.makeFile("\(folder)/\(CheckpointManifest.fileName)", pieceBytes: pieceBytes) { sink in
      try manifest.withUnsafeBytes { try sink($0) }
    }
    try operations.retried { () throws(FileFailure) in try operations.flush(folder: folder) }
  }

  /// The tensors by file, none of them larger than a shard unless it is one tensor.
  private func groups(_ tensors: [String: Tensor]) throws -> [SafetensorsWriter] {
    var groups: [SafetensorsWriter] = []
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard tensor.isContiguous else {
        throw CheckpointError.unwritable(tensor: name, problem: "it is a view with gaps")
      }
      let bytes = UnsafeRawBufferPointer(start: tensor.pointer, count: try tensor.dtype.byteCount(of: tensor.count))
      let last = groups.count - 1
      if groups.isEmpty || groups[last].dataBytes > 0 && groups[last].dataBytes + bytes.count > shardBytes {
        groups.append(SafetensorsWriter())
      }
      try groups[groups.count - 1].add(
        tensor: name, dtype: tensor.dtype, shape: tensor.shape, bytes: ByteView(bytes, keeper: tensor.storage))
    }
    return groups
  }

  /// Brings a written folder to its place, for good; whether another one was there, which stands beside it now.
  private func commit(_ place: String) throws(FileFailure) -> Bool {
    var status = stat()
    let isThere = lstat(place, &status) == 0
    if isThere {
      try operations.retried { () throws(FileFailure) in try operations.move(place, to: place + Self.replaced) }
    }
    do throws(FileFailure) {
      try operations.retried { () throws(FileFailure) in try operations.move(place + Self.partial, to: place) }
    } catch {
      if isThere { try? operations.move(place + Self.replaced, to: place) }
      throw error
    }
    try operations.retried { () throws(FileFailure) in try operations.flush(folder: path) }
    return isThere
  }

  private static func reported(_ error: any Error, _ place: String) -> CheckpointError {
    switch error {
    case let error as CheckpointError: error
    case let error as FileFailure: CheckpointError(error)
    case FormatError.notWritable(let field, let reason): .unwritable(tensor: field, problem: reason)
    default: .unwritable(tensor: place, problem: "\(error)")
    }
  }

  // MARK: Reading

  /// The newest checkpoint that is whole; damaged ones are passed over.
  ///
  /// - Parameter warn: takes what is wrong with each that is passed over.
  /// - Returns: nothing where there is no checkpoint.
  /// - Throws: ``CheckpointError/noneWhole(path:checkpoints:)``; ``CheckpointError/outOfMemory(path:bytes:)``.
  public func latest(warn: (CheckpointError) -> Void = { _ in }) throws(CheckpointError) -> TrainingCheckpoint? {
    let steps = steps
    for step in steps.reversed() {
      do throws(CheckpointError) { return try load(step: step) } catch {
        if case .outOfMemory = error { throw error }
        warn(error)
      }
    }
    if !steps.isEmpty { throw .noneWhole(path: path, checkpoints: steps.count) }
    return nil
  }

  /// The checkpoint of a step. Sizes and digests are compared before anything is used.
  ///
  /// - Returns: the checkpoint, its tensors in memory of their own.
  /// - Throws: ``CheckpointError`` naming the file.
  public func load(step: Int) throws(CheckpointError) -> TrainingCheckpoint {
    let folder = folder(of: step)
    let place = "\(folder)/\(CheckpointManifest.fileName)"
    let (storage, count) = try Self.read(place, expecting: nil, limit: CheckpointManifest.limit)
    let manifest = try CheckpointManifest(reading: Array(storage.bytes.prefix(count)), path: place)
    var checkpoint = manifest.checkpoint
    guard checkpoint.step == step else {
      throw .damaged(path: place, problem: "it is of step \(checkpoint.step)")
    }
    for shard in manifest.shards {
      let path = "\(folder)/\(shard.name)"
      let (storage, count) = try Self.read(path, expecting: shard.bytes, limit: .max)
      let bytes = UnsafeRawBufferPointer(rebasing: storage.bytes.prefix(count))
      var digest = SHA256()
      digest.update(bytes)
      let found = digest.finish()
      guard found == shard.sha256 else {
        throw .damaged(path: path, problem: "its SHA-256 is \(found) where \(shard.sha256) is expected")
      }
      do {
        for tensor in try SafetensorsFile(ByteView(bytes, keeper: storage)).tensors {
          let known = checkpoint.tensors[shard.part, default: [:]].updateValue(
            try Tensor(
              storage: storage, dtype: tensor.dtype, shape: tensor.shape, byteOffset: tensor.byteRange.lowerBound),
            forKey: tensor.name)
          if known != nil { throw CheckpointError.damaged(path: path, problem: "it has \(tensor.name) once more") }
        }
      } catch let error as CheckpointError { throw error } catch { throw .damaged(path: path, problem: "\(error)") }
    }
    return checkpoint
  }

  /// The bytes of a file, in memory.
  private static func read(
    _ path: String, expecting size: Int?, limit: Int
  ) throws(CheckpointError) -> (storage: Storage, count: Int) {
    // A pipe in the place of a file would be waited for.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    if descriptor < 0 {
      if errno == ENOENT { throw .damaged(path: path, problem: "it is not there") }
      throw .file(operation: "open", path: path, code: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw .file(operation: "read", path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .damaged(path: path, problem: "it is no file") }
    let bytes = Int(status.st_size)
    if let size, size != bytes { throw .damaged(path: path, problem: "\(bytes) bytes where \(size) are expected") }
    if bytes > limit { throw .damaged(path: path, problem: "\(bytes) bytes, at most \(limit) are expected") }
    let storage: Storage
    do throws(TensorError) { storage = try Storage(byteCount: bytes, allocator: Allocator()) } catch {
      throw .outOfMemory(path: path, bytes: bytes)
    }
    var at = 0
    while at < bytes {
      let count = systemRead(descriptor, storage.base + at, bytes - at)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw .file(operation: "read", path: path, code: errno) }
      if count == 0 { throw .damaged(path: path, problem: "it ends after \(at) of \(bytes) bytes") }
      at += count
    }
    return (storage, bytes)
  }
}

/// A type's own `read` hides the system's.
private func systemRead(_ file: Int32, _ base: UnsafeMutableRawPointer, _ count: Int) -> Int { read(file, base, count) }
