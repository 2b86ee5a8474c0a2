import Foundation
import Models
import Tensors

/// A small random model in `Golden/architectures` with what its reference implementation makes of it.
public struct GoldenArchitecture: Sendable, CustomStringConvertible {
  private struct Expected: Decodable {
    var prompts: [[Int32]]
    var width: Int
    var greedy: [[Int32]]?
  }

  /// The folder's name.
  public let name: String
  /// The folder, in Hugging Face's form.
  public let path: String
  /// The token ids that the reference was given.
  public let prompts: [[Int32]]
  /// For each prompt its outputs, [tokens, width]: logits, or an encoder's last hidden states.
  public let outputs: [[Float]]
  /// The length of an output row.
  public let width: Int
  /// For each prompt the tokens that follow it by the largest logit; none of an encoder.
  public let greedy: [[Int32]]

  /// The fixture called `name`.
  ///
  /// - Throws: ``GoldenFiles/Missing``, or what reading it throws.
  public init(_ name: String) throws {
    self.name = name
    let folder = GoldenFiles.url("architectures/\(name)")
    path = folder.path
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    let bytes = try Data(contentsOf: folder.appending(path: "expected.bin"))
    prompts = expected.prompts
    width = expected.width
    greedy = expected.greedy ?? []
    let values = bytes.withUnsafeBytes { bytes in
      bytes.bindMemory(to: UInt32.self).map { Float(bitPattern: .init(littleEndian: $0)) }
    }
    let rows = prompts.reduce(0) { $0 + $1.count }
    guard values.count == rows * width, !prompts.contains(where: \.isEmpty) else {
      throw GoldenFiles.Missing(description: "\(name): \(values.count) outputs for its prompts")
    }
    var outputs: [[Float]] = []
    var start = 0
    for prompt in prompts {
      outputs.append(Array(values[start..<start + prompt.count * width]))
      start += prompt.count * width
    }
    self.outputs = outputs
  }

  /// Its name.
  public var description: String { name }

  /// The largest distance of an output from the reference's, as a part of the largest magnitude in its row.
  public func relativeError(_ values: [Float], prompt: Int) -> Double {
    let expected = outputs[prompt]
    guard values.count == expected.count, values.allSatisfy(\.isFinite) else { return .infinity }
    var worst = 0.0
    for row in 0..<expected.count / width {
      let range = row * width..<(row + 1) * width
      let largest = Double(expected[range].reduce(0) { max($0, abs($1)) })
      for index in range { worst = max(worst, abs(Double(values[index]) - Double(expected[index])) / largest) }
    }
    return worst
  }

  /// The logits that `model` gives for `tokens` fed in runs of the given lengths, every row.
  ///
  /// - Throws: what the model throws.
  public static func logits(_ model: any LanguageModel, _ tokens: [Int32], runs: [Int]) throws -> [Float] {
    let state = try model.makeState(capacity: tokens.count)
    var (values, start) = ([Float](), 0)
    for length in runs {
      let run = TokenBatch.Run(state: state, tokens: Array(tokens[start..<start + length]), logits: .all)
      values += try model.evaluate(TokenBatch([run]), isCancelled: { false }).values.floats
      start += length
    }
    return values
  }
}
