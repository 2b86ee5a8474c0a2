import Inference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A folder that goes, with its files, when nobody holds it any more.
package final class TemporaryPlace: Sendable {
  /// The folder.
  package let path: String

  /// A new folder where `TMPDIR` says, else in `/tmp`.
  ///
  /// - Throws: ``ProfilingError/file(path:code:)`` when it cannot be made.
  package init() throws(ProfilingError) {
    let base = environmentValue("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var pattern = Array("\(base)/venturi-XXXXXX".utf8CString)
    guard mkdtemp(&pattern) != nil else { throw .file(path: base, code: errno) }
    path = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Files.remove(folder: path) }
}
