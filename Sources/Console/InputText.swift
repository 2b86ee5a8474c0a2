import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Text that is read rather than given.
package enum InputText {
  /// The text of a file; `-` is standard input. Bytes that are not UTF-8 become U+FFFD.
  ///
  /// - Throws: ``ProfilingError/file(path:code:)``.
  package static func file(_ path: String) throws -> String {
    path == "-" ? standardInput() : String(decoding: try readWholeFile(path), as: UTF8.self)
  }

  /// All of standard input, without the line's end that a shell adds.
  package static func standardInput() -> String {
    var bytes = standardInputBytes()
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// All bytes of standard input.
  package static func standardInputBytes() -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(STDIN_FILENO, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }
}
