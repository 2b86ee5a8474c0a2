#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is written piece by piece under a temporary name, and gets its own when it is whole: readers see the old
/// content or the new, never a part. A device or a pipe is written to as it comes: it must not be replaced.
package final class AtomicFile {
  private let path: String
  private let temporary: String
  private let isSpecial: Bool
  private var file: UnsafeMutablePointer<FILE>?

  /// Makes the temporary file, and the folders on the way.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  package init(_ path: String) throws(InferenceError) {
    let refusal = Files.makeFolders(above: path)
    self.path = path
    isSpecial = Files.isSpecial(path)
    temporary = isSpecial ? path : "\(path).\(getpid()).part"
    // A pipe that nobody reads is an error: it would be waited for.
    let probe = isSpecial ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1
    defer { if probe >= 0 { close(probe) } }
    if isSpecial, probe < 0 { throw .system(operation: "write", path: path, code: errno) }
    file = fopen(temporary, "wb")
    // A folder that could not be made is why it is not there.
    if file == nil { throw .system(operation: "write", path: path, code: errno == ENOENT ? refusal ?? ENOENT : errno) }
  }

  deinit { abandon() }

  /// Appends the bytes of values, as they lie in memory.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``; the file is abandoned then.
  package func append(_ values: [some BitwiseCopyable]) throws(InferenceError) {
    let isWritten = values.withUnsafeBytes { bytes in
      guard let file else { return false }
      return fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count
    }
    if !isWritten { throw failed() }
  }

  /// Waits until all is on the disk and gives the file its name.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``; the file is abandoned then.
  package func commit() throws(InferenceError) {
    guard let file, fflush(file) == 0, isSpecial || fsync(fileno(file)) == 0 else { throw failed() }
    self.file = nil
    guard fclose(file) == 0, isSpecial || rename(temporary, path) == 0 else { throw failed() }
  }

  private func failed() -> InferenceError {
    let code = errno
    abandon()
    if !isSpecial { unlink(temporary) }
    return .system(operation: "write", path: path, code: code)
  }

  private func abandon() {
    guard let file else { return }
    self.file = nil
    fclose(file)
    if !isSpecial { unlink(temporary) }
  }
}
