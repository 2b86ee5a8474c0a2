#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that comes into being whole or not at all: it is written beside its place, brought to the disk and renamed. What
/// was there before stays until then, and for good when ``commit()`` is never reached.
///
/// Something that is no file, such as a pipe or `/dev/null`, is written to as it is.
public final class OutputFile {
  /// Where the file will be.
  public let path: String
  private let temporary: String
  private let isSpecial: Bool
  private var descriptor: Int32
  /// The bytes written so far.
  public private(set) var byteCount = 0

  /// A file that will take the place of what is at `path`.
  ///
  /// - Throws: ``TensorError/cannotWrite(path:code:)``.
  public init(replacing path: String) throws(TensorError) {
    self.path = path
    var status = stat()
    let exists = stat(path, &status) == 0
    let kind = status.st_mode & S_IFMT
    if exists, kind == S_IFDIR { throw .cannotWrite(path: path, code: EISDIR) }
    isSpecial = exists && kind != S_IFREG
    // Two that write the same file at once must not write into each other's.
    temporary = isSpecial ? path : "\(path).\(getpid()).\(UInt16.random(in: 0 ... .max)).part"
    // A pipe that nobody reads is an error: it would be waited for.
    let probe = isSpecial ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1
    defer { if probe >= 0 { close(probe) } }
    if isSpecial, probe < 0 { throw .cannotWrite(path: path, code: errno) }
    let flags = O_WRONLY | O_CLOEXEC | (isSpecial ? 0 : O_CREAT | O_TRUNC)
    descriptor = open(temporary, flags, 0o666)
    if descriptor < 0 { throw .cannotWrite(path: path, code: errno) }
  }

  /// Writes the next bytes.
  ///
  /// - Throws: ``TensorError/cannotWrite(path:code:)``.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(TensorError) {
    var rest = bytes
    while let start = rest.baseAddress, rest.count > 0 {
      let count = systemWrite(descriptor, start, rest.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { throw .cannotWrite(path: path, code: count < 0 ? errno : EIO) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      byteCount += count
    }
  }

  /// Writes the next values, as they lie in memory.
  ///
  /// - Throws: ``TensorError/cannotWrite(path:code:)``.
  public func write(_ values: [some BitwiseCopyable]) throws(TensorError) {
    try values.withUnsafeBufferPointer { (values) throws(TensorError) in try write(UnsafeRawBufferPointer(values)) }
  }

  /// Brings the file to its place, for good.
  ///
  /// - Throws: ``TensorError/cannotWrite(path:code:)``; then nothing has changed at its place.
  public func commit() throws(TensorError) {
    if !isSpecial, fsync(descriptor) != 0 { throw .cannotWrite(path: path, code: errno) }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0, isSpecial || rename(temporary, path) == 0 else {
      let code = errno
      if !isSpecial { unlink(temporary) }
      throw .cannotWrite(path: path, code: code)
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if !isSpecial { unlink(temporary) }
  }

  /// Whether two paths lead to one file.
  public static func isSame(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev
      && first.st_ino == second.st_ino
  }
}

private func systemWrite(_ file: Int32, _ base: UnsafeRawPointer, _ count: Int) -> Int {
  #if canImport(Glibc)
    Glibc.write(file, base, count)
  #else
    Musl.write(file, base, count)
  #endif
}
