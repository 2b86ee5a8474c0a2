#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The system's text for an error number.
public func systemErrorText(_ code: Int32) -> String {
  var text = [CChar](repeating: 0, count: 256)
  // A message cut short is still a message.
  _ = strerror_r(code, &text, text.count - 1)
  let words = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  return words.isEmpty ? "system error \(code)" : String(decoding: words, as: UTF8.self)
}

/// The bytes of a file.
///
/// - Throws: ``ProfilingError/file(path:code:)``.
public func readWholeFile(_ path: String) throws(ProfilingError) -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw .file(path: path, code: errno) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    errno = 0
    let count = fread(&chunk, 1, chunk.count, file)
    bytes.append(contentsOf: chunk[..<count])
    if count == chunk.count { continue }
    if ferror(file) != 0 { throw .file(path: path, code: errno) }
    return bytes
  }
}

/// Writes a file so that readers see the old content or the new, never a part: a temporary beside it, flushed to the
/// disk, then renamed. Folders on the way are made.
///
/// - Throws: ``ProfilingError/file(path:code:)``.
public func writeFileAtomically(_ path: String, _ bytes: [UInt8]) throws(ProfilingError) {
  for (index, character) in path.enumerated() where character == "/" && index > 0 {
    mkdir(String(path.prefix(index)), 0o777)
  }
  let temporary = "\(path).\(getpid()).part"
  guard let file = fopen(temporary, "wb") else { throw .file(path: temporary, code: errno) }
  let written = fwrite(bytes, 1, bytes.count, file)
  let flushed = fflush(file) == 0 && fsync(fileno(file)) == 0
  let closed = fclose(file) == 0
  guard written == bytes.count, flushed, closed, rename(temporary, path) == 0 else {
    let code = errno
    unlink(temporary)
    throw .file(path: path, code: code)
  }
}

/// The value of an environment variable.
public func environmentValue(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// The time by UTC: `2026-11-26T09:05:00Z`.
public func systemTime() -> String {
  var seconds = time(nil)
  var parts = tm()
  gmtime_r(&seconds, &parts)
  func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
  return "\(date)T\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))Z"
}

/// The day by UTC: `2026-11-26`.
public func systemDate() -> String { String(systemTime().prefix { $0 != "T" }) }
