import Formats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads a file of a session from its beginning to its end.
final class SessionReader {
  /// The file.
  let path: String
  /// Its bytes.
  let size: Int
  private let descriptor: Int32
  private var offset = 0

  /// Opens a plain file; anything else is refused, for a pipe would be waited for.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``, ``InferenceError/sessionFile(path:field:problem:)``.
  init(_ path: String) throws(InferenceError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    if descriptor < 0 || fstat(descriptor, &status) != 0 {
      size = 0
      throw .system(operation: "read", path: path, code: errno)
    }
    size = Int(status.st_size)
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .sessionFile(path: path, field: "file", problem: "it is no plain file")
    }
    #if os(Linux)
      // The disk goes on reading while what is there is checked.
      _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED)
    #endif
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// What is wrong with the file.
  func refusal(_ field: String, _ problem: String) -> InferenceError {
    .sessionFile(path: path, field: field, problem: problem)
  }

  /// Fills a buffer with the next bytes.
  ///
  /// - Throws: ``InferenceError/sessionFile(path:field:problem:)`` where the file ends before, naming `field`;
  ///   ``InferenceError/system(operation:path:code:)``.
  func fill(_ buffer: UnsafeMutableRawBufferPointer, _ field: String) throws(InferenceError) {
    var rest = buffer[...]
    while !rest.isEmpty {
      let place = UnsafeMutableRawBufferPointer(rebasing: rest)
      // Some systems take no more than 2³¹ bytes at once.
      let count = read(descriptor, place.baseAddress, min(place.count, 1 << 28))
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw .system(operation: "read", path: path, code: errno) }
      guard count > 0 else {
        throw refusal(field, "the file ends at byte \(offset), \(rest.count) bytes too early")
      }
      offset += count
      rest = rest.dropFirst(count)
    }
  }

  /// Fills a buffer with the next bytes, which their checksum follows.
  ///
  /// - Throws: what ``fill(_:_:)`` throws; ``InferenceError/sessionFile(path:field:problem:)`` where they are not those that were
  ///   written.
  func checked(_ buffer: UnsafeMutableRawBufferPointer, _ field: String) throws(InferenceError) {
    try fill(buffer, field)
    var sum: UInt64 = 0
    try withUnsafeMutableBytes(of: &sum) { (bytes) throws(InferenceError) in try fill(bytes, field) }
    if XXHash64.of(UnsafeRawBufferPointer(buffer)) != UInt64(littleEndian: sum) {
      throw refusal(field, "its checksum is not the one that was written")
    }
  }
}
