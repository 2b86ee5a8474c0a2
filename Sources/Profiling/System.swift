import Inference

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
  do throws(InferenceError) { return try Files.read(path) } catch { throw ProfilingError(error, path: path) }
}

/// Writes a file so that readers see the old content or the new, never a part. Folders on the way are made.
///
/// - Throws: ``ProfilingError/file(path:code:)``.
public func writeFileAtomically(_ path: String, _ bytes: [UInt8]) throws(ProfilingError) {
  do throws(InferenceError) { try Files.writeAtomically(path, bytes) } catch {
    throw ProfilingError(error, path: path)
  }
}

extension ProfilingError {
  /// What a failed call on a file means here.
  fileprivate init(_ error: InferenceError, path: String) {
    guard case .system(_, let place, let code) = error else {
      self = .file(path: path, code: EIO)
      return
    }
    self = .file(path: place, code: code)
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
