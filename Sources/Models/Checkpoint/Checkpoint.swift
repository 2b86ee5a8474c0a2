import Formats
import NumericTypes
import Tensors

/// A model as it lies on disk: its metadata and weights under GGUF's keys and names, whatever the format.
///
/// Opening one maps the files and reads their headers only. Architectures read nothing else, so that a GGUF file, one that
/// is split into parts and a Hugging Face folder are one thing to them, and to what converts and quantises.
public final class Checkpoint: Metadata, Sendable {
  /// Where it lies; empty for one in memory.
  public let path: String
  /// The metadata in the file's order.
  public let entries: [GGUFEntry]
  /// The tensors in the file's order.
  public let tensors: [CheckpointTensor]
  /// The folder it was read from, when that is one in Hugging Face's form; it holds the tokenizer.
  public let folder: HuggingFaceFolder?
  /// The files that hold weights.
  public let files: [Storage]
  private let entryIndex: [String: Int]
  private let tensorIndex: [String: Int]

  init(
    path: String, entries: [GGUFEntry], tensors: [CheckpointTensor], folder: HuggingFaceFolder?, files: [Storage]
  ) {
    self.path = path
    self.entries = entries
    self.tensors = tensors
    self.folder = folder
    self.files = files
    // The formats refuse a name that comes twice.
    entryIndex = Dictionary(entries.enumerated().map { ($1.key, $0) }) { first, _ in first }
    tensorIndex = Dictionary(tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// The model at `path`: a GGUF file, one of the parts of a split one, or a folder in Hugging Face's form.
  ///
  /// - Throws: ``/Tensors/TensorError`` when a file cannot be mapped or changes meanwhile, ``/Formats/FormatError`` when
  ///   one is malformed, ``ModelError`` when the architecture is not known.
  public convenience init(path: String) throws {
    if FolderFiles.isFolder(path) {
      try self.init(HuggingFaceFolder(path: path))
    } else {
      let storage = try Storage(mapping: path)
      let file = try storage.reading { try GGUFFile(storage.bytes, keeper: storage, allowsParts: true) }
      if file.split == nil {
        try self.init(file, storage: storage, path: path)
      } else {
        try self.init(part: file, path: path)
      }
    }
  }

  /// The model of which the file at `path` is a part; the others lie beside it.
  private convenience init(part file: GGUFFile, path: String) throws {
    let components = path.split(separator: "/", omittingEmptySubsequences: false)
    let above = components.dropLast().joined(separator: "/")
    let folder = FolderFiles(path: above.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : above)
    let names = try GGUFParts.names(of: file, named: components.last.map(String.init) ?? path)
    let present = Set(try folder.names())
    if let missing = names.first(where: { !present.contains($0) }) { throw FormatError.missingFile(field: missing) }
    var storages: [String: Storage] = [:]
    let files = try names.map { name in
      let storage = try folder.map(name)
      storages[name] = storage
      return (name, try storage.reading { try GGUFFile(storage.bytes, keeper: storage, allowsParts: true) })
    }
    let model = try GGUFParts(files)
    let ordered = try model.parts.map { part in
      guard let storage = storages[part.name] else { throw FormatError.missingFile(field: part.name) }
      return storage
    }
    let tensors = try model.tensors.map { part, tensor in
      try CheckpointTensor(
        name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, infoOffset: tensor.infoOffset,
        content: .stored(ordered[part], offset: tensor.byteRange.lowerBound))
    }
    self.init(path: path, entries: model.entries, tensors: tensors, folder: nil, files: ordered)
  }

  /// The GGUF file in `storage`.
  ///
  /// - Throws: ``/Formats/FormatError``, ``/Tensors/TensorError/fileChanged(path:)``.
  public convenience init(gguf storage: Storage, path: String = "") throws {
    let file = try storage.reading { try GGUFFile(storage.bytes, keeper: storage) }
    try self.init(file, storage: storage, path: path)
  }

  /// A parsed GGUF file, whose bytes are in `storage`.
  ///
  /// - Throws: ``/Formats/FormatError``.
  public convenience init(_ file: GGUFFile, storage: Storage, path: String = "") throws {
    let tensors = try file.tensors.map { tensor in
      try CheckpointTensor(
        name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, infoOffset: tensor.infoOffset,
        content: .stored(storage, offset: tensor.byteRange.lowerBound))
    }
    self.init(path: path, entries: file.entries, tensors: tensors, folder: nil, files: [storage])
  }

  /// The bytes of the files that hold weights.
  public var fileBytes: Int { files.reduce(0) { $0.addingClamped($1.byteCount) } }

  /// The entry of `key`; nothing when there is none.
  public func entry(_ key: String) -> GGUFEntry? { entryIndex[key].map { entries[$0] } }

  /// The tensor called `name`; nothing when there is none.
  public func tensorIfPresent(_ name: String) -> CheckpointTensor? { tensorIndex[name].map { tensors[$0] } }

  /// The tensor called `name`.
  ///
  /// - Throws: ``/Formats/FormatError/missingTensor(field:)``.
  public func tensor(_ name: String) throws(FormatError) -> CheckpointTensor {
    guard let tensor = tensorIfPresent(name) else { throw .missingTensor(field: name) }
    return tensor
  }

  /// The tensor called `name`, which must have `shape` (outermost first) and one of `dtypes`.
  ///
  /// - Throws: ``/Formats/FormatError/missingTensor(field:)``,
  ///   ``/Formats/FormatError/wrongShape(field:offset:found:expected:)`` or
  ///   ``/Formats/FormatError/wrongType(field:offset:found:expected:)``.
  public func tensor(_ name: String, shape: Shape, dtypes: Set<DType>? = nil) throws(FormatError) -> CheckpointTensor {
    let tensor = try tensor(name)
    try FormatError.prove(name, (tensor.shape, tensor.dtype, tensor.infoOffset), shape: shape, dtypes: dtypes)
    return tensor
  }

  /// What `body` makes of the files' content. If one of them was changed meanwhile, all of that is void.
  ///
  /// - Throws: ``/Tensors/TensorError/fileChanged(path:)``; what `body` throws.
  public func reading<Result>(_ body: () throws -> Result) throws -> Result {
    try read(files[...], body)
  }

  private func read<Result>(_ files: ArraySlice<Storage>, _ body: () throws -> Result) throws -> Result {
    guard let first = files.first else { return try body() }
    return try first.reading { try read(files.dropFirst(), body) }
  }
}
