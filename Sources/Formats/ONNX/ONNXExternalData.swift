/// A part of another file that holds a tensor's bytes.
public struct ONNXExternalData: Sendable, Equatable {
  /// The file's path below the model's folder; checked to be relative and without `..`.
  public let location: String
  /// The first byte.
  public let offset: Int
  /// The number of bytes, where it is given.
  public let length: Int?

  /// Splits a path into its parts, all of which are plain names.
  ///
  /// - Throws: ``FormatError/invalidValue(field:offset:value:expected:)`` for a path that could leave the folder.
  public static func parts(
    of location: String, field: String, offset: Int
  ) throws(FormatError) -> [String] {
    let expected = "a relative path inside of the model's folder"
    let parts = location.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 255
        && !part.unicodeScalars.contains { $0.value < 0x20 || $0 == "\\" || $0 == ":" || $0.value == 0x7F }
    }
    guard !parts.isEmpty, parts.count <= 32, isPlain else {
      throw .invalidValue(field: field, offset: offset, value: "'\(location)'", expected: expected)
    }
    return parts
  }
}
