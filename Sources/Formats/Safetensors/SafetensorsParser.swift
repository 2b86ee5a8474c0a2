import NumericTypes

/// The steps of parsing: the header's length, the header, then the proof that the tensors share out the data exactly.
struct SafetensorsParser {
  /// What the header says of a tensor; `begin` and `end` count from the start of the data.
  struct Entry {
    var name: String
    var type: String
    var shape: [Int]
    var begin: Int
    var end: Int
    var offset: Int
  }

  static let metadataName = "__metadata__"

  private(set) var metadata: [(key: String, value: String)] = []
  private(set) var entries: [Entry] = []
  /// Where the data begins, in bytes.
  let dataOffset: Int
  private let bytes: UnsafeRawBufferPointer
  private let limits: SafetensorsLimits

  /// Reads the header's length; `bytes` stay alive and unchanged.
  init(_ bytes: UnsafeRawBufferPointer, limits: SafetensorsLimits) throws(FormatError) {
    var reader = ByteReader(bytes)
    let field = "header length"
    let length = try reader.uint64(field)
    guard length <= limits.headerBytes else {
      throw .limitExceeded(field: field, offset: 0, value: length, limit: limits.headerBytes)
    }
    guard length <= UInt64(reader.remaining) else {
      throw .truncated(field: field, offset: 0, needed: length, available: reader.remaining)
    }
    self.bytes = bytes
    self.limits = limits
    dataOffset = 8 + Int(length)
  }

  mutating func header() throws(FormatError) {
    let header = UnsafeRawBufferPointer(rebasing: bytes[8..<dataOffset])
    guard header.first == UInt8(ascii: "{") else {
      throw .badMagic(field: "header", offset: 8, found: Array(header.prefix(1)), expected: "a safetensors header, {,")
    }
    var cursor = JSONCursor(header, base: 8, stringBytes: limits.stringBytes, budget: limits.memoryBudget)
    var metadata: [(key: String, value: String)] = []
    var entries: [Entry] = []
    let limits = limits
    // One more: metadata is a member beside the tensors.
    try cursor.object("header", limit: limits.entries.addingClamped(1)) {
      (cursor: inout JSONCursor, name: String, offset: Int) throws(FormatError) in
      if name == Self.metadataName {
        metadata = try Self.metadata(&cursor, limits)
      } else {
        guard entries.count < limits.entries else {
          throw .limitExceeded(
            field: "header", offset: offset, value: UInt64(entries.count) + 1, limit: UInt64(limits.entries))
        }
        entries.append(try Self.entry(&cursor, name, offset, limits))
      }
    }
    if let other = cursor.rest.firstIndex(where: { $0 != UInt8(ascii: " ") }) {
      throw .invalidValue(
        field: "header", offset: cursor.offset + other, value: "byte \(cursor.rest[other]) after the closing brace",
        expected: "spaces")
    }
    self.metadata = metadata
    self.entries = entries
  }

  private static func metadata(
    _ cursor: inout JSONCursor, _ limits: SafetensorsLimits
  ) throws(FormatError) -> [(key: String, value: String)] {
    var metadata: [(key: String, value: String)] = []
    try cursor.object(metadataName, limit: limits.entries) {
      (cursor: inout JSONCursor, key: String, offset: Int) throws(FormatError) in
      let value = try cursor.string("\(metadataName).\(key)")
      try cursor.charge(value.utf8.count + 64, key)
      metadata.append((key, value))
    }
    return metadata
  }

  private static func entry(
    _ cursor: inout JSONCursor, _ name: String, _ offset: Int, _ limits: SafetensorsLimits
  ) throws(FormatError) -> Entry {
    try FileNames.proveName(name, "tensor name", offset: offset, limit: limits.nameBytes)
    var type: String?
    var shape: [Int]?
    var places: [Int]?
    try cursor.object(name, limit: 3) {
      (cursor: inout JSONCursor, key: String, offset: Int) throws(FormatError) in
      func field() -> String { "\(name) (\(key))" }
      switch key {
      case "dtype":
        let place = cursor.offset
        let found = try cursor.string(field())
        guard SafetensorsType.bits[found] != nil else {
          throw .unsupported(
            field: field(), offset: place, found: "tensor type '\(found.prefix(32))'", supported: "a type of the format"
          )
        }
        type = found
      case "shape": shape = try numbers(&cursor, field(), limit: limits.rank)
      case "data_offsets": places = try numbers(&cursor, field(), limit: 2)
      default:
        throw .unsupported(
          field: name, offset: offset, found: "the field '\(key.prefix(32))'",
          supported: "dtype, shape and data_offsets")
      }
    }
    guard let type, let shape, let places else {
      let missing = type == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw .inconsistent(field: "\(name) (\(missing))", offset: offset, problem: "the header lacks it")
    }
    guard places.count == 2, places[0] <= places[1] else {
      throw .invalidValue(
        field: "\(name) (data_offsets)", offset: offset, value: "\(places)", expected: "a begin and an end behind it")
    }
    let size = try byteCount(shape, type, name, offset)
    guard size == places[1] - places[0] else {
      throw .inconsistent(
        field: "\(name) (data_offsets)", offset: offset,
        problem: "\(places[1] - places[0]) bytes where shape \(shape) of type \(type) takes \(size)")
    }
    try cursor.charge(MemoryLayout<SafetensorsTensor>.stride * 2 + 8 * shape.count + 128, name)
    return Entry(name: name, type: type, shape: shape, begin: places[0], end: places[1], offset: offset)
  }

  private static func numbers(
    _ cursor: inout JSONCursor, _ field: @autoclosure () -> String, limit: Int
  ) throws(FormatError) -> [Int] {
    var numbers: [Int] = []
    try cursor.array(field(), limit: limit) { (cursor: inout JSONCursor, index: Int) throws(FormatError) in
      numbers.append(try cursor.unsigned("\(field())[\(index)]"))
    }
    return numbers
  }

  private static func byteCount(
    _ shape: [Int], _ type: String, _ name: String, _ offset: Int
  ) throws(FormatError) -> Int {
    let bits = SafetensorsType.bits[type] ?? 8
    // Zero extents count as one here: strides multiply the others, and must not overflow either.
    var count = bits
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
      if overflow {
        throw .overflow(field: "\(name) (shape)", offset: offset, computation: "\(shape) × \(bits) bits")
      }
      count = product
    }
    if shape.contains(0) { return 0 }
    guard count.isMultiple(of: 8) else {
      throw .invalidValue(
        field: "\(name) (shape)", offset: offset, value: "\(shape) of \(bits) bits each", expected: "whole bytes")
    }
    return count / 8
  }

  /// Every byte of the data belongs to one tensor.
  func provePlaces() throws(FormatError) {
    let size = bytes.count - dataOffset
    for entry in entries where entry.end > size {
      throw .truncated(
        field: "\(entry.name) (data_offsets)", offset: entry.offset, needed: UInt64(entry.end), available: size)
    }
    var end = 0
    var before = "the header"
    for entry in entries.sorted(by: { ($0.begin, $0.end, $0.offset) < ($1.begin, $1.end, $1.offset) }) {
      if entry.begin < end { throw .overlap(field: entry.name, offset: entry.offset, other: before) }
      if entry.begin > end {
        throw .inconsistent(
          field: "\(entry.name) (data_offsets)", offset: entry.offset,
          problem: "bytes \(end) to \(entry.begin) of the data, behind \(before), belong to no tensor")
      }
      (end, before) = (entry.end, entry.name)
    }
    if end < size {
      throw .inconsistent(
        field: "data", offset: dataOffset + end,
        problem: "the last \(size - end) bytes, behind \(before), belong to no tensor")
    }
  }
}
