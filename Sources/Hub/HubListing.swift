import Formats

/// The files of a repository, as the hub lists them.
package struct HubListing: Sendable {
  /// A file of a repository.
  struct File: Sendable, Hashable {
    /// The path in the repository.
    let path: String
    /// The size in bytes.
    let size: Int
    /// The SHA-256 in hexadecimal; the hub knows it of large files only.
    let sha256: String?

    /// The last part of the path.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  }

  private(set) var files: [File] = []

  /// The most bytes of a page.
  package static let pageLimit = 16 << 20
  static let fileLimit = 100_000
  private static let sizeLimit = 1 << 43

  /// Adds the files of one page.
  ///
  /// - Throws: ``HubError/badAnswer(path:problem:)`` for what is no listing, and for paths that lead out of a folder.
  mutating func add(page bytes: [UInt8], of repository: String) throws(HubError) {
    func fail(_ problem: String) -> HubError { .badAnswer(path: repository, problem: "its listing \(problem)") }
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch { throw fail("is \(error)") }
    guard let items = json.elements else { throw fail("is no list") }
    for item in items {
      guard let type = item["type"]?.text, let path = item["path"]?.text else {
        throw fail("has an entry without a type or a path")
      }
      guard type == "file" else { continue }
      guard Self.isContained(path) else { throw fail("names a file '\(path)' outside of its folder") }
      let lfs = item["lfs"]
      guard let size = lfs?["size"]?.int ?? item["size"]?.int, 0...Self.sizeLimit ~= size else {
        throw fail("gives '\(path)' no size")
      }
      let digest = lfs?["oid"]?.text?.lowercased()
      if let digest, digest.utf8.count != 64 || !digest.utf8.allSatisfy({ Self.isHexadecimal($0) }) {
        throw fail("gives '\(path)' a digest '\(digest)' that is no SHA-256")
      }
      files.append(File(path: path, size: size, sha256: digest))
      if files.count > Self.fileLimit { throw fail("has more than \(Self.fileLimit) files") }
    }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte)
  }

  /// Whether a path stays below the folder that it is in: plain names, few levels.
  static func isContained(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard 1...4 ~= parts.count, path.utf8.count <= 1024 else { return false }
    return parts.allSatisfy { FileNames.problem(inFileName: String($0)) == nil }
  }
}
