import Formats
import Tensors

extension LowRankAdapter {
  /// Whether there is an adapter at `path`: a folder of PEFT's or a file that ends with `.gguf`.
  public static func isPresent(at path: String) -> Bool {
    if FolderFiles.isFolder(path) { return FolderFiles(path: path).has(configurationFileName) }
    return path.hasSuffix(".gguf")
  }

  /// Reads the adapter at `path`: a folder of PEFT's, or a GGUF file.
  ///
  /// - Throws: ``/Tensors/TensorError`` when a file cannot be mapped or changes meanwhile, ``/Formats/FormatError`` when
  ///   it is no adapter that is read.
  public init(path: String) throws {
    guard FolderFiles.isFolder(path) else {
      let storage = try Storage(mapping: path)
      self = try storage.reading {
        try LowRankAdapter(GGUFFile(storage.bytes, keeper: storage))
      }
      return
    }
    let files = FolderFiles(path: path)
    for name in [Self.configurationFileName, Self.weightsFileName] where !files.has(name) {
      throw FormatError.missingFile(field: "\(path)/\(name)")
    }
    let (settings, weights) = (try files.map(Self.configurationFileName), try files.map(Self.weightsFileName))
    let limit = 1 << 20
    guard settings.byteCount <= limit else {
      throw FormatError.limitExceeded(
        field: Self.configurationFileName, offset: 0, value: UInt64(settings.byteCount), limit: UInt64(limit))
    }
    self = try settings.reading {
      try weights.reading {
        try LowRankAdapter(
          configuration: [UInt8](settings.bytes), weights: ByteView(weights.bytes, keeper: weights))
      }
    }
  }
}
