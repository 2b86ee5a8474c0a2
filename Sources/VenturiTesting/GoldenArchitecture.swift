import Formats
import Foundation
import Layers
import Models
import NumericTypes
import Tensors

/// A small random model of `Golden/architectures` and what the reference implementation computes for it.
public struct GoldenArchitecture {
  /// The folder's name, such as `qwen2`.
  public let name: String
  /// The prompts, as token ids.
  public let prompts: [[Int32]]
  /// For each prompt, the reference's rows one after the other: logits, or hidden states.
  public let expected: [[Float]]
  /// The length of a row.
  public let width: Int
  /// For each prompt, the reference's greedy tokens.
  public let greedy: [[Int32]]

  /// The folder's path, in Hugging Face's form.
  public var path: String { GoldenFiles.url("architectures/\(name)").path }

  /// Reads a fixture.
  ///
  /// - Throws: ``GoldenFiles/Missing``; what reading and parsing throws.
  public init(_ name: String) throws {
    self.name = name
    let folder = GoldenFiles.url("architectures/\(name)")
    let json = try JSON(parsing: [UInt8](Data(contentsOf: folder.appending(path: "expected.json"))))
    let bytes = try Data(contentsOf: folder.appending(path: "expected.bin"))
    func tokens(_ key: String) -> [[Int32]] {
      (json[key]?.elements ?? []).map { ($0.elements ?? []).compactMap { $0.int.map { Int32($0) } } }
    }
    prompts = tokens("prompts")
    greedy = tokens("greedy")
    width = json["width"]?.int ?? 0
    let values = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map {
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
    guard !prompts.isEmpty, width > 0, values.count == prompts.joined().count * width else {
      throw GoldenFiles.Missing(description: "\(folder.path) is no fixture")
    }
    var rest = values[...]
    var parts: [[Float]] = []
    for prompt in prompts {
      parts.append(Array(rest.prefix(prompt.count * width)))
      rest = rest.dropFirst(prompt.count * width)
    }
    expected = parts
  }

  /// The largest difference of any value, relative to the largest magnitude of its row in the reference.
  public func error(of values: [Float], prompt: Int) -> Float {
    guard values.count == expected[prompt].count else { return .infinity }
    var worst: Float = 0
    for row in 0..<prompts[prompt].count {
      let range = row * width..<(row + 1) * width
      let scale = expected[prompt][range].map(abs).max() ?? 0
      for index in range {
        let difference = abs(values[index] - expected[prompt][index]) / max(scale, .leastNormalMagnitude)
        // A NaN is no small difference.
        if !(difference <= worst) { worst = difference.isNaN ? .infinity : difference }
      }
    }
    return worst
  }

  /// What a language model loaded from the folder does not do as the reference does, and the laws it breaks: logits of a
  /// whole prompt and of single steps within `tolerance` in f32, the same bits for any chunks, threads and company, the
  /// same greedy tokens.
  ///
  /// - Throws: what loading and evaluating throws.
  public func violations(tolerance: Float = 1e-4, threads: Int = 2) throws -> [String] {
    var broken: [String] = []
    let options = LoadOptions(compute: .f32, stepTokens: 64, logitRows: 64)
    let model = try ModelLoader.load(path: path, options: options, context: Context(threads: threads)).model
    let capacity = (prompts.map(\.count).max() ?? 0) + (greedy.first?.count ?? 0)
    var whole: [[Float]] = []
    for (index, prompt) in prompts.enumerated() {
      let one = try rows(of: prompt, cut: prompt.count, model, capacity)
      whole.append(one)
      let difference = error(of: one, prompt: index)
      if !(difference <= tolerance) { broken.append("\(name): prompt \(index) is off by \(difference)") }
      for cut in [1, 7] where try rows(of: prompt, cut: cut, model, capacity) != one {
        broken.append("\(name): prompt \(index) in pieces of \(cut) gives other bits")
      }
    }
    let alone = try ModelLoader.load(path: path, options: options, context: Context(threads: 1)).model
    if try rows(of: prompts[0], cut: prompts[0].count, alone, capacity) != whole[0] {
      broken.append("\(name): one thread gives other bits")
    }
    let runs = try prompts.map { prompt in
      TokenBatch.Run(state: try model.makeState(capacity: capacity), tokens: prompt, logits: .all)
    }
    let together = try model.evaluate(TokenBatch(runs)) { false }
    for (index, range) in together.rows.enumerated() where range.flatMap({ Array(together.row($0)) }) != whole[index] {
      broken.append("\(name): prompt \(index) in company gives other bits")
    }
    for (index, prompt) in prompts.enumerated() where index < greedy.count {
      let tokens = try generate(greedy[index].count, after: prompt, model, capacity)
      if tokens != greedy[index] {
        let place = zip(tokens, greedy[index]).prefix { $0 == $1 }.count
        broken.append("\(name): greedy token \(place) after prompt \(index) differs")
      }
    }
    return broken
  }

  private func rows(of prompt: [Int32], cut: Int, _ model: any LanguageModel, _ capacity: Int) throws -> [Float] {
    let state = try model.makeState(capacity: capacity)
    var values: [Float] = []
    for start in stride(from: 0, to: prompt.count, by: cut) {
      let tokens = Array(prompt[start..<min(start + cut, prompt.count)])
      let logits = try model.evaluate(TokenBatch([.init(state: state, tokens: tokens, logits: .all)])) { false }
      for row in logits.rows[0] { values += logits.row(row) }
    }
    return values
  }

  private func generate(
    _ count: Int, after prompt: [Int32], _ model: any LanguageModel, _ capacity: Int
  ) throws -> [Int32] {
    let state = try model.makeState(capacity: capacity)
    var tokens: [Int32] = []
    var next = prompt
    for _ in 0..<count {
      let logits = try model.evaluate(TokenBatch([.init(state: state, tokens: next)])) { false }.row(0)
      let best = logits.indices.max { logits[$0] < logits[$1] } ?? 0
      tokens.append(Int32(best))
      next = [Int32(best)]
    }
    return tokens
  }
}
