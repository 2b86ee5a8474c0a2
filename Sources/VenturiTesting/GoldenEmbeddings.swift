import Formats
import Foundation
import NumericTypes

/// Texts of every kind with the token ids and embeddings that sentence-transformers gives for all-MiniLM-L6-v2.
public struct GoldenEmbeddings {
  /// One text.
  public struct Case {
    /// The text.
    public let text: String
    /// Its token ids, cut at the model's limit.
    public let ids: [Int32]
    /// The number of tokens before that.
    public let tokens: Int
    /// Its embedding.
    public let vector: [Float]
  }

  /// The texts.
  public let cases: [Case]
  /// The most tokens of a text.
  public let limit: Int
  /// The length of an embedding.
  public let width: Int

  /// The committed fixture, or the folder of a larger one that `VENTURI_GOLDEN_EMBEDDINGS` names.
  private static var usual: URL {
    let named = ProcessInfo.processInfo.environment["VENTURI_GOLDEN_EMBEDDINGS"]
    return named.map { URL(filePath: $0) } ?? GoldenFiles.url("embeddings")
  }

  /// Reads the fixture, or one that was made alike in another folder.
  ///
  /// - Throws: ``GoldenFiles/Missing``; what reading and parsing throws.
  public init(folder: URL? = nil) throws {
    let folder = folder ?? Self.usual
    let json = try JSON(parsing: [UInt8](Data(contentsOf: folder.appending(path: "minilm.json"))))
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "minilm.f16.bin")))
    let elements = json["cases"]?.elements ?? []
    let width = json["width"]?.int ?? 0
    guard !elements.isEmpty, width > 0, bytes.count == elements.count * width * 2, let limit = json["limit"]?.int else {
      throw GoldenFiles.Missing(description: "\(folder.path) is no fixture")
    }
    self.limit = limit
    self.width = width
    cases = elements.enumerated().map { index, element in
      let values = (0..<width).map { i in
        let at = 2 * (index * width + i)
        return floatFromHalf(bits: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)
      }
      return Case(
        text: element["text"]?.text ?? "",
        ids: (element["ids"]?.elements ?? []).compactMap { $0.int.map { Int32($0) } },
        tokens: element["tokens"]?.int ?? 0, vector: values)
    }
  }

  /// The cosine of the angle between two vectors, computed in Double.
  public static func cosine(_ a: [Float], _ b: [Float]) -> Double {
    var (dot, left, right) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      dot += Double(x) * Double(y)
      left += Double(x) * Double(x)
      right += Double(y) * Double(y)
    }
    return dot / (left * right).squareRoot()
  }
}
