/// The index of a model in several safetensors files, `model.safetensors.index.json`: which file has which tensor.
///
/// A file is named by one component of a path. What an index forgets, tensors or files of the same series, is found by
/// ``SafetensorsShards``.
public struct SafetensorsIndex: Sendable {
  /// The usual name of an index.
  public static let fileName = "model.safetensors.index.json"

  /// One tensor's line.
  public struct Entry: Sendable, Equatable {
    /// The tensor's name.
    public let tensor: String
    /// The number of its file in ``SafetensorsIndex/files``.
    public let file: Int
    /// Where the index names the tensor, in bytes.
    public let offset: Int
  }

  /// The tensors in the index's order.
  public let entries: [Entry]
  /// The files in the order in which the index first names them.
  public let files: [String]

  /// Parses the index in `bytes`.
  ///
  /// - Throws: ``FormatError`` naming the field, its offset and its value.
  public init(_ bytes: ByteView, limits: SafetensorsLimits = SafetensorsLimits()) throws(FormatError) {
    defer { withExtendedLifetime(bytes) {} }
    guard UInt64(bytes.count) <= limits.headerBytes else {
      throw .limitExceeded(field: "index", offset: 0, value: UInt64(bytes.count), limit: limits.headerBytes)
    }
    var cursor = JSONCursor(bytes.unsafeBytes, stringBytes: limits.stringBytes, budget: limits.memoryBudget)
    var files: [String] = []
    var entries: [Entry]?
    cursor.skipSpace()
    try cursor.object("index", limit: 64) { (cursor: inout JSONCursor, key: String, _: Int) throws(FormatError) in
      guard key == "weight_map" else { return try cursor.skip(key) }
      entries = try Self.weightMap(&cursor, limits, &files)
    }
    cursor.skipSpace()
    guard cursor.rest.isEmpty else {
      throw .notJSON(field: "index", offset: cursor.offset, problem: "text after the value")
    }
    guard let entries else { throw .missingKey(field: "weight_map") }
    self.entries = entries
    self.files = files
  }

  private static func weightMap(
    _ cursor: inout JSONCursor, _ limits: SafetensorsLimits, _ files: inout [String]
  ) throws(FormatError) -> [Entry] {
    var entries: [Entry] = []
    var found: [String] = []
    var numbers: [String: Int] = [:]
    try cursor.object("weight_map", limit: limits.entries) {
      (cursor: inout JSONCursor, tensor: String, offset: Int) throws(FormatError) in
      try FileNames.proveName(tensor, "weight_map (tensor name)", offset: offset, limit: limits.nameBytes)
      let place = cursor.offset
      let name = try cursor.string(tensor)
      let number: Int
      if let known = numbers[name] {
        number = known
      } else {
        if let problem = FileNames.problem(inFileName: name) {
          throw .invalidValue(
            field: tensor, offset: place, value: problem, expected: "the name of a file in the index's folder")
        }
        guard name.hasSuffix(".safetensors") else {
          throw .invalidValue(field: tensor, offset: place, value: "'\(name)'", expected: "a name in .safetensors")
        }
        guard found.count < limits.files else {
          throw .limitExceeded(
            field: "weight_map", offset: place, value: UInt64(found.count) + 1, limit: UInt64(limits.files))
        }
        number = found.count
        numbers[name] = number
        found.append(name)
      }
      try cursor.charge(MemoryLayout<Entry>.stride, tensor)
      entries.append(Entry(tensor: tensor, file: number, offset: offset))
    }
    files = found
    return entries
  }
}
