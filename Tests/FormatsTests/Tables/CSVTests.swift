import Formats
import Testing

@Suite("CSV") struct CSVTests {
  private func table(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) throws(FormatError) -> CSVFile {
    var options = CSVOptions()
    change(&options)
    return try CSVFile(ByteView(copying: Array(text.utf8)), options: options)
  }

  @Test("Quoted fields, line breaks of both kinds and a byte order mark are taken as RFC 4180 says")
  func forms() throws {
    let text = "\u{FEFF}name,\"a \"\"b\"\"\",c\r\n\"x, y\",1,\"two\nlines\"\n,\"\",ü\r\n\"last\",2,\"\""
    let file = try table(text)
    #expect(file.names == ["name", "a \"b\"", "c"] && file.rows == 3 && file.columns == 3)
    #expect(file.texts(column: 0) == ["x, y", "", "last"])
    #expect(file.texts(column: 1) == ["1", "", "2"])
    #expect(file.texts(column: 2) == ["two\nlines", "ü", ""])
    #expect(try file.column(named: "c") == 2)
    #expect(throws: FormatError.missingKey(field: "column 'd'")) { try file.column(named: "d") }
  }

  @Test func tablesWithoutHeaderAndWithOtherSeparators() throws {
    let file = try table("1;2\n3;4\n") { ($0.separator, $0.hasHeader) = (UInt8(ascii: ";"), false) }
    #expect(file.names.isEmpty && file.rows == 2)
    #expect(try file.integers(column: 1) == [2, 4])
    let empty = try table("")
    #expect(empty.rows == 0 && empty.columns == 0 && empty.names.isEmpty)
    let header = try table("a,b")
    #expect(header.rows == 0 && header.names == ["a", "b"])
    #expect(try table("a\n\n1\n").texts(column: 0) == ["", "1"])
  }

  @Test func typedColumns() throws {
    let file = try table("n,i,class\n1.5,-3,a\n-2e3,4,b\n.5,9223372036854775807,a\n")
    #expect(try file.numbers(column: 0) == [1.5, -2000, 0.5])
    #expect(try file.integers(column: 1) == [-3, 4, Int.max])
    let classes = try file.classes(column: 2)
    #expect(classes.names == ["a", "b"] && classes.indices == [0, 1, 0])
    #expect(throws: FormatError.self) { try file.classes(column: 2, limit: 1) }
    #expect(try table("x\n1\n\"\"\n").numbers(column: 0, missing: -1) == [1, -1])
  }

  @Test(
    "What is no number is named by line and column",
    arguments: [
      "", "x", "1,5", "0x10", "nan", "inf", "1e999", " 1", "1 ", "1_000", "--1", "1e", "infinity", "１",
    ])
  func badNumbers(_ text: String) throws {
    let file = try table("a,b\n\"two\nlines\",1\nz,\"\(text)\"\n")
    do {
      _ = try file.numbers(column: 1)
      Issue.record("'\(text)' was accepted")
    } catch { #expect(error.field == "line 4, column 'b'" && error.offset == 18, "\(error)") }
    #expect(throws: FormatError.self) { try file.integers(column: 1) }
  }

  @Test func hostileTablesAreRefusedByLineAndColumn() {
    let cases = [
      ("a,b\n1\n", "line 2"), ("a,b\n1,2,3\n", "line 2"), ("a,b\n\n", "line 2"), ("a\n1,2", "line 2"),
      ("a,b\n1,\"2", "line 2, column 2"), ("\"", "line 1, column 1"), ("\"\"\"", "line 1, column 1"),
      ("a\n\"x\ny", "line 3, column 1"), ("a,b\n\"1\"x,2\n", "line 2, column 1"), ("\"a\" ,b", "line 1, column 1"),
      ("a\n\"1\"\"\"2", "line 2, column 1"), ("a,b\n1,x\"y\"\n", "line 2, column 2"), ("a\n1\"\n", "line 2, column 1"),
      ("a\rb", "line 1, column 1"), ("a,b\n1,2\r\r\n", "line 2, column 2"), ("a\n\"1\"\rx", "line 2, column 1"),
      ("a,a\n", "line 1, column 2: 'a'"), (",\n", "line 1, column 2: ''"),
    ]
    for (text, field) in cases {
      HostileLaws.prove(Array(text.utf8), text, field: field) { (bytes) throws(FormatError) in _ = try CSVFile(bytes) }
    }
    let texts: [[UInt8]] = [
      [0xFF], [0x61, 0x0A, 0xC3], [0x22, 0x80, 0x22], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
    ]
    for bytes in texts {
      HostileLaws.prove(bytes, "\(bytes)") { (bytes) throws(FormatError) in _ = try CSVFile(bytes) }
    }
  }

  @Test func everyLimitHolds() throws {
    let text = "a,b\n11,2\n3,44\n"
    #expect(throws: FormatError.self) { try table(text) { $0.columns = 1 } }
    #expect(throws: Never.self) { try table(text) { $0.columns = 2 } }
    #expect(throws: FormatError.self) { try table(text) { $0.rows = 1 } }
    #expect(throws: Never.self) { try table(text) { $0.rows = 2 } }
    #expect(throws: FormatError.self) { try table(text) { $0.fieldBytes = 1 } }
    #expect(throws: FormatError.self) { try table("\"ab\"") { $0.fieldBytes = 1 } }
    #expect(throws: Never.self) { try table(text) { $0.fieldBytes = 2 } }
    for budget in [0, 10, 50, 90] { #expect(throws: FormatError.self) { try table(text) { $0.memoryBudget = budget } } }
    #expect(throws: Never.self) { try table(text) { $0.memoryBudget = 200 } }
    for separator in [0x22, 0x0A, 0x0D] as [UInt8] {
      #expect(throws: FormatError.self) { try table(text) { $0.separator = separator } }
    }
  }

  @Test func changedTablesAreRefusedOrRead() throws {
    let text = Array("name,\"a \"\"b\"\"\",c\r\n\"x, y\",1,\"two\nlines\"\n,\"\",ü\r\n".utf8)
    HostileLaws.survivesEveryBit(text) { (bytes) throws(FormatError) in _ = try CSVFile(bytes) }
    for count in text.indices { _ = try? CSVFile(ByteView(copying: text[..<count])) }
  }
}
