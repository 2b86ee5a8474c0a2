/// A table of text (RFC 4180): rows of as many fields each, their columns by name, as texts, numbers or classes.
///
/// Lines end with or without a carriage return; a field in quotes may hold separators, line breaks, and quotes written
/// twice. Errors name the line and the column.
public struct CSVFile: Sendable {
  /// The names of the columns; none without a header.
  public let names: [String]
  /// The number of columns.
  public let columns: Int
  /// The number of rows, the header not counted.
  public let rows: Int
  private let content: [UInt8]
  private let ends: [Int]
  private let places: [(line: Int, offset: Int)]

  /// Reads a table.
  ///
  /// - Throws: ``FormatError`` naming the line and the column.
  public init(_ bytes: ByteView, options: CSVOptions = CSVOptions()) throws(FormatError) {
    guard options.separator != 0x22, options.separator != 0x0A, options.separator != 0x0D else {
      throw .invalidValue(
        field: "separator", offset: 0, value: "byte \(options.separator)", expected: "no quote or line break")
    }
    let parser = try bytes.withUnsafeBytes { (raw) throws(FormatError) in try CSVParser(raw, options) }
    content = parser.content
    ends = parser.ends
    places = parser.places
    columns = parser.columns
    let hasHeader = options.hasHeader && !places.isEmpty
    rows = places.count - (hasHeader ? 1 : 0)
    var names: [String] = []
    var seen: [String: Int] = [:]
    for column in 0..<(hasHeader ? columns : 0) {
      let start = column == 0 ? 0 : ends[column - 1]
      let name = String(decoding: content[start..<ends[column]], as: UTF8.self)
      if let first = seen.updateValue(column, forKey: name) {
        throw .duplicate(field: "line 1, column \(column + 1): '\(name.prefix(64))'", offset: 0, first: first)
      }
      names.append(name)
    }
    self.names = names
  }

  /// The column of this name.
  ///
  /// - Throws: ``FormatError/missingKey(field:)``.
  public func column(named name: String) throws(FormatError) -> Int {
    guard let column = names.firstIndex(of: name) else { throw .missingKey(field: "column '\(name.prefix(64))'") }
    return column
  }

  /// A field.
  ///
  /// - Precondition: `row` is below ``rows`` and `column` below ``columns``.
  public func text(row: Int, column: Int) -> String {
    precondition((0..<rows).contains(row) && (0..<columns).contains(column), "row \(row), column \(column)")
    let field = (row + places.count - rows) * columns + column
    return String(decoding: content[(field == 0 ? 0 : ends[field - 1])..<ends[field]], as: UTF8.self)
  }

  /// The fields of a column.
  ///
  /// - Precondition: `column` is below ``columns``.
  public func texts(column: Int) -> [String] { (0..<rows).map { text(row: $0, column: column) } }

  /// The numbers of a column: decimal ones, with or without an exponent.
  ///
  /// - Parameters:
  ///   - column: below ``columns``.
  ///   - missing: what an empty field stands for; nothing when it is an error.
  /// - Throws: ``FormatError`` naming the line and the column of what is no finite number.
  public func numbers(column: Int, missing: Double? = nil) throws(FormatError) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(rows)
    for row in 0..<rows {
      let text = text(row: row, column: column)
      if text.isEmpty, let missing {
        values.append(missing)
        continue
      }
      let isPlain = text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: "e"), UInt8(ascii: "E"):
          true
        default: false
        }
      }
      guard isPlain, let value = Double(text), value.isFinite else { throw invalid(row, column, text, "a number") }
      values.append(value)
    }
    return values
  }

  /// The whole numbers of a column.
  ///
  /// - Throws: ``FormatError`` naming the line and the column of what is none, or does not fit in 64 bits.
  public func integers(column: Int) throws(FormatError) -> [Int] {
    var values: [Int] = []
    values.reserveCapacity(rows)
    for row in 0..<rows {
      let text = text(row: row, column: column)
      guard let value = Int(text) else { throw invalid(row, column, text, "a whole number") }
      values.append(value)
    }
    return values
  }

  /// A column as classes: its different fields in the order in which they first occur, and for each row which it has.
  ///
  /// - Parameters:
  ///   - column: below ``columns``.
  ///   - limit: the most classes.
  /// - Throws: ``FormatError`` naming the line and the column of one too many.
  public func classes(column: Int, limit: Int = 1 << 16) throws(FormatError) -> (names: [String], indices: [Int]) {
    var names: [String] = []
    var known: [String: Int] = [:]
    var indices: [Int] = []
    for row in 0..<rows {
      let text = text(row: row, column: column)
      if let index = known[text] {
        indices.append(index)
        continue
      }
      guard names.count < limit else { throw invalid(row, column, text, "one of the \(limit) fields before") }
      known[text] = names.count
      indices.append(names.count)
      names.append(text)
    }
    return (names, indices)
  }

  private func invalid(_ row: Int, _ column: Int, _ text: String, _ expected: String) -> FormatError {
    let place = places[row + places.count - rows]
    let name = names.isEmpty ? "\(column + 1)" : "'\(names[column].prefix(64))'"
    return .invalidValue(
      field: "line \(place.line), column \(name)", offset: place.offset, value: "'\(text.prefix(64))'",
      expected: expected)
  }
}
