// The whole loader: whatever the bytes of a file are, there is an error that names what is wrong, or an engine whose model
// computes, with the same bits however its tokens are cut into runs. Numbers that are not finite may reach the rows before
// them in their run (see THREATS.md), so those only need to be computed.
import Formats
import Inference
import Models
import NumericTypes
import Tensors
import VenturiTesting

func check(_ bytes: UnsafeRawBufferPointer) {
  // Aligned as a mapped file is, and not a byte longer than it.
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
  defer { copy.deallocate() }
  copy.copyMemory(from: bytes)
  do {
    let options = EngineOptions(threads: 1, memoryLimit: 64 << 20)
    let model = try Engine.open(Checkpoint(gguf: Storage(borrowing: copy, keeper: nil)), options: options).model
    try run(model)
  } catch {
    switch error {
    case let error as FormatError where !error.field.isEmpty: break
    case is ModelError: break
    default: fatalError("\(type(of: error)): \(error)")
    }
  }
}

private func run(_ model: any LanguageModel) throws {
  let count = min(3, model.description.contextLength)
  let tokens = (0..<count).map { Int32($0 % model.description.vocabularySize) }
  func logits(_ runs: [[Int32]]) throws -> [Float] {
    let state = try model.makeState(capacity: count)
    var values: [Float] = []
    for tokens in runs {
      let logits = try model.evaluate(
        TokenBatch([TokenBatch.Run(state: state, tokens: tokens, logits: .all)]), isCancelled: { false })
      for row in 0..<tokens.count { values += logits.row(row) }
    }
    return values
  }
  let (together, apart) = (try logits([tokens]), try logits(tokens.map { [$0] }))
  guard together.allSatisfy(\.isFinite), apart.allSatisfy(\.isFinite) else { return }
  guard together.map(\.bitPattern) == apart.map(\.bitPattern) else { fatalError("other bits for single tokens") }
}

func seeds() -> [[UInt8]] {
  var seeds: [[UInt8]] = []
  for (width, dtype, tied) in [
    (8, DType.f32, true), (8, .f16, false), (12, .bf16, true), (32, .q4_0, true), (32, .q4_1, false), (32, .q5_0, true),
    (32, .q5_1, true), (32, .q8_0, false), (32, .iq4_nl, true), (32, .mxfp4, false), (64, .nvfp4, true),
  ] {
    var model = TinyLlama()
    model.layers = 1
    model.width = width
    model.heads = 2
    model.kvHeads = 1
    model.feedForward = width
    model.contextLength = 16
    model.dtype = dtype
    model.tied = tied
    var image = model.image()
    image.shrinkVocabulary()
    seeds.append(image.encoded())
    image.layoutAlignment = 8
    image.set("general.alignment", uint32: 8)
    seeds.append(image.encoded())
  }
  return seeds
}
