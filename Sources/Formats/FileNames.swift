/// Rules for names that come out of files: those of tensors, and those of further files.
package enum FileNames {
  /// Proves that a name is not empty, not too long and holds no control characters, which could forge lines of a log.
  ///
  /// - Throws: ``FormatError``.
  static func proveName(_ name: String, _ field: String, offset: Int, limit: Int) throws(FormatError) {
    guard !name.isEmpty else {
      throw .invalidValue(field: field, offset: offset, value: "empty", expected: "a name")
    }
    guard name.utf8.count <= limit else {
      throw .limitExceeded(field: field, offset: offset, value: UInt64(name.utf8.count), limit: UInt64(limit))
    }
    if let control = name.utf8.first(where: { $0 < 0x20 || $0 == 0x7F }) {
      throw .invalidValue(
        field: field, offset: offset, value: "control character \(control)", expected: "printable text")
    }
  }

  /// Why `name` cannot be the name of a file beside the one that holds it; nothing when it can. Such a name is one
  /// component of a path: no folder, no step up, nothing that another system reads as a folder or a drive.
  package static func problem(inFileName name: String) -> String? {
    let bytes = name.utf8
    if bytes.isEmpty { return "the name is empty" }
    if bytes.count > 255 { return "\(bytes.count) bytes, a file's name has at most 255" }
    if name == "." || name == ".." { return "'\(name)' is a folder" }
    if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "the name holds a control character" }
    if bytes.contains(UInt8(ascii: "/")) || bytes.contains(UInt8(ascii: "\\")) {
      return "'\(name.prefix(64))' leads out of its folder or into another"
    }
    if bytes.contains(UInt8(ascii: ":")) { return "'\(name.prefix(64))' names a drive or a stream" }
    if name.hasPrefix("~") { return "'\(name.prefix(64))' begins as a home folder does" }
    return nil
  }
}
