/// How a table of text is written, and the most that it may ask for.
public struct CSVOptions: Sendable, Equatable {
  /// What stands between fields: a comma, a semicolon, a tab …
  public var separator: UInt8 = UInt8(ascii: ",")
  /// Whether the first row names the columns.
  public var hasHeader = true
  /// Columns.
  public var columns = 1 << 14
  /// Rows, the header not counted.
  public var rows = 1 << 26
  /// Bytes of one field.
  public var fieldBytes = 1 << 24
  /// Heap bytes that the table may take.
  public var memoryBudget = 1 << 30

  /// The default: a comma, a header, limits far above any table that fits here.
  public init() {}
}
