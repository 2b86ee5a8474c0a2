import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The few things that the engine and its programs do with files.
package enum Files {
  /// The entries of a folder, sorted; none when it cannot be read.
  package static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let item = readdir(directory) {
      let name = withUnsafeBytes(of: &item.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Every file below a folder. Links are files here: they are never followed.
  package static func all(in folder: String) -> [String] {
    names(in: folder).flatMap { name in
      let path = "\(folder)/\(name)"
      return isFolder(path) ? all(in: path) : [path]
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether a path is, at the end of its links, a device, a pipe or a socket.
  static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  /// The size of a file; 0 when there is none.
  package static func size(_ path: String) -> Int {
    var status = stat()
    return lstat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// The path of the running program; nothing where the system does not tell.
  package static var programPath: String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink("/proc/self/exe", $0.assumingMemoryBound(to: CChar.self), bytes.count) } ?? -1
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  /// Waits until a file or folder is on its disk.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  package static func sync(_ path: String) throws(InferenceError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw .system(operation: "open", path: path, code: errno) }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 { throw .system(operation: "write", path: path, code: errno) }
  }

  /// Removes a folder and everything in it.
  package static func remove(folder: String) {
    for name in names(in: folder) {
      let path = "\(folder)/\(name)"
      if isFolder(path) { remove(folder: path) } else { unlink(path) }
    }
    rmdir(folder)
  }

  /// The bytes of a file, `limit` at most.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  package static func read(_ path: String, limit: Int = .max) throws(InferenceError) -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw .system(operation: "read", path: path, code: errno) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      errno = 0
      let wanted = min(chunk.count, limit - bytes.count)
      let count = fread(&chunk, 1, wanted, file)
      bytes.append(contentsOf: chunk[..<count])
      if count == wanted { continue }
      if ferror(file) != 0 { throw .system(operation: "read", path: path, code: errno) }
      break
    }
    return bytes
  }

  /// Makes the folders on the way to a file, those that are not there.
  ///
  /// - Returns: the system's error number where a folder was refused; whoever opens the file learns of it too.
  @discardableResult package static func makeFolders(above path: String) -> Int32? {
    var refusal: Int32?
    for (index, character) in path.enumerated() where character == "/" && index > 0 {
      if mkdir(String(path.prefix(index)), 0o777) != 0, errno != EEXIST { refusal = errno }
    }
    return refusal
  }

  /// Writes a file so that readers see the old content or the new, never a part: a temporary beside it, flushed to the
  /// disk, then renamed. Folders on the way are made. A device or a pipe is written to: it must not be replaced.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  package static func writeAtomically(_ path: String, _ bytes: [UInt8]) throws(InferenceError) {
    let file = try output(path)
    do throws(TensorError) {
      try file.write(bytes)
      try file.commit()
    } catch { throw failure(error, path) }
  }

  /// A file that will be at `path` when it is whole; the folders on the way are made.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  package static func output(_ path: String) throws(InferenceError) -> OutputFile {
    let refusal = makeFolders(above: path)
    // A folder that could not be made is why it is not there.
    do throws(TensorError) { return try OutputFile(replacing: path) } catch { throw failure(error, path, refusal) }
  }

  /// What a file that could not be written means.
  static func failure(_ error: TensorError, _ path: String, _ refusal: Int32? = nil) -> InferenceError {
    guard case .cannotWrite(_, let code) = error else { return .system(operation: "write", path: path, code: EIO) }
    return .system(operation: "write", path: path, code: code == ENOENT ? refusal ?? ENOENT : code)
  }

  /// The last lines of a text file.
  static func tail(_ path: String, lines: Int) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).suffix(lines).joined(separator: "; ")
  }

  /// The SHA-256 of a file.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``; `CancellationError`.
  package static func sha256(_ path: String, isCancelled: () -> Bool) throws -> String {
    guard let file = fopen(path, "r") else {
      throw InferenceError.system(operation: "read", path: path, code: errno)
    }
    defer { fclose(file) }
    var digest = SHA256()
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { block.deallocate() }
    while true {
      if isCancelled() { throw CancellationError() }
      let count = fread(block.baseAddress, 1, block.count, file)
      if count == 0 { break }
      digest.update(UnsafeRawBufferPointer(rebasing: block[..<count]))
    }
    if ferror(file) != 0 { throw InferenceError.system(operation: "read", path: path, code: errno) }
    return digest.finish()
  }
}
