import Foundation
import Tensors
import Training

/// The system's file operations, recorded, so that the disk as a loss of power may leave it can be made: what was brought to
/// the disk is there, and of all else any part, in files as in folders.
final class PowerLossFiles: FileOperations {
  private enum Event {
    case makeFolder(String)
    case create(String)
    case append(String, [UInt8])
    case flush(String)
    case flushFolder(String)
    case move(String, String)
    case remove(String)
  }

  private let root: String
  private let system = SystemFileOperations()
  private var events: [Event] = []

  /// Operations below `root`, which is on the disk.
  init(root: String) { self.root = root }

  /// The operations so far.
  var count: Int { events.count }

  func makeFolder(_ path: String) throws(FileFailure) {
    try system.makeFolder(path)
    events.append(.makeFolder(path))
  }
  func create(_ path: String) throws(FileFailure) -> OpenedFile {
    let file = try system.create(path)
    events.append(.create(path))
    return file
  }
  func append(_ bytes: UnsafeRawBufferPointer, to file: OpenedFile) throws(FileFailure) -> Int {
    let count = try system.append(bytes, to: file)
    events.append(.append(file.path, Array(bytes.prefix(count))))
    return count
  }
  func flush(_ file: OpenedFile) throws(FileFailure) { events.append(.flush(file.path)) }
  func finish(_ file: OpenedFile) throws(FileFailure) { try system.finish(file) }
  func flush(folder: String) throws(FileFailure) { events.append(.flushFolder(folder)) }
  func move(_ path: String, to other: String) throws(FileFailure) {
    try system.move(path, to: other)
    events.append(.move(path, other))
  }
  func remove(file: String) throws(FileFailure) {
    try system.remove(file: file)
    events.append(.remove(file))
  }
  func remove(folder: String) throws(FileFailure) {
    try system.remove(folder: folder)
    events.append(.remove(folder))
  }

  // MARK: The disk

  /// A file or a folder, by whatever names.
  private final class Node {
    var isFolder: Bool
    /// Of a file: what was written, and how much of it is on the disk.
    var writes: [[UInt8]] = []
    var flushed = 0
    /// Of a folder: its names on the disk, as the process sees them, and what was done to them since they were flushed.
    var disk: [String: Node] = [:]
    var names: [String: Node] = [:]
    var pending: [(removed: String?, added: String?, node: Node)] = []
    init(isFolder: Bool) { self.isFolder = isFolder }

    func change(removing: String?, adding: String?, _ node: Node) {
      if let removing { names[removing] = nil }
      if let adding { names[adding] = node }
      pending.append((removing, adding, node))
    }
  }

  /// Makes the disk after a loss of power behind the first `count` operations, in a new folder at `target`.
  func lose(after count: Int, into target: String, _ random: inout Random) throws {
    let top = Node(isFolder: true)
    func find(_ path: String) -> Node? {
      var node: Node? = top
      for name in path.dropFirst(root.count).split(separator: "/") { node = node?.names[String(name)] }
      return node
    }
    func parent(_ path: String) -> (Node, String)? {
      let parts = path.split(separator: "/")
      return find("/" + parts.dropLast().joined(separator: "/")).map { ($0, String(parts[parts.count - 1])) }
    }
    for event in events.prefix(count) {
      switch event {
      case .makeFolder(let path):
        if let (folder, name) = parent(path) { folder.change(removing: nil, adding: name, Node(isFolder: true)) }
      case .create(let path):
        if let (folder, name) = parent(path) { folder.change(removing: nil, adding: name, Node(isFolder: false)) }
      case .append(let path, let bytes): find(path)?.writes.append(bytes)
      case .flush(let path): if let file = find(path) { file.flushed = file.writes.count }
      case .flushFolder(let path):
        guard let folder = find(path) else { continue }
        folder.disk = folder.names
        folder.pending = []
      case .move(let path, let other):
        guard let (folder, name) = parent(path), let (_, newName) = parent(other), let node = folder.names[name] else {
          continue
        }
        folder.change(removing: name, adding: newName, node)
      case .remove(let path):
        if let (folder, name) = parent(path), let node = folder.names[name] {
          folder.change(removing: name, adding: nil, node)
        }
      }
    }
    try write(top, to: target, &random)
  }

  private func write(_ node: Node, to path: String, _ random: inout Random) throws {
    guard node.isFolder else { return try Data(content(node, &random)).write(to: URL(filePath: path)) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    var names = node.disk
    let way = Int.random(in: 0..<4, using: &random)
    let end = Int.random(in: 0...node.pending.count, using: &random)
    for (index, change) in node.pending.enumerated() {
      let isThere = [false, true, index < end, Bool.random(using: &random)][way]
      if !isThere { continue }
      // A name that has come to mean something else meanwhile is not what was removed.
      if let name = change.removed, names[name] === change.node { names[name] = nil }
      if let name = change.added { names[name] = change.node }
    }
    for (name, child) in names.sorted(by: { $0.key < $1.key }) { try write(child, to: "\(path)/\(name)", &random) }
  }

  /// What was flushed, and any of the rest; where a write is lost and a later one is not, zeros.
  private func content(_ node: Node, _ random: inout Random) -> [UInt8] {
    var bytes = node.writes.prefix(node.flushed).flatMap { $0 }
    var gap = 0
    let way = Int.random(in: 0..<4, using: &random)
    for write in node.writes.dropFirst(node.flushed) {
      let isThere = [false, true, Bool.random(using: &random), Bool.random(using: &random)][way]
      if isThere {
        bytes += [UInt8](repeating: 0, count: gap) + write
        gap = 0
      } else {
        gap += write.count
      }
    }
    if way == 3 { bytes.removeLast(Int.random(in: 0...min(3, bytes.count - prefixLength(node)), using: &random)) }
    return bytes
  }

  private func prefixLength(_ node: Node) -> Int { node.writes.prefix(node.flushed).reduce(0) { $0 + $1.count } }
}
