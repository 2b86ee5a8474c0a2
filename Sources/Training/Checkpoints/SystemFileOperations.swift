#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The system's own file operations.
package struct SystemFileOperations: FileOperations {
  package init() {}

  private func prove(_ code: Int32, _ operation: String, _ path: String) throws(FileFailure) {
    if code != 0 { throw FileFailure(operation, path, errno) }
  }

  package func makeFolder(_ path: String) throws(FileFailure) { try prove(mkdir(path, 0o777), "make", path) }

  package func create(_ path: String) throws(FileFailure) -> OpenedFile {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw FileFailure("make", path, errno) }
    return OpenedFile(path: path, descriptor: descriptor)
  }

  package func append(_ bytes: UnsafeRawBufferPointer, to file: OpenedFile) throws(FileFailure) -> Int {
    guard let start = bytes.baseAddress else { return 0 }
    let count = write(file.descriptor, start, bytes.count)
    if count < 0 { throw FileFailure("write", file.path, errno) }
    return count
  }

  package func flush(_ file: OpenedFile) throws(FileFailure) {
    try prove(fsync(file.descriptor), "write", file.path)
  }

  package func finish(_ file: OpenedFile) throws(FileFailure) {
    try prove(close(file.descriptor), "write", file.path)
  }

  package func flush(folder: String) throws(FileFailure) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw FileFailure("open", folder, errno) }
    defer { close(descriptor) }
    try prove(fsync(descriptor), "write", folder)
  }

  package func move(_ path: String, to other: String) throws(FileFailure) {
    try prove(rename(path, other), "rename", path)
  }

  package func remove(file: String) throws(FileFailure) { try prove(unlink(file), "remove", file) }

  package func remove(folder: String) throws(FileFailure) { try prove(rmdir(folder), "remove", folder) }
}
