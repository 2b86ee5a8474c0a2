import Numerics

/// Builds a GGUF file in memory: metadata in the order it was set, tensors in the order they were added.
///
/// ```swift
/// var writer = GGUFWriter()
/// writer.set("general.architecture", .string("llama"))
/// try writer.add(tensor: "token_embd.weight", dtype: .f32, shape: [4, 2], bytes: ByteView(copying: data))
/// let file = try writer.encoded()
/// ```
public struct GGUFWriter: Sendable {
  /// The version to write, 2 or 3: they differ in name only.
  public var version: UInt32 = 3
  /// The metadata so far.
  public private(set) var entries: [(key: String, value: GGUFValue)] = []

  private struct Tensor {
    var name: String
    var code: UInt32
    var extents: [Int]
    var bytes: ByteView
  }
  private var tensors: [Tensor] = []
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
    guard shape.last.isMultiple(of: dtype.blockLength), (try? dtype.byteCount(of: shape.count)) == bytes.count else {
      throw .notWritable(
        field: name, reason: "\(bytes.count) bytes are no tensor of shape \(shape) and type \(dtype.displayName)")
    }
    guard names.insert(name).inserted else { throw .notWritable(field: name, reason: "the name is taken") }
    tensors.append(Tensor(name: name, code: code, extents: shape.dimensions.reversed(), bytes: bytes))
  }

  /// The file.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)`` for a version other than 2 and 3, a key that is not 1 to 65535
  ///   printable bytes, or an alignment that ``GGUFFile`` would refuse.
  public func encoded() throws(FormatError) -> [UInt8] {
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
      file.append(littleEndian: UInt32(tensor.extents.count))
      for extent in tensor.extents { file.append(littleEndian: UInt64(extent)) }
      file.append(littleEndian: tensor.code)
      file.append(littleEndian: UInt64(offset))
      offset += Self.padded(tensor.bytes.count, alignment)
    }
    // Every tensor ends on the alignment, the last one too: other readers insist on it.
    func pad() { file.append(contentsOf: repeatElement(0, count: Self.padded(file.count, alignment) - file.count)) }
    pad()
    for tensor in tensors {
      tensor.bytes.withUnsafeBytes { file.append(contentsOf: $0) }
      pad()
    }
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
