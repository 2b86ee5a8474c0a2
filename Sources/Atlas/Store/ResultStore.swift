import Formats
import Venturi

/// What was measured, kept in a SQLite file: every run of a reproduction, and every table of `venturi bench`.
public final class ResultStore {
  /// `VNTR` in the file's header: a database of ours.
  private static let applicationID = 0x564E_5452
  private static let version = 1
  private let database: Database

  /// Opens the store at `path`; makes it, and the folders on the way, where there is none.
  ///
  /// - Throws: ``StoreError``: the file is damaged, another application's or a later version's.
  public init(path: String) throws(StoreError) {
    Files.makeFolders(above: path)
    database = try Database(path: path)
    let application = try database.query("PRAGMA application_id").first?.first?.integer ?? 0
    let version = try database.query("PRAGMA user_version").first?.first?.integer ?? 0
    let tables = try database.query("SELECT count(*) FROM sqlite_schema").first?.first?.integer ?? 0
    if application == 0, tables == 0 {
      try create()
      return
    }
    if application != Self.applicationID { throw .foreign(path: path, applicationID: application) }
    if version > Self.version { throw .newerSchema(path: path, version: version, known: Self.version) }
    // A view or trigger in a file from elsewhere would run what it likes, without an end too.
    let known = "type = 'index' OR type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
    let others = try database.query("SELECT count(*) FROM sqlite_schema WHERE NOT (\(known))").first?.first?.integer
    if others != 0 { throw .damaged(path: path, problem: "it holds views, triggers or virtual tables") }
    let own = "type = 'table' AND name IN ('runs', 'tables')"
    let count = try database.query("SELECT count(*) FROM sqlite_schema WHERE \(own)").first?.first?.integer
    if count != 2 { throw .damaged(path: path, problem: "a table is missing") }
    let check = try database.query("PRAGMA quick_check(1)").first?.first?.text ?? "no answer"
    if check != "ok" { throw .damaged(path: path, problem: check) }
  }

  private func create() throws(StoreError) {
    try database.transaction { () throws(StoreError) in
      // Another process may have been first.
      try database.execute(
        """
        CREATE TABLE IF NOT EXISTS runs (
          id INTEGER PRIMARY KEY, system INTEGER NOT NULL, date TEXT NOT NULL, machine TEXT NOT NULL,
          quick INTEGER NOT NULL, outcome TEXT NOT NULL, result TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS runs_by_system ON runs (system, machine, quick, id);
        CREATE TABLE IF NOT EXISTS tables (
          id INTEGER PRIMARY KEY, date TEXT NOT NULL, machine TEXT NOT NULL, content TEXT NOT NULL);
        PRAGMA application_id = \(Self.applicationID);
        PRAGMA user_version = \(Self.version);
        """)
    }
  }

  /// Checks that the store can be written now, by writing nothing new.
  ///
  /// - Throws: ``StoreError``.
  public func checkWritable() throws(StoreError) {
    try database.transaction { () throws(StoreError) in
      try database.execute("PRAGMA user_version = \(Self.version)")
    }
  }

  /// Keeps the result of a run; it is on the disk when this returns.
  ///
  /// - Throws: ``StoreError``.
  public func keep(_ result: ReproductionResult) throws(StoreError) {
    try database.transaction { () throws(StoreError) in
      try database.query(
        "INSERT INTO runs (system, date, machine, quick, outcome, result) VALUES (?, ?, ?, ?, ?, ?)",
        [
          .integer(result.entry.number), .text(result.date), .text(result.machineName), .integer(result.quick ? 1 : 0),
          .text(result.outcome.rawValue), .text(result.json.line),
        ])
    }
  }

  /// The newest run of each system on each machine, by number; whole runs before quick ones, which only stand in.
  ///
  /// - Throws: ``StoreError``.
  public func newest() throws(StoreError) -> [Run] {
    let rows = try database.query(
      """
      SELECT id, system, date, machine, quick, result FROM runs AS r WHERE id =
        (SELECT id FROM runs WHERE system = r.system AND machine = r.machine ORDER BY quick, id DESC LIMIT 1)
      ORDER BY system, machine
      """)
    return try rows.map { row throws(StoreError) in try Self.run(row) }
  }

  /// All runs of a system, oldest first.
  ///
  /// - Throws: ``StoreError``.
  public func runs(of system: Int) throws(StoreError) -> [Run] {
    let rows = try database.query(
      "SELECT id, system, date, machine, quick, result FROM runs WHERE system = ? ORDER BY id", [.integer(system)])
    return try rows.map { row throws(StoreError) in try Self.run(row) }
  }

  private static func run(_ row: [DatabaseValue]) throws(StoreError) -> Run {
    guard row.count == 6, let id = row[0].integer, let system = row[1].integer, let date = row[2].text,
      let machine = row[3].text, let quick = row[4].integer, let text = row[5].text
    else { throw .unexpectedValue(column: "runs", problem: "\(row.count) columns of other types") }
    return Run(
      id: id, system: system, date: date, machine: machine, quick: quick != 0, result: try parse(text, "runs.result"))
  }

  /// Keeps a table of `venturi bench`.
  ///
  /// - Throws: ``StoreError``.
  public func keep(table content: JSON, date: String) throws(StoreError) {
    guard content["rows"]?.elements != nil else {
      throw .unexpectedValue(column: "tables.content", problem: "a benchmark's answer has rows")
    }
    let machine = content["machine"]?["processor"]?.text ?? "unknown"
    try database.transaction { () throws(StoreError) in
      try database.query(
        "INSERT INTO tables (date, machine, content) VALUES (?, ?, ?)",
        [.text(date), .text(machine), .text(content.line)])
    }
  }

  /// The tables, newest first.
  ///
  /// - Throws: ``StoreError``.
  public func tables() throws(StoreError) -> [Table] {
    try database.query("SELECT date, content FROM tables ORDER BY id DESC").map { row throws(StoreError) in
      guard row.count == 2, let date = row[0].text, let text = row[1].text else {
        throw .unexpectedValue(column: "tables", problem: "\(row.count) columns of other types")
      }
      return Table(date: date, content: try Self.parse(text, "tables.content"))
    }
  }

  private static func parse(_ text: String, _ column: String) throws(StoreError) -> JSON {
    do throws(JSONError) { return try JSON(parsing: text) } catch {
      throw .unexpectedValue(column: column, problem: error.description)
    }
  }
}
