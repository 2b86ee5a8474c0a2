import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file of records, a line each, to which lines are only ever added.
public struct TrialLog: Sendable {
  /// The file.
  public let path: String

  /// The log in a file, which need not be there yet.
  public init(path: String) { self.path = path }

  /// Adds a record, on the disk when this returns.
  ///
  /// - Throws: ``DataError/system(_:)``.
  public func append(_ record: TrialRecord) throws(DataError) {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw .system(.cannotWrite(path: path, code: errno)) }
    defer { close(file) }
    let bytes = Array((record.json.line + "\n").utf8)
    // One call: a line of another process never comes between.
    let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    guard written == bytes.count, fsync(file) == 0 else {
      throw .system(.cannotWrite(path: path, code: errno))
    }
  }

  /// All records; a last line without an end, which a crash leaves, is passed over.
  ///
  /// - Throws: ``DataError`` naming the line.
  public func records() throws(DataError) -> [TrialRecord] {
    let text: String
    do {
      let storage = try Storage(mapping: path)
      text = try storage.reading { String(decoding: storage.bytes, as: UTF8.self) }
    } catch let error as TensorError { throw .system(error) } catch {
      throw .corpus(path: path, line: nil, problem: "\(error)")
    }
    var records: [TrialRecord] = []
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    lines.removeLast()
    for (index, line) in lines.enumerated() {
      do { records.append(try TrialRecord(JSON(parsing: line))) } catch {
        throw .corpus(path: path, line: index + 1, problem: "\(error)")
      }
    }
    return records
  }
}
