import Console
import Formats
import Planner
import Profiling

/// A table of numbers from a CSV file, by the names of its columns.
struct PlanTable {
  private let file: CSVFile
  private let path: String

  /// Reads a file, with `-` for standard input.
  ///
  /// - Throws: `FormatError`; `ProfilingError` for a file that cannot be read.
  init(_ path: String) throws {
    let bytes = path == "-" ? InputText.standardInputBytes() : try readWholeFile(path)
    var options = CSVOptions()
    options.rows = 1 << 20
    options.columns = 64
    options.memoryBudget = 1 << 28
    file = try CSVFile(ByteView(copying: bytes), options: options)
    self.path = path
  }

  /// Whether there is such a column.
  func has(_ name: String) -> Bool { file.names.contains(name) }

  /// The numbers of a column.
  ///
  /// - Throws: `FormatError`.
  func numbers(_ name: String) throws -> [Double] { try file.numbers(column: file.column(named: name)) }

  /// The whole numbers of a column.
  ///
  /// - Throws: `FormatError`.
  func integers(_ name: String) throws -> [Int] { try file.integers(column: file.column(named: name)) }

  /// The words of a column.
  ///
  /// - Throws: `FormatError`.
  func texts(_ name: String) throws -> [String] { file.texts(column: try file.column(named: name)) }
}
