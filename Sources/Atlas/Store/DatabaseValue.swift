import CSQLite

/// A value in a row.
enum DatabaseValue: Equatable {
  case null
  case integer(Int)
  case number(Double)
  case text(String)

  /// The value of a column of the row that a statement is at; bytes without a type count as text.
  init(_ statement: OpaquePointer, column: Int32) {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: self = .integer(Int(sqlite3_column_int64(statement, column)))
    case SQLITE_FLOAT: self = .number(sqlite3_column_double(statement, column))
    case SQLITE_NULL: self = .null
    default:
      let count = Int(sqlite3_column_bytes(statement, column))
      let bytes = UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, column), count: count)
      self = .text(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// Gives the value to a statement's parameter; SQLite's result code.
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    switch self {
    case .null: return sqlite3_bind_null(statement, index)
    case .integer(let value): return sqlite3_bind_int64(statement, index, Int64(value))
    case .number(let value): return sqlite3_bind_double(statement, index, value)
    case .text(let value):
      // Without the zero at its end, which is not a part of the text.
      return value.utf8CString.withUnsafeBufferPointer {
        venturi_bind_text(statement, index, $0.baseAddress, Int32($0.count - 1))
      }
    }
  }

  /// The whole number, if it is one.
  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  /// The text, if it is one.
  var text: String? { if case .text(let value) = self { value } else { nil } }
}
