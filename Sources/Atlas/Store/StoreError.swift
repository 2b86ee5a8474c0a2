/// What is wrong with a store of results.
public enum StoreError: Error, Sendable, Equatable {
  /// The file cannot be opened or written; `code` is SQLite's result code.
  case cannotOpen(path: String, code: Int32, problem: String)
  /// The file is no database, or a damaged one.
  case damaged(path: String, problem: String)
  /// A database of something else.
  case foreign(path: String, applicationID: Int)
  /// A store of a later version of this program.
  case newerSchema(path: String, version: Int, known: Int)
  /// A statement failed; `code` is SQLite's result code.
  case failed(statement: String, code: Int32, problem: String)
  /// A column does not hold what it should.
  case unexpectedValue(column: String, problem: String)
}

extension StoreError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let code, let problem): "\(path): \(problem) (SQLite \(code))"
    case .damaged(let path, let problem): "\(path): not a sound store of results: \(problem)"
    case .foreign(let path, let id): "\(path): a database of another application (\(id)), not a store of results"
    case .newerSchema(let path, let version, let known):
      "\(path): a store of version \(version), where this program knows up to \(known)"
    case .failed(let statement, let code, let problem): "\(problem) (SQLite \(code)) in: \(statement)"
    case .unexpectedValue(let column, let problem): "the store's column \(column): \(problem)"
    }
  }
}
