// Tables of text: whatever the bytes are, the result is a typed error with its line, or rows of as many fields each whose
// texts, written again in quotes, are read as the same.
import Formats

func check(_ bytes: UnsafeRawBufferPointer) {
  var options = CSVOptions()
  options.memoryBudget = 1 << 22
  // The first byte chooses; most choices are a comma and a header.
  if let first = bytes.first {
    if first & 0x1F == 1 { options.separator = UInt8(ascii: ";") }
    if first & 0x1F == 2 { options.hasHeader = false }
  }
  do throws(FormatError) {
    let table = try CSVFile(ByteView(bytes, keeper: nil), options: options)
    guard table.names.isEmpty || table.names.count == table.columns else { fatalError("\(table.names.count) names") }
    for column in 0..<table.columns {
      guard table.texts(column: column).count == table.rows else { fatalError("another number of rows") }
      do throws(FormatError) {
        guard try table.numbers(column: column).allSatisfy(\.isFinite) else { fatalError("no finite number") }
      } catch { guard error.field.hasPrefix("line ") else { fatalError("no line: \(error)") } }
    }
    if table.rows > 0 { try again(table, options) }
  } catch {
    guard error.field.hasPrefix("line "), let offset = error.offset, (0...bytes.count).contains(offset) else {
      fatalError("no place: \(error)")
    }
  }
}

private func again(_ table: CSVFile, _ options: CSVOptions) throws(FormatError) {
  var options = options
  options.memoryBudget = .max
  let separator = options.separator == UInt8(ascii: ",") ? "," : ";"
  func quoted(_ text: String) -> String {
    "\"" + text.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
  var lines = (0..<table.rows).map { row in
    (0..<table.columns).map { quoted(table.text(row: row, column: $0)) }.joined(separator: separator)
  }
  if options.hasHeader { lines.insert(table.names.map(quoted).joined(separator: separator), at: 0) }
  let copy = try CSVFile(ByteView(copying: Array(lines.joined(separator: "\r\n").utf8)), options: options)
  guard copy.rows == table.rows, copy.columns == table.columns,
    (0..<table.columns).allSatisfy({ Array(copy.texts(column: $0)) == table.texts(column: $0) })
  else { fatalError("another table after writing it again") }
}

func seeds() -> [[UInt8]] {
  [
    "a,b\n1,2\n", "name,\"a \"\"b\"\"\"\r\n\"x, y\",1\r\n", "\"two\nlines\",é\n1e5,-.5\n", "a;b\n1;2", "\u{FEFF}a\n1\n",
    "a\n\n",
  ].map { Array($0.utf8) }
}
