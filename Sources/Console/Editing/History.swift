import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What was entered before, in this session and earlier ones.
package struct History: Sendable {
  /// The entries, oldest first.
  package private(set) var entries: [String] = []
  private let path: String?
  private static let limit = 1000

  /// The history kept at `path`; only in memory without one. A file that cannot be read is an empty history.
  package init(path: String?) {
    self.path = path
    guard let path, let bytes = try? readWholeFile(path) else { return }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    entries = lines.suffix(Self.limit).compactMap { line in (try? JSON(parsing: line))?.text }
  }

  /// Adds an entry, unless it repeats the last one, and keeps it in the file. That it cannot be kept is no reason to
  /// stop a conversation.
  package mutating func add(_ entry: String) {
    if entry.isEmpty || entries.last == entry { return }
    entries.append(entry)
    if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    guard let path else { return }
    let text = entries.map { JSON.string($0).line + "\n" }.joined()
    if (try? writeFileAtomically(path, Array(text.utf8))) != nil { chmod(path, 0o600) }
  }
}
