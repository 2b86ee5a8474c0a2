import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A folder that goes, with its files, when nobody holds it any more.
final class TemporaryPlace: Sendable {
  /// The folder.
  let path: String

  /// - Throws: `ProfilingError` when it cannot be made.
  init() throws(ProfilingError) {
    let base = environmentValue("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var pattern = Array("\(base)/venturi-XXXXXX".utf8CString)
    guard mkdtemp(&pattern) != nil else { throw .file(path: base, code: errno) }
    path = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Files.remove(folder: path) }
}
