import Formats
import Tensors

/// Files of text as a list of documents.
public struct TextCorpus: Sendable {
  /// What in a file is a document.
  public enum Form: Sendable, Hashable {
    /// The whole file.
    case files
    /// Every line that is not empty.
    case lines
    /// The string of this name in the JSON object of every line (JSON Lines).
    case jsonLines(field: String)
  }

  /// The files, in the order of their documents.
  public let paths: [String]
  /// What in a file is a document.
  public let form: Form
  /// The most bytes of a document, or of a line.
  public var documentBytes = 1 << 28

  /// The documents of files.
  public init(paths: [String], form: Form) {
    self.paths = paths
    self.form = form
  }

  /// Calls `body` with the bytes of each document, which need not be valid UTF-8 in plain files.
  ///
  /// - Throws: ``DataError`` naming the file and the line; what `body` throws.
  public func forEachDocument(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    for path in paths {
      let storage: Storage
      do throws(TensorError) { storage = try Storage(mapping: path) } catch { throw DataError.system(error) }
      try storage.reading {
        try withExtendedLifetime(storage) {
          let bytes = storage.bytes.bindMemory(to: UInt8.self)
          if form == .files {
            try prove(bytes.count, path, nil)
            return try body(bytes)
          }
          try forEachLine(of: bytes, path, body)
        }
      }
    }
  }

  private func forEachLine(
    of bytes: UnsafeBufferPointer<UInt8>, _ path: String, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    var at = 0
    var number = 0
    while at < bytes.count {
      number += 1
      let end = bytes[at...].firstIndex(of: 0x0A) ?? bytes.count
      var line = at..<end
      at = end + 1
      if line.last.map({ bytes[$0] == 0x0D }) ?? false { line = line.dropLast() }
      try prove(line.count, path, number)
      if line.allSatisfy({ bytes[$0] == 0x20 || bytes[$0] == 0x09 }) { continue }
      switch form {
      case .files, .lines: try body(UnsafeBufferPointer(rebasing: bytes[line]))
      case .jsonLines(let field):
        var text = try string(field, in: Array(bytes[line]), path, number)
        try text.withUTF8(body)
      }
    }
  }

  private func prove(_ count: Int, _ path: String, _ line: Int?) throws {
    if count <= documentBytes { return }
    throw DataError.corpus(path: path, line: line, problem: "\(count) bytes, above the limit of \(documentBytes)")
  }

  private func string(_ field: String, in line: [UInt8], _ path: String, _ number: Int) throws -> String {
    let value: JSON
    do throws(JSONError) { value = try JSON(parsing: line, values: 1 << 20) } catch {
      throw DataError.corpus(path: path, line: number, problem: "\(error)")
    }
    guard value.members != nil else {
      throw DataError.corpus(path: path, line: number, problem: "not an object")
    }
    guard let member = value[field] else {
      throw DataError.corpus(path: path, line: number, problem: "no field '\(field)'")
    }
    guard let text = member.text else {
      throw DataError.corpus(path: path, line: number, problem: "the field '\(field)' is no string")
    }
    return text
  }
}
