import NumericTypes

/// Writes a GGUF file: metadata in the order it was set, tensors in the order they were added. The same content makes the
/// same bytes.
///
/// ```swift
/// var writer = GGUFWriter()
/// writer.set("general.architecture", .string("llama"))
/// try writer.add(tensor: "token_embd.weight", dtype: .f32, shape: [4, 2], bytes: ByteView(copying: data))
/// let file = try writer.encoded()
/// ```
///
/// A tensor may also be announced without its bytes, which are then asked for when the file is written, so that no more
/// than a piece of the largest tensor need ever be in memory.
public struct GGUFWriter: Sendable {
  /// The version to write, 2 or 3: they differ in name only.
  public var version: UInt32 = 3
  /// The metadata so far.
  public private(set) var entries: [(key: String, value: GGUFValue)] = []

  /// A tensor that will be written.
  public struct Tensor: Sendable {
    /// The name.
    public let name: String
    /// The element type.
    public let dtype: DType
    /// The shape, outermost first.
    public let shape: Shape
    /// The number of encoded bytes.
    public let byteCount: Int
    fileprivate let code: UInt32
    fileprivate let bytes: ByteView?
  }
  /// The tensors so far.
  public private(set) var tensors: [Tensor] = []
  private var names: Set<String> = []
  private var positions: [String: Int] = [:]

  /// A file without metadata and tensors.
  public init() {}

  /// The content of `file`, to be written again.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)``.
  public init(copying file: GGUFFile) throws(FormatError) {
    version = file.version
    for entry in file.entries { set(entry.key, entry.value) }
    for tensor in file.tensors {
      try add(tensor: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: file.data(of: tensor))
    }
  }

  /// Sets `key`, in the place of its earlier value if it has one. The key `general.alignment`, a uint32, sets the
  /// alignment of tensor data; without it that is 32.
  public mutating func set(_ key: String, _ value: GGUFValue) {
    if let position = positions[key] {
      entries[position].value = value
    } else {
      positions[key] = entries.count
      entries.append((key, value))
    }
  }

  /// Adds a tensor of `shape` (outermost first) from its encoded bytes.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)`` for a type that GGUF lacks, a wrong number of bytes, a name
  ///   that is not 1 to 63 printable bytes or that is taken, or more than four axes.
  public mutating func add(tensor name: String, dtype: DType, shape: Shape, bytes: ByteView) throws(FormatError) {
    try add(name, dtype, shape, bytes)
  }

  /// Announces a tensor of `shape` (outermost first) whose bytes ``write(to:content:)`` will ask for.
  ///
  /// - Throws: as ``add(tensor:dtype:shape:bytes:)``.
  public mutating func add(tensor name: String, dtype: DType, shape: Shape) throws(FormatError) {
    try add(name, dtype, shape, nil)
  }

  private mutating func add(_ name: String, _ dtype: DType, _ shape: Shape, _ bytes: ByteView?) throws(FormatError) {
    let limits = GGUFLimits()
    guard let code = GGUFTensorType.code(of: dtype) else {
      throw .notWritable(field: name, reason: "GGUF has no tensor type \(dtype.displayName)")
    }
    guard Self.isName(name, limit: limits.tensorNameBytes) else {
      throw .notWritable(field: name, reason: "a tensor's name is 1 to \(limits.tensorNameBytes) printable bytes")
    }
    guard UInt64(shape.rank) <= limits.rank else {
      throw .notWritable(field: name, reason: "\(shape.rank) axes, GGUF has at most \(limits.rank)")
    }
    guard shape.last.isMultiple(of: dtype.blockLength), let byteCount = try? dtype.byteCount(of: shape.count) else {
      throw .notWritable(
        field: name, reason: "rows of shape \(shape) are no whole blocks of type \(dtype.displayName)")
    }
    if let bytes, bytes.count != byteCount {
      throw .notWritable(
        field: name, reason: "\(bytes.count) bytes are no tensor of shape \(shape) and type \(dtype.displayName)")
    }
    guard names.insert(name).inserted else { throw .notWritable(field: name, reason: "the name is taken") }
    tensors.append(
      Tensor(name: name, dtype: dtype, shape: shape, byteCount: byteCount, code: code, bytes: bytes))
  }

  /// The file, of which every tensor was added with its bytes.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)`` for a version other than 2 and 3, a key that is not 1 to 65535
  ///   printable bytes, an alignment that ``GGUFFile`` would refuse, or a tensor without bytes.
  public func encoded() throws(FormatError) -> [UInt8] {
    let alignment = try self.alignment()
    var file = try header()
    // Every tensor ends on the alignment, the last one too: other readers insist on it.
    for tensor in tensors {
      guard let bytes = tensor.bytes else { throw .notWritable(field: tensor.name, reason: "its bytes were not given") }
      bytes.withUnsafeBytes { file.append(contentsOf: $0) }
      file.append(contentsOf: repeatElement(0, count: Self.padded(file.count, alignment) - file.count))
    }
    return file
  }

  /// Writes the file piece by piece, front to back; the bytes are those of ``encoded()``.
  ///
  /// - Parameters:
  ///   - put: takes the next bytes of the file.
  ///   - content: called for each tensor that was added without bytes, in order; hands them on in pieces of any length.
  /// - Throws: as ``encoded()``; ``FormatError/notWritable(field:reason:)`` when `content` gives another number of bytes
  ///   than the tensor has; what `put` and `content` throw.
  public func write(
    to put: (UnsafeRawBufferPointer) throws -> Void,
    content: (_ tensor: Tensor, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let alignment = try self.alignment()
    try header().withUnsafeBytes(put)
    for tensor in tensors {
      var written = 0
      let emit = { (piece: UnsafeRawBufferPointer) in
        guard piece.count <= tensor.byteCount - written else {
          throw FormatError.notWritable(field: tensor.name, reason: "more than its \(tensor.byteCount) bytes came")
        }
        written += piece.count
        try put(piece)
      }
      if let bytes = tensor.bytes { try bytes.withUnsafeBytes(emit) } else { try content(tensor, emit) }
      guard written == tensor.byteCount else {
        throw FormatError.notWritable(
          field: tensor.name, reason: "\(written) bytes came where it has \(tensor.byteCount)")
      }
      let padding = Self.padded(written, alignment) - written
      try [UInt8](repeating: 0, count: padding).withUnsafeBytes(put)
    }
  }

  /// What stands before tensor data, padded to the alignment: where a file ends and the next part of a split one begins
  /// is known from this and the tensors' sizes.
  func header() throws(FormatError) -> [UInt8] {
    guard version == 2 || version == 3 else {
      throw .notWritable(field: "version", reason: "GGUF version \(version), versions 2 and 3 can be written")
    }
    let alignment = try self.alignment()
    var file = GGUFParser.magic
    file.append(littleEndian: version)
    file.append(littleEndian: UInt64(tensors.count))
    file.append(littleEndian: UInt64(entries.count))
    for (key, value) in entries {
      guard Self.isName(key, limit: GGUFLimits().keyBytes) else {
        throw .notWritable(field: key, reason: "a key is 1 to \(GGUFLimits().keyBytes) printable bytes")
      }
      file.append(gguf: key.utf8)
      file.append(littleEndian: value.type.rawValue)
      Self.append(value, to: &file)
    }
    var offset = 0
    for tensor in tensors {
      file.append(gguf: tensor.name.utf8)
      file.append(littleEndian: UInt32(tensor.shape.rank))
      for extent in tensor.shape.dimensions.reversed() { file.append(littleEndian: UInt64(extent)) }
      file.append(littleEndian: tensor.code)
      file.append(littleEndian: UInt64(offset))
      offset = offset.addingClamped(Self.padded(tensor.byteCount, alignment))
    }
    file.append(contentsOf: repeatElement(0, count: Self.padded(file.count, alignment) - file.count))
    return file
  }

  private func alignment() throws(FormatError) -> Int {
    guard let position = positions["general.alignment"] else { return 32 }
    guard case .uint32(let value) = entries[position].value, value >= 8, value & (value - 1) == 0,
      UInt64(value) <= GGUFLimits().alignment
    else {
      throw .notWritable(
        field: "general.alignment", reason: "a uint32 power of two from 8 to \(GGUFLimits().alignment) is wanted")
    }
    return Int(value)
  }

  private static func append(_ value: GGUFValue, to file: inout [UInt8]) {
    switch value {
    case .uint8(let value): file.append(value)
    case .int8(let value): file.append(littleEndian: value)
    case .uint16(let value): file.append(littleEndian: value)
    case .int16(let value): file.append(littleEndian: value)
    case .uint32(let value): file.append(littleEndian: value)
    case .int32(let value): file.append(littleEndian: value)
    case .float32(let value): file.append(littleEndian: value.bitPattern)
    case .bool(let value): file.append(value ? 1 : 0)
    case .string(let text): file.append(gguf: text.utf8)
    case .array(let array):
      file.append(littleEndian: array.elementType.rawValue)
      file.append(littleEndian: UInt64(array.count))
      array.bytes.withUnsafeBytes { file.append(contentsOf: $0) }
    case .uint64(let value): file.append(littleEndian: value)
    case .int64(let value): file.append(littleEndian: value)
    case .float64(let value): file.append(littleEndian: value.bitPattern)
    }
  }

  private static func isName(_ name: String, limit: UInt64) -> Bool {
    !name.isEmpty && UInt64(name.utf8.count) <= limit && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  private static func padded(_ size: Int, _ alignment: Int) -> Int { (size + alignment - 1) / alignment * alignment }
}
