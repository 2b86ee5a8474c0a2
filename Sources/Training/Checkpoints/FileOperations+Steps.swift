import Formats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension FileOperations {
  /// Tries again what a signal interrupted.
  func retried<Result>(_ body: () throws(FileFailure) -> Result) throws(FileFailure) -> Result {
    while true {
      do throws(FileFailure) { return try body() } catch { if error.code != EINTR { throw error } }
    }
  }

  /// Writes a new file and waits until its bytes are on the disk.
  ///
  /// - Parameters:
  ///   - path: where; nothing may be there.
  ///   - pieceBytes: the most bytes that are written at once.
  ///   - content: hands over the bytes, piece by piece.
  /// - Returns: the number of bytes and their SHA-256.
  func makeFile(
    _ path: String, pieceBytes: Int, _ content: (_ sink: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws -> (bytes: Int, sha256: String) {
    let file = try retried { () throws(FileFailure) in try create(path) }
    var digest = SHA256()
    var count = 0
    do {
      try content { bytes in
        var rest = bytes
        while !rest.isEmpty {
          let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(pieceBytes))
          digest.update(piece)
          try append(all: piece, to: file)
          count += piece.count
          rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
        }
      }
      try retried { () throws(FileFailure) in try flush(file) }
    } catch {
      try? finish(file)
      throw error
    }
    // A close that a signal interrupts has closed the file, and its bytes are on the disk already.
    do throws(FileFailure) { try finish(file) } catch { if error.code != EINTR { throw error } }
    return (count, digest.finish())
  }

  private func append(all bytes: UnsafeRawBufferPointer, to file: OpenedFile) throws(FileFailure) {
    var rest = bytes
    while !rest.isEmpty {
      let piece = rest
      let count = try retried { () throws(FileFailure) in try append(piece, to: file) }
      guard (1...piece.count).contains(count) else { throw FileFailure("write", file.path, EIO) }
      rest = UnsafeRawBufferPointer(rebasing: piece.dropFirst(count))
    }
  }

  /// Removes a folder and the files in it.
  func removeAll(_ folder: String) throws(FileFailure) {
    for name in FolderListing.names(in: folder) {
      try retried { () throws(FileFailure) in try remove(file: "\(folder)/\(name)") }
    }
    try retried { () throws(FileFailure) in try remove(folder: folder) }
  }
}

/// The names in a folder.
enum FolderListing {
  /// The names, sorted; none of a folder that cannot be read.
  static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let item = readdir(directory) {
      let name = withUnsafeBytes(of: &item.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
