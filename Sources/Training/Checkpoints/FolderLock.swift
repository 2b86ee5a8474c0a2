#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder that is this process's alone to write to, until the last holder lets go of it. It ends with the process, whatever
/// ends that.
final class FolderLock: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    // A program that is being started may hold a copy of the descriptor for a moment yet.
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Takes a folder.
  ///
  /// - Throws: ``CheckpointError/inUse(path:)``; ``CheckpointError/file(operation:path:code:)``.
  static func take(_ path: String) throws(CheckpointError) -> FolderLock {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw .file(operation: "open", path: path, code: errno) }
    let lock = FolderLock(descriptor)
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      throw errno == EWOULDBLOCK ? .inUse(path: path) : .file(operation: "lock", path: path, code: errno)
    }
    return lock
  }
}
