import Foundation
import Training

/// The system's file operations with a fault put in: an error or a short write at one operation, or the end of the process at
/// an operation or a byte, after which nothing has an effect.
///
/// Nothing is brought to the disk: what a killed process wrote is there all the same.
final class FaultyFiles: FileOperations {
  enum Fault {
    case none
    /// The operation of this number fails once.
    case error(at: Int, code: Int32)
    /// The write at or after this number writes a part only.
    case shortWrite(at: Int)
    /// The process ends before the operation of this number.
    case kill(at: Int)
    /// The process ends when it has written so many bytes.
    case killAfter(bytes: Int)
  }

  private let fault: Fault
  private let system = SystemFileOperations()
  private var isKilled = false
  private var isSpent = false
  private(set) var operations = 0
  private(set) var bytes = 0

  init(_ fault: Fault = .none) { self.fault = fault }

  /// Whether the fault has happened.
  var hasStruck: Bool { isKilled || isSpent }

  /// Counts an operation; its failure, if it fails.
  private func begin(_ path: String) throws(FileFailure) {
    let number = operations
    operations += 1
    if case .kill(at: number) = fault { isKilled = true }
    if isKilled { throw FileFailure("be", path, ESHUTDOWN) }
    if case .error(at: number, let code) = fault {
      isSpent = true
      throw FileFailure("test", path, code)
    }
  }

  func makeFolder(_ path: String) throws(FileFailure) {
    try begin(path)
    try system.makeFolder(path)
  }

  func create(_ path: String) throws(FileFailure) -> OpenedFile {
    try begin(path)
    return try system.create(path)
  }

  func append(_ bytes: UnsafeRawBufferPointer, to file: OpenedFile) throws(FileFailure) -> Int {
    let number = operations
    try begin(file.path)
    var count = bytes.count
    if case .shortWrite(let at) = fault, number >= at, !isSpent, count > 1 { (isSpent, count) = (true, count / 3 + 1) }
    if case .killAfter(let limit) = fault, self.bytes + count > limit { (isKilled, count) = (true, limit - self.bytes) }
    self.bytes += count
    let written = try system.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)), to: file)
    if isKilled { throw FileFailure("be", file.path, ESHUTDOWN) }
    return written
  }

  func flush(_ file: OpenedFile) throws(FileFailure) { try begin(file.path) }

  func finish(_ file: OpenedFile) throws(FileFailure) {
    // The file is closed in any case, as the system does it.
    try system.finish(file)
    try begin(file.path)
  }

  func flush(folder: String) throws(FileFailure) { try begin(folder) }

  func move(_ path: String, to other: String) throws(FileFailure) {
    try begin(path)
    try system.move(path, to: other)
  }

  func remove(file: String) throws(FileFailure) {
    try begin(file)
    try system.remove(file: file)
  }

  func remove(folder: String) throws(FileFailure) {
    try begin(folder)
    try system.remove(folder: folder)
  }
}
