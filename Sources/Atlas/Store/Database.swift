import CSQLite

/// A SQLite database file; one owner at a time uses it.
///
/// A write takes part in a rollback journal and is on the disk when its transaction is committed; a second process waits
/// up to ten seconds for the first.
final class Database {
  /// The file.
  let path: String
  private var connection: OpaquePointer?

  /// Opens the file, makes it where there is none.
  ///
  /// - Throws: ``StoreError/cannotOpen(path:code:problem:)``.
  init(path: String) throws(StoreError) {
    self.path = path
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX
    // SQLite has names that mean no file: an empty one, `:memory:`.
    let code = sqlite3_open_v2(path.hasPrefix("/") ? path : "./" + path, &connection, flags, nil)
    guard code == SQLITE_OK else {
      let problem = message
      sqlite3_close_v2(connection)
      connection = nil
      throw .cannotOpen(path: path, code: code, problem: problem)
    }
    sqlite3_busy_timeout(connection, 10_000)
    sqlite3_extended_result_codes(connection, 1)
  }

  deinit { sqlite3_close_v2(connection) }

  /// SQLite's text for the last error.
  private var message: String { String(cString: sqlite3_errmsg(connection)) }

  /// Runs statements that give nothing back.
  ///
  /// - Throws: ``StoreError``.
  func execute(_ statements: String) throws(StoreError) {
    let code = sqlite3_exec(connection, statements, nil, nil, nil)
    if code != SQLITE_OK { throw failure(statements, code) }
  }

  /// Runs a statement; its rows.
  ///
  /// - Throws: ``StoreError``.
  @discardableResult
  func query(_ text: String, _ values: [DatabaseValue] = []) throws(StoreError) -> [[DatabaseValue]] {
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v2(connection, text, -1, &prepared, nil)
    guard code == SQLITE_OK, let statement = prepared else { throw failure(text, code) }
    defer { sqlite3_finalize(statement) }
    guard Int(sqlite3_bind_parameter_count(statement)) == values.count else {
      throw .failed(statement: text, code: SQLITE_RANGE, problem: "\(values.count) values for its parameters")
    }
    for (index, value) in values.enumerated() {
      let code = value.bind(to: statement, at: Int32(index + 1))
      if code != SQLITE_OK { throw failure(text, code) }
    }
    var rows: [[DatabaseValue]] = []
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return rows }
      guard code == SQLITE_ROW else { throw failure(text, code) }
      rows.append((0..<sqlite3_column_count(statement)).map { DatabaseValue(statement, column: $0) })
    }
  }

  /// Runs `body` so that all of its writes are kept, or none.
  ///
  /// - Throws: what `body` throws; ``StoreError``.
  func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    try execute("BEGIN IMMEDIATE")
    do throws(StoreError) {
      try body()
      try execute("COMMIT")
    } catch {
      // What cannot be undone now is undone by whoever opens the file next.
      try? execute("ROLLBACK")
      throw error
    }
  }

  private func failure(_ statement: String, _ code: Int32) -> StoreError {
    switch code & 0xFF {
    case SQLITE_NOTADB, SQLITE_CORRUPT: .damaged(path: path, problem: message)
    case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_FULL, SQLITE_IOERR, SQLITE_BUSY:
      .cannotOpen(path: path, code: code, problem: message)
    default: .failed(statement: statement, code: code, problem: message)
    }
  }
}
