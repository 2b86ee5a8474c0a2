import Formats
import Tensors
import Text

/// The ids of a text, in parts of about 4 KiB that end behind a line feed, on one thread.
public struct TokenizeCase: OperatorCase {
  /// The row's name.
  public let name: String
  /// The model file, for peers.
  let model: String
  /// The text's file, for peers.
  let file: String
  let tokenizer: Tokenizer
  let documents: [[UInt8]]

  /// A text and what encodes it.
  ///
  /// - Parameters:
  ///   - model: the path of the GGUF file or `tokenizer.json` that `tokenizer` was made of.
  ///   - file: the path of `text`'s file.
  public init(tokenizer: Tokenizer, model: String, text: [UInt8], file: String) {
    self.tokenizer = tokenizer
    self.model = model
    self.file = file
    name = model.split(separator: "/").last.map(String.init) ?? model
    var documents: [[UInt8]] = []
    var start = 0
    while start < text.count {
      let line = text[min(start + 4096, text.count - 1)...].firstIndex(of: 0x0A)
      let end = line.map { $0 + 1 } ?? text.count
      documents.append(Array(text[start..<end]))
      start = end
    }
    self.documents = documents
  }

  /// Megabytes.
  public var work: Double { 1e-6 * Double(documents.reduce(0) { $0 + $1.count }) }
  /// Of text.
  public var unit: String { "MB/s" }
  /// As peers are asked for it.
  public var request: [JSON.Member] {
    [JSON.Member("op", "tokenize"), JSON.Member("bytes", .integer(documents.reduce(0) { $0 + $1.count }))]
  }

  /// One thread only.
  public func task(threads: Int) -> PeerCatalogue.Task? {
    threads == 1 ? .tokenize(model: model, file: file) : nil
  }

  /// No limit of the machine's is near.
  public func ceiling(of machine: Ceilings) -> Double { .nan }

  /// Our own side.
  public func contestant(_ context: Context) -> any OperatorContestant { TokenizeContestant(self) }
}
