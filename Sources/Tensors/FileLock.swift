#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file or folder that is this process's alone, among those that ask so, until the last holder lets go of it. It ends with
/// the process, whatever ends that.
package final class FileLock: Sendable {
  /// Why a lock was not taken.
  package struct Refusal: Error {
    /// The system's error number.
    package let code: Int32
    /// Whether another holder has it.
    package var isHeld: Bool { code == EWOULDBLOCK }
  }

  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    // A program that is being started may hold a copy of the descriptor for a moment yet.
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Takes what is open at `descriptor`, and closes it in the end, or at once where it is refused.
  ///
  /// - Throws: ``Refusal``.
  package static func take(_ descriptor: Int32) throws(Refusal) -> FileLock {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return FileLock(descriptor) }
    let code = errno
    close(descriptor)
    throw Refusal(code: code)
  }
}
