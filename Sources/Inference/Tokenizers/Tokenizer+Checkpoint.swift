import Formats
import Models
import Text

extension Tokenizer {
  /// The tokenizer of a checkpoint: what its metadata describe, or the files of its folder.
  ///
  /// - Throws: `FormatError` naming the key or the place in a file; `TensorError` when a file cannot be read.
  public init(_ checkpoint: Checkpoint) throws {
    guard let folder = checkpoint.folder else {
      try self.init(metadata: checkpoint)
      return
    }
    try self.init(HuggingFaceTokenizer(folder).description, of: folder)
  }

  private init(_ description: TokenizerDescription, of folder: HuggingFaceFolder) throws(FormatError) {
    do throws(TextError) { try self.init(description) } catch {
      throw .inconsistent(field: "\(folder.path)/tokenizer.json", offset: nil, problem: "\(error)")
    }
  }
}

extension HuggingFaceTokenizer {
  /// What the tokenizer's files of a folder come to.
  ///
  /// - Throws: `FormatError` naming the place in a file, or the missing file; `TensorError` when one cannot be read.
  public init(_ folder: HuggingFaceFolder) throws {
    guard let tokenizer = try folder.json("tokenizer.json") else {
      throw FormatError.missingFile(field: "\(folder.path)/tokenizer.json")
    }
    try self.init(
      tokenizer: tokenizer, configuration: folder.json("tokenizer_config.json"),
      specialTokens: folder.json("special_tokens_map.json"))
  }
}
