/// A numpy archive (`.npz`): arrays by name, compressed or not.
public struct NPZFile: Sendable {
  /// The names of the arrays, in the order of the archive.
  public let names: [String]
  private let archive: ZipFile

  private static let ending = ".npy"

  /// Reads the directory of an archive.
  ///
  /// - Throws: ``FormatError`` naming the field, also for an entry that is no array.
  public init(_ bytes: ByteView) throws(FormatError) {
    archive = try ZipFile(bytes)
    var names: [String] = []
    for entry in archive.entries {
      guard entry.name.hasSuffix(Self.ending) else {
        throw .unsupported(
          field: "zip: \(entry.name)", offset: entry.offset, found: "another file", supported: "*\(Self.ending)")
      }
      names.append(String(entry.name.dropLast(Self.ending.count)))
    }
    self.names = names
  }

  /// The array of this name.
  ///
  /// - Parameters:
  ///   - name: one of ``names``.
  ///   - limit: the most bytes that it may have.
  /// - Throws: ``FormatError`` naming the array, or the field of its header; offsets are those in the array's own file.
  public func array(named name: String, limit: Int = 1 << 30) throws(FormatError) -> NumberArray {
    guard let entry = archive.entries.first(where: { $0.name == name + Self.ending }) else {
      throw .missingTensor(field: name)
    }
    return try NPYFile(archive.content(of: entry, limit: limit)).array
  }
}
