import NumericTypes

/// A GGUF model file: metadata, and where each tensor lies. Parsing proves every size and offset against the file before
/// it is used; tensor data and arrays stay where they are.
///
/// Versions 2 and 3, little-endian. Refused by name: version 1, later versions, big-endian files, a part of a split model
/// where none is expected, arrays within arrays, tensor types that the engine does not read. Refused as malformed, beyond what cannot be
/// decoded: duplicate keys or names, control characters in them, scalar strings that are not UTF-8, tensors that
/// overlap or are not aligned. Allowed: gaps between tensors and bytes after the last one, tensors without elements.
public struct GGUFFile: Metadata, Sendable {
  /// The format's version, 2 or 3.
  public let version: UInt32
  /// The metadata in the file's order.
  public let entries: [GGUFEntry]
  /// The tensors in the file's order.
  public let tensors: [GGUFTensor]
  /// The alignment of tensor data, in bytes: a power of two, 32 unless the file says otherwise.
  public let alignment: Int
  /// Where tensor data begins, in bytes.
  public let dataOffset: Int
  /// Which part of a split model this is; nothing for a whole one.
  public let split: GGUFSplit?
  /// The whole file.
  public let bytes: ByteView

  private let entryIndex: [String: Int]
  private let tensorIndex: [String: Int]

  /// Parses the file in `bytes`; a part of a split model, which ``GGUFParts`` joins, where `allowsParts` says so.
  ///
  /// - Throws: ``FormatError`` naming the field, its offset and its value.
  public init(
    _ bytes: ByteView, limits: GGUFLimits = GGUFLimits(), allowsParts: Bool = false
  ) throws(FormatError) {
    defer { withExtendedLifetime(bytes) {} }
    var parser = GGUFParser(bytes, limits: limits)
    let counts = try parser.header()
    version = parser.version
    (entries, entryIndex) = try parser.metadata(count: counts.entries)
    split = try GGUFParser.split(entries, entryIndex, tensorCount: counts.tensors)
    if let split, !allowsParts {
      throw .unsupported(
        field: "split.count", offset: split.offset, found: "one of \(split.count) parts without the others",
        supported: "a whole file, or the parts under their own names,")
    }
    alignment = try GGUFParser.alignment(entries, entryIndex, limits: limits)
    (tensors, tensorIndex, dataOffset) = try parser.tensors(count: counts.tensors, alignment: alignment)
    self.bytes = bytes
  }

  /// Parses the file in `bytes`, which `keeper` keeps alive and unchanged; without a keeper the caller does.
  ///
  /// - Throws: ``FormatError`` naming the field, its offset and its value.
  public init(
    _ bytes: UnsafeRawBufferPointer, keeper: (AnyObject & Sendable)?, limits: GGUFLimits = GGUFLimits(),
    allowsParts: Bool = false
  ) throws(FormatError) {
    try self.init(ByteView(bytes, keeper: keeper), limits: limits, allowsParts: allowsParts)
  }

  /// The entry of `key`; nothing when the file lacks it.
  public func entry(_ key: String) -> GGUFEntry? { entryIndex[key].map { entries[$0] } }

  /// The tensor called `name`; nothing when the file lacks it.
  public func tensorIfPresent(_ name: String) -> GGUFTensor? { tensorIndex[name].map { tensors[$0] } }

  /// The tensor called `name`.
  ///
  /// - Throws: ``FormatError/missingTensor(field:)``.
  public func tensor(_ name: String) throws(FormatError) -> GGUFTensor {
    guard let tensor = tensorIfPresent(name) else { throw .missingTensor(field: name) }
    return tensor
  }

  /// The tensor called `name`, which must have `shape` (outermost first) and one of `dtypes`.
  ///
  /// - Throws: ``FormatError/missingTensor(field:)``, ``FormatError/wrongShape(field:offset:found:expected:)`` or
  ///   ``FormatError/wrongType(field:offset:found:expected:)``.
  public func tensor(
    _ name: String, shape: Shape, dtypes: Set<DType>? = nil
  ) throws(FormatError) -> GGUFTensor {
    let tensor = try tensor(name)
    try FormatError.prove(name, (tensor.shape, tensor.dtype, tensor.infoOffset), shape: shape, dtypes: dtypes)
    return tensor
  }

  /// The data of `tensor`, one of this file's.
  public func data(of tensor: GGUFTensor) -> ByteView { bytes[tensor.byteRange] }
}
