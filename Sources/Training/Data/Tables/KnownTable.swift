import Formats
import Tensors

/// The small data sets inside of the Python package scikit-learn, from the folders where `venturi pull` puts them.
///
/// | name | rows | columns | target |
/// |---|---|---|---|
/// | `digits` | 1797 | 64: 8 × 8 pixels from 0 to 16 | 10 classes |
/// | `iris` | 150 | 4 | 3 classes |
/// | `wine` | 178 | 13 | 3 classes |
/// | `breast-cancer` | 569 | 30 | 2 classes |
/// | `diabetes` | 442 | 10, as they were measured | a number from 25 to 346 |
public enum KnownTable: String, Sendable, Hashable, CaseIterable {
  case digits, iris, wine
  case breastCancer = "breast-cancer"
  case diabetes

  /// The files in the data set's folder: the table, and where it is apart the target.
  public var files: [String] {
    switch self {
    case .digits: ["digits.csv.gz"]
    case .iris: ["iris.csv"]
    case .wine: ["wine_data.csv"]
    case .breastCancer: ["breast_cancer.csv"]
    case .diabetes: ["diabetes_data_raw.csv.gz", "diabetes_target.csv.gz"]
    }
  }

  /// Reads the data set.
  ///
  /// - Parameter folder: where `venturi pull` put its ``files``.
  /// - Throws: ``DataError`` naming the file and the field.
  public func read(folder: String) throws(DataError) -> NumberTable {
    let path = "\(folder)/\(files[0])"
    switch self {
    case .digits:
      let (columns, rows) = try Self.numbers(at: path)
      return try Self.table(path, columns, rows, (0..<10).map { "\($0)" })
    case .iris, .wine, .breastCancer: return try Self.titled(path)
    case .diabetes:
      let (columns, rows) = try Self.numbers(at: path, separator: UInt8(ascii: " "))
      let target = try Self.numbers(at: "\(folder)/\(files[1])")
      guard target.columns == 1 else {
        throw .mismatch(field: "columns of \(files[1])", found: "\(target.columns)", expected: "1")
      }
      return try NumberTable(columns: columns, values: rows, targets: target.values, classNames: [])
    }
  }

  /// A table whose last column is the class.
  private static func table(
    _ path: String, _ columns: Int, _ values: [Double], _ classNames: [String]
  ) throws(DataError) -> NumberTable {
    let rows = values.count / columns
    var (features, targets): ([Double], [Double]) = ([], [])
    for row in 0..<rows {
      features += values[row * columns..<(row + 1) * columns - 1]
      targets.append(values[(row + 1) * columns - 1])
    }
    return try NumberTable(columns: columns - 1, values: features, targets: targets, classNames: classNames)
  }

  /// A table whose first line holds the rows, the columns and the names of the classes.
  private static func titled(_ path: String) throws(DataError) -> NumberTable {
    let bytes = try contents(of: path)
    let end = bytes.withUnsafeBytes { $0.firstIndex(of: UInt8(ascii: "\n")) ?? $0.count }
    let title = bytes.withUnsafeBytes { String(decoding: $0[..<end], as: UTF8.self) }
      .split(separator: ",", omittingEmptySubsequences: false).map { String($0.filter { $0 != "\r" }) }
    guard title.count > 2, let rows = Int(title[0]), let columns = Int(title[1]) else {
      throw .corpus(path: path, line: 1, problem: "not the numbers of rows and columns, and the classes")
    }
    let body = bytes.withUnsafeBytes { Array($0[min($0.count, end + 1)...]) }
    let (found, values) = try numbers(ByteView(copying: body), path, separator: UInt8(ascii: ","))
    guard found == columns + 1, values.count == rows.multipliedClamped(by: found) else {
      throw .mismatch(
        field: path, found: "\(values.count / max(1, found)) rows of \(found)", expected: "\(rows) of \(columns + 1)")
    }
    return try table(path, found, values, Array(title[2...]))
  }

  private static func numbers(
    at path: String, separator: UInt8 = UInt8(ascii: ",")
  ) throws(DataError) -> (columns: Int, values: [Double]) {
    try numbers(contents(of: path), path, separator: separator)
  }

  private static func numbers(
    _ bytes: ByteView, _ path: String, separator: UInt8
  ) throws(DataError) -> (columns: Int, values: [Double]) {
    do {
      var options = CSVOptions()
      options.separator = separator
      options.hasHeader = false
      let file = try CSVFile(bytes, options: options)
      guard file.rows > 0, file.columns > 0 else {
        throw DataError.mismatch(field: path, found: "\(file.rows) rows", expected: "a table with rows")
      }
      var values = [Double](repeating: 0, count: file.rows * file.columns)
      for column in 0..<file.columns {
        for (row, value) in try file.numbers(column: column).enumerated() {
          values[row * file.columns + column] = value
        }
      }
      return (file.columns, values)
    } catch let error as FormatError { throw .format(path: path, error) } catch let error as DataError {
      throw error
    } catch { throw .corpus(path: path, line: nil, problem: "\(error)") }
  }

  /// The bytes of a file, decompressed where they are a gzip file's.
  private static func contents(of path: String) throws(DataError) -> ByteView {
    do {
      let storage = try Storage(mapping: path)
      return try storage.reading {
        let bytes = ByteView(copying: storage.bytes)
        return Gzip.isCompressed(bytes) ? try Gzip.decompressed(bytes, limit: 1 << 26) : bytes
      }
    } catch let error as FormatError { throw .format(path: path, error) } catch let error as TensorError {
      throw .system(error)
    } catch { throw .corpus(path: path, line: nil, problem: "\(error)") }
  }
}
