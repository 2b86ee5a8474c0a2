import NumericTypes

/// The steps of parsing: header, metadata, tensor descriptions, in the order in which they lie in the file.
struct GGUFParser {
  // An entry has at least a key's length, one byte of key, a type and one byte of value; a tensor at least a name's
  // length, one byte of name, a rank, a type and an offset. Counts are held against what is left of the file with them.
  static let minimumEntryBytes: UInt64 = 8 + 1 + 4 + 1
  static let minimumTensorBytes: UInt64 = 8 + 1 + 4 + 4 + 8
  static let magic: [UInt8] = Array("GGUF".utf8)

  private(set) var version: UInt32 = 0
  let limits: GGUFLimits
  var reader: ByteReader
  private let bytes: ByteView

  /// The file's size in bytes.
  var fileSize: Int { bytes.count }

  init(_ bytes: ByteView, limits: GGUFLimits) {
    self.bytes = bytes
    self.limits = limits
    reader = ByteReader(bytes.unsafeBytes, budget: limits.memoryBudget)
  }

  // MARK: Header

  mutating func header() throws(FormatError) -> (tensors: Int, entries: Int) {
    let range = try reader.skip(4, "magic")
    let found = range.map { reader.byte(at: $0) }
    guard found == Self.magic else {
      throw .badMagic(field: "magic", offset: 0, found: found, expected: "GGUF")
    }
    let versionOffset = reader.offset
    version = try reader.uint32("version")
    if version != 0, version & 0xFFFF == 0 {
      throw .unsupported(
        field: "version", offset: versionOffset, found: "a big-endian file", supported: "a little-endian one")
    }
    guard version == 2 || version == 3 else {
      throw .unsupported(
        field: "version", offset: versionOffset, found: "GGUF version \(version)", supported: "version 2 or 3")
    }
    let tensors = try count("tensor count", limit: limits.tensors)
    let entries = try count("metadata count", limit: limits.metadataEntries)
    try prove(entries, of: Self.minimumEntryBytes, "metadata count", at: reader.offset - 8)
    try prove(tensors, of: Self.minimumTensorBytes, "tensor count", at: reader.offset - 16)
    return (tensors, entries)
  }

  private mutating func count(_ field: String, limit: UInt64) throws(FormatError) -> Int {
    let offset = reader.offset
    let value = try reader.uint64(field)
    guard value <= min(limit, UInt64(Int.max)) else {
      throw .limitExceeded(field: field, offset: offset, value: value, limit: limit)
    }
    return Int(value)
  }

  private func prove(_ count: Int, of size: UInt64, _ field: String, at offset: Int) throws(FormatError) {
    let (needed, overflow) = UInt64(count).multipliedReportingOverflow(by: size)
    guard !overflow else { throw .overflow(field: field, offset: offset, computation: "\(count) × \(size) bytes") }
    guard needed <= UInt64(reader.remaining) else {
      throw .truncated(field: field, offset: offset, needed: needed, available: reader.remaining)
    }
  }

  // MARK: Metadata

  mutating func metadata(count: Int) throws(FormatError) -> ([GGUFEntry], [String: Int]) {
    try reader.charge(count * (MemoryLayout<GGUFEntry>.stride + 64), "metadata count")
    var entries: [GGUFEntry] = []
    var index: [String: Int] = [:]
    entries.reserveCapacity(count)
    index.reserveCapacity(count)
    var keyOffsets: [Int] = []
    for number in 0..<count {
      let keyOffset = reader.offset
      let key = try name("metadata[\(number)].key", limit: limits.keyBytes)
      if let first = index.updateValue(number, forKey: key) {
        throw .duplicate(field: key, offset: keyOffset, first: keyOffsets[first])
      }
      keyOffsets.append(keyOffset)
      let typeOffset = reader.offset
      let code = try reader.uint32("\(key) (type)")
      guard let type = GGUFValueType(rawValue: code) else {
        throw .invalidValue(
          field: "\(key) (type)", offset: typeOffset, value: "\(code)", expected: "a value type from 0 to 12")
      }
      let offset = reader.offset
      entries.append(GGUFEntry(key: key, value: try value(of: type, key), offset: offset))
    }
    return (entries, index)
  }

  /// A key or a tensor's name: not empty, UTF-8, no control characters, which could forge lines of a log.
  mutating func name(_ field: @autoclosure () -> String, limit: UInt64) throws(FormatError) -> String {
    let lengthOffset = reader.offset
    let length = try reader.uint64("\(field()) (length)")
    guard length <= limit else {
      // What cannot be in the file at all is told as such.
      guard length <= UInt64(reader.remaining) else {
        throw .truncated(
          field: "\(field()) (length)", offset: lengthOffset, needed: length, available: reader.remaining)
      }
      throw .limitExceeded(field: "\(field()) (length)", offset: lengthOffset, value: length, limit: limit)
    }
    let offset = reader.offset
    let text = try reader.text(length, field())
    guard !text.isEmpty else {
      throw .invalidValue(field: field(), offset: lengthOffset, value: "empty", expected: "a name")
    }
    if let control = text.utf8.first(where: { $0 < 0x20 || $0 == 0x7F }) {
      throw .invalidValue(
        field: field(), offset: offset, value: "control character \(control)", expected: "printable text")
    }
    return text
  }

  private mutating func value(of type: GGUFValueType, _ key: String) throws(FormatError) -> GGUFValue {
    switch type {
    case .uint8: return .uint8(try reader.integer(UInt8.self, key))
    case .int8: return .int8(try reader.integer(Int8.self, key))
    case .uint16: return .uint16(try reader.integer(UInt16.self, key))
    case .int16: return .int16(try reader.integer(Int16.self, key))
    case .uint32: return .uint32(try reader.integer(UInt32.self, key))
    case .int32: return .int32(try reader.integer(Int32.self, key))
    case .uint64: return .uint64(try reader.integer(UInt64.self, key))
    case .int64: return .int64(try reader.integer(Int64.self, key))
    case .float32: return .float32(Float(bitPattern: try reader.integer(UInt32.self, key)))
    case .float64: return .float64(Double(bitPattern: try reader.integer(UInt64.self, key)))
    case .bool:
      let offset = reader.offset
      let byte = try reader.uint8(key)
      guard byte <= 1 else { throw .invalidValue(field: key, offset: offset, value: "\(byte)", expected: "0 or 1") }
      return .bool(byte == 1)
    case .string:
      let offset = reader.offset
      let length = try reader.uint64("\(key) (length)")
      guard length <= UInt64(reader.remaining) else {
        throw .truncated(field: "\(key) (length)", offset: offset, needed: length, available: reader.remaining)
      }
      guard length <= limits.stringBytes else {
        throw .limitExceeded(field: "\(key) (length)", offset: offset, value: length, limit: limits.stringBytes)
      }
      return .string(try reader.text(length, key))
    case .array: return .array(try array(key))
    }
  }

  private mutating func array(_ key: String) throws(FormatError) -> GGUFArray {
    let typeOffset = reader.offset
    let code = try reader.uint32("\(key) (element type)")
    guard let type = GGUFValueType(rawValue: code) else {
      throw .invalidValue(
        field: "\(key) (element type)", offset: typeOffset, value: "\(code)", expected: "a value type from 0 to 12")
    }
    // The format allows arrays of arrays; no model has any, and a reader that recurses can be driven off its stack.
    if type == .array {
      throw .unsupported(
        field: "\(key) (element type)", offset: typeOffset, found: "an array of arrays", supported: "a flat array")
    }
    let countOffset = reader.offset
    let count = try reader.uint64("\(key) (count)")
    let size = UInt64(type.byteCount ?? 8)
    let (needed, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, needed <= UInt64(Int.max) else {
      throw .overflow(field: "\(key) (count)", offset: countOffset, computation: "\(count) × \(size) bytes")
    }
    guard needed <= UInt64(reader.remaining) else {
      throw .truncated(field: "\(key) (count)", offset: countOffset, needed: needed, available: reader.remaining)
    }
    let start = reader.offset
    if type == .string {
      for index in 0..<Int(count) {
        let length = try reader.uint64("\(key)[\(index)] (length)")
        _ = try reader.skip(length, "\(key)[\(index)]")
      }
      guard UInt64(reader.offset - start) <= limits.stringArrayBytes else {
        throw .limitExceeded(
          field: key, offset: start, value: UInt64(reader.offset - start), limit: limits.stringArrayBytes)
      }
    } else {
      _ = try reader.skip(needed, key)
    }
    return GGUFArray(elementType: type, count: Int(count), bytes: bytes[start..<reader.offset])
  }

  // MARK: What metadata says about the file itself

  static func alignment(
    _ entries: [GGUFEntry], _ index: [String: Int], limits: GGUFLimits
  ) throws(FormatError) -> Int {
    let key = "general.alignment"
    guard let entry = index[key].map({ entries[$0] }) else { return 32 }
    guard case .uint32(let value) = entry.value else {
      throw .wrongType(field: key, offset: entry.offset, found: entry.value.typeName, expected: "uint32")
    }
    guard UInt64(value) <= limits.alignment else {
      throw .limitExceeded(field: key, offset: entry.offset, value: UInt64(value), limit: limits.alignment)
    }
    guard value >= 8, value & (value - 1) == 0 else {
      throw .invalidValue(
        field: key, offset: entry.offset, value: "\(value)", expected: "a power of two that 8 divides")
    }
    return Int(value)
  }

  /// What the file says of its place among the parts of a split model; nothing for a whole file.
  static func split(
    _ entries: [GGUFEntry], _ index: [String: Int], tensorCount: Int
  ) throws(FormatError) -> GGUFSplit? {
    func number(_ key: String) throws(FormatError) -> (value: Int, offset: Int)? {
      guard let entry = index[key].map({ entries[$0] }) else { return nil }
      guard let value = entry.value.integer, value >= 0 else {
        throw .invalidValue(
          field: key, offset: entry.offset, value: "\(entry.value.typeName) \(entry.value)",
          expected: "a number from 0")
      }
      return (value, entry.offset)
    }
    let parts = try number("split.count")
    let part = try number("split.no")
    let total = try number("split.tensors.count")
    if let parts, !(1...GGUFSplit.most).contains(parts.value) {
      throw .invalidValue(
        field: "split.count", offset: parts.offset, value: "\(parts.value)", expected: "1 to \(GGUFSplit.most)")
    }
    let count = parts?.value ?? 1
    if let part, part.value >= count {
      throw .invalidValue(
        field: "split.no", offset: part.offset, value: "\(part.value)", expected: "0 to \(count - 1) of \(count) parts")
    }
    // A part has no more than all of them; a whole file has them all.
    if let total, count == 1 ? total.value != tensorCount : total.value < tensorCount {
      throw .invalidValue(
        field: "split.tensors.count", offset: total.offset, value: "\(total.value)",
        expected: count == 1 ? "\(tensorCount)" : "\(tensorCount) or more")
    }
    guard let parts, count > 1 else { return nil }
    guard let part else {
      throw .inconsistent(
        field: "split.count", offset: parts.offset, problem: "the file is one of \(count) parts and does not say which")
    }
    return GGUFSplit(number: part.value, count: count, tensors: total?.value, offset: parts.offset)
  }
}
