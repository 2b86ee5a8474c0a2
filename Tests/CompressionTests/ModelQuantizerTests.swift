import Compression
import Formats
import Foundation
import Models
import NumericTypes
import Tensors
import Testing
import VenturiTesting

@Suite("Quantising a model file")
struct ModelQuantizerTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func source(_ dtype: DType = .f32, _ change: (inout GGUFImage) -> Void = { _ in }) throws -> String {
    var model = TinyLlama()
    (model.width, model.heads, model.kvHeads, model.feedForward, model.dtype) = (256, 4, 2, 512, dtype)
    var image = model.image()
    change(&image)
    let path = "\(folder.path)/source.gguf"
    try Data(image.encoded()).write(to: URL(filePath: path))
    return path
  }

  private func quantized(
    _ path: String, _ options: QuantizationOptions, threads: Int = 2, to name: String = "out.gguf"
  ) throws -> String {
    let target = "\(folder.path)/\(name)"
    let quantizer = try ModelQuantizer(Checkpoint(path: path), options: options)
    let bytes = try quantizer.write(to: target, workers: Workers(count: threads))
    #expect(try Data(contentsOf: URL(filePath: target)).count == bytes)
    return target
  }

  @Test("The file holds the metadata, the types of the plan and close numbers", arguments: QuantizationRecipe.allCases)
  func whole(recipe: QuantizationRecipe) throws {
    let path = try source()
    let before = try Checkpoint(path: path)
    let after = try Checkpoint(path: try quantized(path, QuantizationOptions(recipe: recipe)))
    let plan = try QuantizationPlan(before, options: QuantizationOptions(recipe: recipe))
    #expect(after.tensors.map(\.dtype) == plan.items.map(\.target))
    #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
    #expect(after.tensors.map(\.shape) == before.tensors.map(\.shape))
    #expect(after.tensors.reduce(0) { $0 + $1.byteCount } == plan.byteCount)
    for entry in before.entries where !entry.key.hasPrefix("general.") {
      #expect(after.entry(entry.key)?.value == entry.value)
    }
    #expect(try after.uint("general.file_type") == Int(recipe.fileType))
    #expect(try after.uint("general.quantization_version") == 2)
    for (old, new) in zip(before.tensors, after.tensors) {
      let (x, y) = (try numbers(old), try numbers(new))
      let error = zip(x, y).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
      let power = x.reduce(0.0) { $0 + Double($1) * Double($1) }
      let bits = new.dtype.bitsPerElement
      let bound = bits > 9 ? 1e-4 : bits > 6 ? 1e-3 : bits > 5 ? 3e-3 : bits > 4 ? 1e-2 : bits > 3 ? 4e-2 : 0.15
      #expect(error <= bound * power, "\(new.name) \(new.dtype.displayName): \(error / power)")
    }
  }

  private func numbers(_ tensor: CheckpointTensor) throws -> [Float] {
    let values = try tensor.values()
    return [Float](unsafeUninitializedCapacity: tensor.count) { numbers, initialized in
      decodeRow(
        tensor.dtype, count: tensor.count, from: values.pointer, to: numbers.baseAddress.unsafelyUnwrapped)
      initialized = tensor.count
    }
  }

  @Test("The bytes do not depend on the number of threads")
  func threads() throws {
    let path = try source()
    var options = QuantizationOptions(recipe: .q4_K_M)
    options.importance = Importance(entries: [
      "blk.0.ffn_down.weight": .init(sums: (0..<512).map { Float($0 % 37) }, counts: [100])
    ])
    let one = try Data(contentsOf: URL(filePath: try quantized(path, options, threads: 1)))
    let three = try Data(contentsOf: URL(filePath: try quantized(path, options, threads: 3)))
    #expect(one == three)
    options.importance = nil
    #expect(try Data(contentsOf: URL(filePath: try quantized(path, options))) != one)
  }

  @Test("What is quantised already is quantised again only when that is allowed, and copied when it stays")
  func again() throws {
    let path = try source(.q4_0)
    #expect(throws: CompressionError.alreadyQuantized(tensor: "token_embd.weight", type: .q4_0)) {
      try ModelQuantizer(Checkpoint(path: path), options: QuantizationOptions(recipe: .q8_0))
    }
    var options = QuantizationOptions(recipe: .q4_0)
    options.isPure = true
    let copy = try Checkpoint(path: try quantized(path, options))
    let original = try Checkpoint(path: path)
    for (a, b) in zip(original.tensors, copy.tensors) {
      #expect(a.dtype == b.dtype)
      #expect(try numbers(a) == numbers(b))
    }
    options.recipe = .q5_0
    options.allowsRequantizing = true
    #expect(try Checkpoint(path: try quantized(path, options)).tensor("token_embd.weight").dtype == .q5_0)
  }

  @Test("Bad numbers are refused by name and place, and leave nothing behind", arguments: [1, 2, 3])
  func badNumbers(threads: Int) throws {
    for (value, place) in [(Float.nan, 70_000), (.infinity, 5)] {
      let path = try source(.f32) { image in
        image.edit(tensor: "blk.1.ffn_up.weight") { tensor in
          for at in [place, 131_000] {
            withUnsafeBytes(of: value.bitPattern.littleEndian) {
              tensor.data.replaceSubrange(4 * at..<4 * at + 4, with: $0)
            }
          }
        }
      }
      let quantizer = try ModelQuantizer(Checkpoint(path: path), options: QuantizationOptions(recipe: .q4_0))
      let error = #expect(throws: CompressionError.self) {
        try quantizer.write(to: "\(folder.path)/bad.gguf", workers: Workers(count: threads))
      }
      guard case .notFinite("blk.1.ffn_up.weight", place, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["source.gguf"])
    }
  }

  @Test("Numbers beyond F16 are refused, and the model itself is not written over")
  func refusals() throws {
    let path = try source(.f32) { image in
      image.edit(tensor: "blk.0.attn_q.weight") { tensor in
        withUnsafeBytes(of: Float(1e6).bitPattern.littleEndian) { tensor.data.replaceSubrange(8..<12, with: $0) }
      }
    }
    #expect(
      throws: CompressionError.outOfRange(tensor: "blk.0.attn_q.weight", index: 2, value: 1e6, type: .f16)
    ) { try quantized(path, QuantizationOptions(recipe: .f16)) }
    _ = try quantized(path, QuantizationOptions(recipe: .q4_0))
    let before = try Data(contentsOf: URL(filePath: path))
    try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link.gguf", withDestinationPath: path)
    for target in [path, "\(folder.path)/link.gguf"] {
      let quantizer = try ModelQuantizer(Checkpoint(path: path), options: QuantizationOptions(recipe: .q4_0))
      #expect(throws: CompressionError.sameFile(path: target)) {
        try quantizer.write(to: target, workers: Workers(count: 1))
      }
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    let quantizer = try ModelQuantizer(Checkpoint(path: path), options: QuantizationOptions(recipe: .q4_0))
    #expect(throws: TensorError.self) {
      try quantizer.write(to: "\(folder.path)/none/out.gguf", workers: Workers(count: 1))
    }
    #expect(throws: TensorError.self) { try quantizer.write(to: folder.path, workers: Workers(count: 1)) }
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try quantizer.write(to: "\(folder.path)/stopped.gguf", workers: Workers(count: 1)) { progress in
        if progress.number == 7 { throw Stop() }
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.contains("stopped") })
  }

  @Test("Importance is what the model's products are given")
  func importance() throws {
    let path = try source()
    let context = Context(threads: 2)
    let loaded = try ModelLoader.load(path: path, options: LoadOptions(compute: .f32), context: context)
    let tokens = (0..<100).map { Int32($0 * 7 % 300) }
    let found = try Importance(
      of: loaded.model, tokens: tokens, beginning: nil, dataset: "numbers", context: context)
    #expect(found.chunks == (1, 100))
    #expect(found.entries.count == 14)
    // Queries, keys and values read the same rows, and so do gate and up.
    #expect(found.entries["blk.0.attn_q.weight"] == found.entries["blk.0.attn_v.weight"])
    #expect(found.entries["blk.1.ffn_up.weight"] == found.entries["blk.1.ffn_gate.weight"])
    #expect(found.entries["blk.0.ffn_down.weight"]?.sums.count == 512)
    #expect(found.entries.values.allSatisfy { $0.counts == [100] && $0.sums.allSatisfy { $0.isFinite && $0 >= 0 } })
    // A normed row has squares of about 1 where the norm's weights are 1: the mean over columns says that rows were rows.
    let first = try #require(found.entries["blk.0.attn_q.weight"])
    let embedding = try numbers(loaded.checkpoint.tensor("token_embd.weight"))
    let norm = try numbers(loaded.checkpoint.tensor("blk.0.attn_norm.weight"))
    var expected = [Double](repeating: 0, count: 256)
    for token in tokens {
      let row = embedding[Int(token) * 256..<Int(token + 1) * 256]
      let mean = row.reduce(0.0) { $0 + Double($1) * Double($1) } / 256
      for (column, value) in row.enumerated() {
        let x = Double(value) / (mean + 1e-5).squareRoot() * Double(norm[column])
        expected[column] += x * x
      }
    }
    for (sum, value) in zip(first.sums, expected) { #expect(abs(Double(sum) - value) <= 1e-4 * value + 1e-9) }
    let other = Context(threads: 1)
    let again = try ModelLoader.load(path: path, options: LoadOptions(compute: .f32), context: other)
    #expect(
      try Importance(of: again.model, tokens: tokens, beginning: nil, dataset: "numbers", context: other) == found)
    #expect(throws: CompressionError.self) {
      try Importance(of: loaded.model, tokens: [], beginning: nil, dataset: "", context: context)
    }
  }
}
