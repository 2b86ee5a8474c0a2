import NumericTypes

/// Builds a safetensors file: the same tensors and metadata make the same bytes, in whatever order they were added.
///
/// The data lies as the format's own library lays it, the widest types first and by name within a type, so that every
/// tensor is aligned to its element; the header is padded to 8 bytes.
///
/// ```swift
/// var writer = SafetensorsWriter()
/// try writer.add(tensor: "weight", dtype: .f32, shape: [4, 2], bytes: ByteView(copying: data))
/// try writer.write { bytes in output.append(contentsOf: bytes) }
/// ```
public struct SafetensorsWriter: Sendable {
  /// What `__metadata__` will hold; nothing is written of it while it is empty.
  public var metadata: [String: String] = [:]

  struct Tensor: Sendable {
    var name: String
    var type: String
    var shape: Shape
    var bytes: ByteView
  }
  private(set) var tensors: [Tensor] = []
  private var names: Set<String> = []

  /// A file without tensors.
  public init() {}

  /// The content of `file`, to be written again.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)``.
  public init(copying file: SafetensorsFile) throws(FormatError) {
    for (key, value) in file.metadata { metadata[key] = value }
    for tensor in file.tensors {
      try add(tensor: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: file.data(of: tensor))
    }
    for tensor in file.unread {
      try add(
        Tensor(name: tensor.name, type: tensor.typeName, shape: tensor.shape, bytes: file.bytes[tensor.byteRange]))
    }
  }

  /// The bytes of data so far.
  public var dataBytes: Int { tensors.reduce(0) { $0 + $1.bytes.count } }

  /// Adds a tensor of `shape` (outermost first) from its little-endian bytes, which are not copied.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)`` for a type that safetensors lacks, a wrong number of bytes, a
  ///   name that is not 1 to 1024 printable bytes or that is taken, or more than eight axes.
  public mutating func add(tensor name: String, dtype: DType, shape: Shape, bytes: ByteView) throws(FormatError) {
    guard let type = SafetensorsType.name(of: dtype) else {
      throw .notWritable(field: name, reason: "safetensors has no tensor type \(dtype.displayName)")
    }
    guard (try? dtype.byteCount(of: shape.count)) == bytes.count else {
      throw .notWritable(
        field: name, reason: "\(bytes.count) bytes are no tensor of shape \(shape) and type \(dtype.displayName)")
    }
    try add(Tensor(name: name, type: type, shape: shape, bytes: bytes))
  }

  private mutating func add(_ tensor: Tensor) throws(FormatError) {
    let limits = SafetensorsLimits()
    let name = tensor.name
    guard name != SafetensorsParser.metadataName, !name.isEmpty, name.utf8.count <= limits.nameBytes,
      name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else {
      throw .notWritable(field: name, reason: "a tensor's name is 1 to \(limits.nameBytes) printable bytes")
    }
    guard tensor.shape.rank <= limits.rank else {
      throw .notWritable(field: name, reason: "\(tensor.shape.rank) axes, at most \(limits.rank) are written")
    }
    guard tensors.count < limits.entries else {
      throw .notWritable(field: name, reason: "more than \(limits.entries) tensors")
    }
    guard names.insert(name).inserted else { throw .notWritable(field: name, reason: "the name is taken") }
    tensors.append(tensor)
  }

  /// Hands the file to `sink` from its beginning, piece by piece: no piece but the header is made in memory.
  ///
  /// - Throws: what `sink` throws; ``FormatError/notWritable(field:reason:)`` before the first piece.
  public func write(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
    let ordered = try ordered()
    try header(ordered).withUnsafeBytes(sink)
    for tensor in ordered where tensor.bytes.count > 0 { try tensor.bytes.withUnsafeBytes(sink) }
  }

  /// The file in memory.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)``.
  public func encoded() throws(FormatError) -> [UInt8] {
    let ordered = try ordered()
    var file = try header(ordered)
    file.reserveCapacity(file.count + dataBytes)
    for tensor in ordered { tensor.bytes.withUnsafeBytes { file.append(contentsOf: $0) } }
    return file
  }

  private func ordered() throws(FormatError) -> [Tensor] {
    let ranks = Dictionary(uniqueKeysWithValues: SafetensorsType.order.enumerated().map { ($1, $0) })
    return tensors.map { (ranks[$0.type] ?? 0, $0) }
      .sorted { $0.0 != $1.0 ? $0.0 < $1.0 : $0.1.name.utf8.lexicographicallyPrecedes($1.1.name.utf8) }
      .map(\.1)
  }

  /// The length and the header, padded.
  private func header(_ ordered: [Tensor]) throws(FormatError) -> [UInt8] {
    var text = "{"
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      text += "\"\(SafetensorsParser.metadataName)\":"
      text += JSON.object(sorted.map { JSON.Member($0.key, .string($0.value)) }).line
    }
    var begin = 0
    for tensor in ordered {
      let end = begin + tensor.bytes.count
      if text.utf8.count > 1 { text += "," }
      text += JSON.string(tensor.name).line
      let shape = tensor.shape.dimensions.map(String.init).joined(separator: ",")
      text += ":{\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}"
      begin = end
    }
    text += "}"
    let padded = (text.utf8.count + 7) / 8 * 8
    let limit = SafetensorsLimits().headerBytes
    guard padded <= limit else {
      throw .notWritable(field: "header", reason: "\(padded) bytes, the format allows \(limit)")
    }
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt64(padded))
    bytes.append(contentsOf: text.utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padded - text.utf8.count))
    return bytes
  }
}
