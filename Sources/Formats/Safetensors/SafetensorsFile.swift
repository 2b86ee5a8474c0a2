import NumericTypes

/// A safetensors file: text about it, and where each tensor lies. Parsing proves every size and offset against the file
/// before it is used; tensor data stays where it is.
///
/// The layout (https://huggingface.co/docs/safetensors): 8 bytes with the header's length, the header as JSON, spaces,
/// and the data of all tensors without holes. Refused: a header above 100 MB or one that does not begin with `{`, names
/// that occur twice, fields beside `dtype`, `shape` and `data_offsets`, sizes that contradict each other, bytes that
/// belong to two tensors or to none, metadata other than strings. Tensors of types that the engine does not read are
/// found in ``unread`` and refused by name when they are asked for.
public struct SafetensorsFile: Sendable {
  /// The entries of `__metadata__` in the file's order.
  public let metadata: [(key: String, value: String)]
  /// The tensors in the header's order, without those of ``unread``.
  public let tensors: [SafetensorsTensor]
  /// The tensors of types that the engine does not read, in the header's order.
  public let unread: [SafetensorsUnreadTensor]
  /// Where tensor data begins, in bytes.
  public let dataOffset: Int
  /// The whole file.
  public let bytes: ByteView

  private let tensorIndex: [String: Int]
  private let unreadIndex: [String: Int]

  /// Parses the file in `bytes`.
  ///
  /// - Throws: ``FormatError`` naming the field, its offset and its value.
  public init(_ bytes: ByteView, limits: SafetensorsLimits = SafetensorsLimits()) throws(FormatError) {
    defer { withExtendedLifetime(bytes) {} }
    var parser = try SafetensorsParser(bytes.unsafeBytes, limits: limits)
    try parser.header()
    try parser.provePlaces()
    metadata = parser.metadata
    dataOffset = parser.dataOffset
    var tensors: [SafetensorsTensor] = []
    var unread: [SafetensorsUnreadTensor] = []
    for entry in parser.entries {
      let range = dataOffset + entry.begin..<dataOffset + entry.end
      let shape = Shape(entry.shape)
      if let dtype = SafetensorsType.dtype(named: entry.type) {
        tensors.append(
          SafetensorsTensor(name: entry.name, dtype: dtype, shape: shape, byteRange: range, infoOffset: entry.offset))
      } else {
        unread.append(
          SafetensorsUnreadTensor(
            name: entry.name, typeName: entry.type, shape: shape, byteRange: range, infoOffset: entry.offset))
      }
    }
    tensorIndex = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    unreadIndex = Dictionary(uniqueKeysWithValues: unread.enumerated().map { ($1.name, $0) })
    self.tensors = tensors
    self.unread = unread
    self.bytes = bytes
  }

  /// The tensor called `name`; nothing when the file lacks it or does not have it in a type that is read.
  public func tensorIfPresent(_ name: String) -> SafetensorsTensor? { tensorIndex[name].map { tensors[$0] } }

  /// The tensor called `name` of a type that is not read; nothing when there is none.
  public func unreadIfPresent(_ name: String) -> SafetensorsUnreadTensor? { unreadIndex[name].map { unread[$0] } }

  /// The tensor called `name`.
  ///
  /// - Throws: ``FormatError/missingTensor(field:)``, or ``FormatError/unsupported(field:offset:found:supported:)`` for one
  ///   of a type that is not read.
  public func tensor(_ name: String) throws(FormatError) -> SafetensorsTensor {
    if let tensor = tensorIfPresent(name) { return tensor }
    guard let unread = unreadIfPresent(name) else { throw .missingTensor(field: name) }
    let supported = DType.allCases.compactMap(SafetensorsType.name(of:)).joined(separator: ", ")
    throw .unsupported(
      field: "\(name) (dtype)", offset: unread.infoOffset, found: "tensor type \(unread.typeName)",
      supported: "one of \(supported)")
  }

  /// The tensor called `name`, which must have `shape` (outermost first) and one of `dtypes`.
  ///
  /// - Throws: ``FormatError/missingTensor(field:)``, ``FormatError/wrongShape(field:offset:found:expected:)``,
  ///   ``FormatError/wrongType(field:offset:found:expected:)`` or ``FormatError/unsupported(field:offset:found:supported:)``.
  public func tensor(
    _ name: String, shape: Shape, dtypes: Set<DType>? = nil
  ) throws(FormatError) -> SafetensorsTensor {
    let tensor = try tensor(name)
    try FormatError.prove(name, (tensor.shape, tensor.dtype, tensor.infoOffset), shape: shape, dtypes: dtypes)
    return tensor
  }

  /// The data of `tensor`, one of this file's.
  public func data(of tensor: SafetensorsTensor) -> ByteView { bytes[tensor.byteRange] }

  /// The value of metadata's `key`; nothing when the file lacks it.
  public subscript(metadata key: String) -> String? { metadata.first { $0.key == key }?.value }
}
