/// Reads a table of text (RFC 4180) from untrusted bytes.
struct CSVParser {
  private let raw: UnsafeRawBufferPointer
  private let options: CSVOptions
  private var at = 0
  private var line = 1
  private var budget: Int

  /// The bytes of all fields, one behind the other.
  private(set) var content: [UInt8] = []
  /// Where each field ends in ``content``.
  private(set) var ends: [Int] = []
  /// The line and the byte where each row begins.
  private(set) var places: [(line: Int, offset: Int)] = []
  /// The fields of a row, all rows alike.
  private(set) var columns = 0

  init(_ raw: UnsafeRawBufferPointer, _ options: CSVOptions) throws(FormatError) {
    self.raw = raw
    self.options = options
    budget = options.memoryBudget
    if raw.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    let rows = options.rows.addingClamped(options.hasHeader ? 1 : 0)
    while at < raw.count {
      guard places.count < rows else {
        throw .limitExceeded(
          field: "line \(line)", offset: at, value: UInt64(places.count), limit: UInt64(options.rows))
      }
      try charge(MemoryLayout<(Int, Int)>.size)
      places.append((line, at))
      try row()
    }
  }

  private mutating func charge(_ bytes: Int) throws(FormatError) {
    guard bytes <= budget else {
      throw .budgetExceeded(field: "line \(line)", offset: at, needed: bytes, budget: budget)
    }
    budget -= bytes
  }

  private mutating func row() throws(FormatError) {
    let (firstLine, start) = (line, at)
    var count = 0
    while true {
      count += 1
      guard count <= options.columns else {
        throw .limitExceeded(
          field: "line \(line)", offset: at, value: UInt64(count), limit: UInt64(options.columns))
      }
      try field(column: count)
      if at < raw.count, raw[at] == options.separator { at += 1 } else { break }
    }
    // The field ended at the end of the line or of the file.
    if at < raw.count, raw[at] == 0x0D { at += 1 }
    if at < raw.count { at += 1 }
    line += 1
    if places.count == 1 { columns = count }
    guard count == columns else {
      throw .wrongCount(field: "line \(firstLine)", offset: start, found: count, expected: columns)
    }
  }

  /// A field, up to the separator or the end of the line.
  private mutating func field(column: Int) throws(FormatError) {
    let first = content.count
    let start = at
    if at < raw.count, raw[at] == 0x22 {
      try quoted(column: column)
    } else {
      while at < raw.count, raw[at] != options.separator, raw[at] != 0x0A {
        if raw[at] == 0x0D {
          if at + 1 == raw.count || raw[at + 1] == 0x0A { break }
          throw .invalidValue(
            field: name(column), offset: at, value: "a carriage return", expected: "quotes around its field")
        }
        guard raw[at] != 0x22 else {
          throw .invalidValue(
            field: name(column), offset: at, value: "a quote inside of a field", expected: "quotes around it")
        }
        at += 1
        if at - start > options.fieldBytes { throw tooLong(name(column), start) }
      }
      try charge(at - start)
      content.append(contentsOf: raw[start..<at])
    }
    try charge(MemoryLayout<Int>.size)
    ends.append(content.count)
    guard String(validating: content[first...], as: UTF8.self) != nil else {
      throw .invalidUTF8(field: name(column), offset: start)
    }
  }

  private mutating func quoted(column: Int) throws(FormatError) {
    let start = at
    let first = content.count
    at += 1
    while true {
      guard at < raw.count else {
        throw .inconsistent(field: name(column), offset: start, problem: "its quote does not end")
      }
      let byte = raw[at]
      at += 1
      if byte == 0x22 {
        if at < raw.count, raw[at] == 0x22 { at += 1 } else { break }
      } else if byte == 0x0A {
        line += 1
      }
      try charge(1)
      content.append(byte)
      if content.count - first > options.fieldBytes { throw tooLong(name(column), start) }
    }
    guard at == raw.count || raw[at] == options.separator || raw[at] == 0x0A || raw[at] == 0x0D else {
      throw .inconsistent(field: name(column), offset: at, problem: "text after the quote that ends it")
    }
    if at < raw.count, raw[at] == 0x0D, at + 1 < raw.count, raw[at + 1] != 0x0A, options.separator != 0x0D {
      throw .inconsistent(field: name(column), offset: at, problem: "a carriage return after the quote that ends it")
    }
  }

  private func name(_ column: Int) -> String { "line \(line), column \(column)" }

  private func tooLong(_ name: String, _ start: Int) -> FormatError {
    .limitExceeded(field: name, offset: start, value: UInt64(at - start), limit: UInt64(max(0, options.fieldBytes)))
  }
}
