import Formats
import NumericTypes
import Tensors

/// A model's folder in Hugging Face's form: `config.json`, weights in one or more safetensors files, and what its
/// tokenizer needs.
///
/// Every file is one of the folder itself. Weights that an index leaves out are found too: the files of the folder are
/// read, the index only says which of them must be there.
public struct HuggingFaceFolder: Sendable {
  /// A tensor of one of the weight files, under the name it has there.
  public struct SourceTensor: Sendable {
    /// The name.
    public let name: String
    /// The element type.
    public let dtype: DType
    /// The extents, outermost first.
    public let shape: Shape
    let storage: Storage
    let offset: Int
  }

  /// The folder's path.
  public let path: String
  /// `config.json`.
  public let configuration: HuggingFaceConfiguration
  /// The tensors of all weight files, by name.
  public let tensors: [String: SourceTensor]
  /// The weight files.
  let storages: [Storage]
  private let files: FolderFiles
  private let shards: SafetensorsShards

  private static let largestText = 256 << 20

  /// Reads `config.json` and the headers of the weight files.
  ///
  /// - Throws: ``/Tensors/TensorError`` when a file cannot be mapped or changes meanwhile, ``/Formats/FormatError`` when
  ///   one is malformed or missing.
  public init(path: String) throws {
    files = FolderFiles(path: path)
    self.path = path
    guard let json = try Self.json("config.json", files) else {
      throw FormatError.missingFile(field: "\(path)/config.json")
    }
    guard json.members != nil else {
      throw FormatError.invalidValue(field: "config.json", offset: 0, value: "no object", expected: "an object")
    }
    configuration = HuggingFaceConfiguration(json, place: "config.json")

    let index = try Self.storage(SafetensorsIndex.fileName, files).map { storage in
      try storage.reading { try SafetensorsIndex(ByteView(storage.bytes, keeper: storage)) }
    }
    // An adapter that lies beside the model is no part of it.
    let listing = try files.names().filter { !$0.hasPrefix("adapter_") }
    let names = try SafetensorsShards.files(index: index, listing: listing)
    storages = try names.map(files.map)
    let parts = try zip(names, storages).map { name, storage in
      (name, try storage.reading { try SafetensorsFile(ByteView(storage.bytes, keeper: storage)) })
    }
    let shards = try SafetensorsShards(index: index, parts: parts)
    var tensors: [String: SourceTensor] = [:]
    for (part, storage) in zip(shards.parts, storages) {
      for tensor in part.file.tensors {
        tensors[tensor.name] = SourceTensor(
          name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, storage: storage,
          offset: tensor.byteRange.lowerBound)
      }
    }
    self.tensors = tensors
    self.shards = shards
  }

  /// Does nothing, unless the folder has the tensor `name` in a type that is not read.
  ///
  /// - Throws: ``/Formats/FormatError/unsupported(field:offset:found:supported:)``.
  func refuseUnread(_ name: String) throws {
    if tensors[name] == nil, shards.part(of: name) != nil { _ = try shards.tensor(name) }
  }

  /// The JSON file called `name`; nothing when there is none.
  ///
  /// - Throws: ``/Formats/FormatError`` naming the file when it is no JSON; ``/Tensors/TensorError``.
  public func json(_ name: String) throws -> JSON? { try Self.json(name, files) }

  /// The JSON file called `name` of the folder's own folder `subfolder`; nothing when there is none.
  ///
  /// - Throws: ``/Formats/FormatError`` naming the file when it is no JSON; ``/Tensors/TensorError``.
  public func json(_ name: String, in subfolder: String) throws -> JSON? {
    try files.subfolder(subfolder).flatMap { try Self.json(name, $0) }
  }

  /// The text file called `name`; nothing when there is none.
  ///
  /// - Throws: ``/Formats/FormatError`` naming the file when it is too large; ``/Tensors/TensorError``.
  public func bytes(_ name: String) throws -> [UInt8]? { try Self.bytes(name, files) }

  private static func storage(_ name: String, _ files: FolderFiles) throws -> Storage? {
    guard files.has(name) else { return nil }
    let storage = try files.map(name)
    guard storage.byteCount <= largestText else {
      throw FormatError.limitExceeded(
        field: name, offset: 0, value: UInt64(storage.byteCount), limit: UInt64(largestText))
    }
    return storage
  }

  private static func bytes(_ name: String, _ files: FolderFiles) throws -> [UInt8]? {
    try storage(name, files).map { storage in try storage.reading { [UInt8](storage.bytes) } }
  }

  private static func json(_ name: String, _ files: FolderFiles) throws -> JSON? {
    guard let bytes = try bytes(name, files) else { return nil }
    do { return try JSON(parsing: bytes) } catch {
      throw FormatError.inconsistent(field: name, offset: error.offset, problem: error.problem)
    }
  }
}
