import Atlas
import CSQLite
import Formats
import Foundation
import Testing

/// The store keeps what it is given, and refuses what is not its own.
@Suite struct StoreTests {
  @Test func whatIsKeptComesBack() throws {
    let place = try TemporaryStore()
    let path = place.path("a/b/results.sqlite")
    let result = Samples.result()
    try ResultStore(path: path).keep(result)
    let run = try #require(try ResultStore(path: path).newest().first)
    #expect(run.result == result.json && run.system == 67 && run.machine == "A processor" && !run.quick)
    #expect(run.date == result.date)
  }

  @Test func theNewestWholeRunOfEachMachineCounts() throws {
    let place = try TemporaryStore()
    let store = try ResultStore(path: place.path())
    try store.keep(Samples.result(quick: true, date: "1"))
    #expect(try store.newest().map(\.date) == ["1"], "a quick run stands in until there is a whole one")
    try store.keep(Samples.result(date: "2"))
    try store.keep(Samples.result(date: "3"))
    try store.keep(Samples.result(quick: true, date: "4"))
    try store.keep(Samples.result(machine: "Another", date: "5"))
    try store.keep(Samples.result(8, date: "6"))
    #expect(
      try store.newest().map { [String($0.system), $0.machine, $0.date] }
        == [["8", "A processor", "6"], ["67", "A processor", "3"], ["67", "Another", "5"]])
    #expect(try store.runs(of: 67).map(\.date) == ["1", "2", "3", "4", "5"])
    #expect(try store.runs(of: 1).isEmpty)
  }

  @Test func textIsKeptAsItIs() throws {
    let place = try TemporaryStore()
    let store = try ResultStore(path: place.path())
    let name = "'; DROP TABLE runs; -- \u{0}\u{1F600} \" \\ é"
    try store.keep(Samples.result(checks: [Check(name, passed: true)], machine: name))
    let run = try #require(try store.newest().first)
    #expect(run.machine == name && run.result["checks"]?.elements?.first?["name"]?.text == name)
  }

  @Test func tablesAreKeptToo() throws {
    let place = try TemporaryStore()
    let store = try ResultStore(path: place.path())
    let table: JSON = ["machine": ["processor": "P"], "rows": [["test": "pp512"]]]
    try store.keep(table: table, date: "1")
    try store.keep(table: ["rows": []], date: "2")
    #expect(try store.tables() == [.init(date: "2", content: ["rows": []]), .init(date: "1", content: table)])
    #expect(throws: StoreError.self) { try store.keep(table: ["cells": []], date: "3") }
    #expect(try store.tables().count == 2)
  }

  @Test func twoProcessesMayWrite() throws {
    let place = try TemporaryStore()
    let (one, two) = (try ResultStore(path: place.path()), try ResultStore(path: place.path()))
    for index in 0..<10 { try (index.isMultiple(of: 2) ? one : two).keep(Samples.result(date: "\(index)")) }
    #expect(try one.runs(of: 67).map(\.date) == (0..<10).map(String.init))
  }

  @Test func whatIsNoStoreIsLeftAlone() throws {
    let place = try TemporaryStore()
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
      try Data(bytes).write(to: place.folder.appending(path: name))
      return place.path(name)
    }
    let text = try write("text", Array(repeating: UInt8(ascii: "x"), count: 5000))
    #expect(throws: StoreError.self) { try ResultStore(path: text) }
    do { _ = try ResultStore(path: text) } catch {
      guard case .damaged(text, _) = error else { return #expect(Bool(false), "\(error)") }
    }
    #expect(try Data(contentsOf: URL(filePath: text)) == Data(repeating: UInt8(ascii: "x"), count: 5000))
    #expect(throws: StoreError.self) { try ResultStore(path: place.folder.path) }
  }

  @Test func onlyAFileIsAStore() {
    // SQLite takes an empty name for a file that is gone when it is closed.
    #expect(throws: StoreError.self) { try ResultStore(path: "") }
  }

  @Test(arguments: [
    "DROP TABLE tables", "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
    "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
  ])
  func aStoreOfAnotherShapeIsRefused(_ statement: String) throws {
    let place = try TemporaryStore()
    _ = try ResultStore(path: place.path())
    try execute(statement, on: place.path())
    let error = #expect(throws: StoreError.self) { try ResultStore(path: place.path()) }
    if case .damaged = error {} else { Issue.record("\(String(describing: error))") }
  }

  private func execute(_ statement: String, on path: String) throws {
    var connection: OpaquePointer?
    defer { sqlite3_close_v2(connection) }
    try #require(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
    try #require(sqlite3_exec(connection, statement, nil, nil, nil) == SQLITE_OK)
  }

  @Test func aStoreSaysWhetherItCanBeWritten() throws {
    let place = try TemporaryStore()
    let store = try ResultStore(path: place.path())
    try store.checkWritable()
    try execute("CREATE TABLE other (id INTEGER)", on: place.path())
    try store.checkWritable()
    #expect(try store.newest().isEmpty)
  }

  @Test func aCutOrSpoiledStoreIsAnError() throws {
    let place = try TemporaryStore()
    let store = try ResultStore(path: place.path())
    for index in 0..<50 { try store.keep(Samples.result(date: "\(index)")) }
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: place.path())))
    #expect(bytes.count > 16384)
    var damaged = 0
    for cut in [100, 4096, bytes.count / 2, bytes.count - 1] {
      let path = place.path("cut-\(cut)")
      try Data(bytes.prefix(cut)).write(to: URL(filePath: path))
      do { _ = try ResultStore(path: path).newest() } catch {
        damaged += 1  // a StoreError: the compiler knows no other
      }
    }
    for at in stride(from: 4096, to: bytes.count, by: 4096) {
      var spoiled = bytes
      for index in at..<min(at + 64, bytes.count) { spoiled[index] = 0xA5 }
      let path = place.path("spoiled-\(at)")
      try Data(spoiled).write(to: URL(filePath: path))
      do { _ = try ResultStore(path: path).newest() } catch {
        damaged += 1  // a StoreError: the compiler knows no other
      }
    }
    #expect(damaged >= 6)
  }

  @Test func othersDatabasesAndLaterOnesAreRefused() throws {
    let place = try TemporaryStore()
    _ = try ResultStore(path: place.path())
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: place.path())))
    // The file's header: the application's number at 68, the user's version at 60, both big-endian.
    func patched(_ at: Int, _ value: [UInt8], _ name: String) throws -> String {
      var copy = bytes
      copy.replaceSubrange(at..<at + 4, with: value)
      try Data(copy).write(to: URL(filePath: place.path(name)))
      return place.path(name)
    }
    let foreign = try patched(68, [0, 0, 1, 0], "foreign")
    #expect(throws: StoreError.foreign(path: foreign, applicationID: 256)) { try ResultStore(path: foreign) }
    let nameless = try patched(68, [0, 0, 0, 0], "nameless")
    #expect(throws: StoreError.foreign(path: nameless, applicationID: 0)) { try ResultStore(path: nameless) }
    let later = try patched(60, [0, 0, 0, 9], "later")
    #expect(throws: StoreError.newerSchema(path: later, version: 9, known: 1)) { try ResultStore(path: later) }
  }
}
