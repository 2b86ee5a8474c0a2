import Formats
import Models
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// Models with experts as GGUF files: the keys and stacked weights of a folder, written and read again.
@Suite struct ExpertFileTests {
  /// A checkpoint's content as a GGUF file, matrices of whole blocks in another type.
  static func file(
    _ checkpoint: Checkpoint, quantized: Bool = false, change: (inout GGUFWriter) throws -> Void = { _ in }
  ) throws -> Checkpoint {
    var writer = GGUFWriter()
    for entry in checkpoint.entries { writer.set(entry.key, entry.value) }
    for tensor in checkpoint.tensors {
      let values = try tensor.values()
      let bytes = UnsafeRawBufferPointer(start: values.pointer, count: tensor.byteCount)
      guard quantized, tensor.dtype == .f32, tensor.shape.rows > 1, tensor.shape.last.isMultiple(of: 32) else {
        try writer.add(
          tensor: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: ByteView(copying: bytes))
        continue
      }
      let blocks = q8(bytes.bindMemory(to: Float.self))
      try writer.add(tensor: tensor.name, dtype: .q8_0, shape: tensor.shape, bytes: ByteView(copying: blocks))
    }
    try change(&writer)
    let encoded = try writer.encoded()
    let storage = try Storage(byteCount: encoded.count, allocator: Allocator(cacheLimit: 0))
    storage.base.copyMemory(from: encoded, byteCount: encoded.count)
    return try Checkpoint(gguf: storage)
  }

  /// Rounded to eight bits in blocks of 32.
  private static func q8(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: values.count, by: 32) {
      let block = values[start..<start + 32]
      let scale = (block.map(abs).max() ?? 0) / 127
      withUnsafeBytes(of: Float16(scale).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      for value in block { bytes.append(UInt8(bitPattern: Int8(scale == 0 ? 0 : (value / scale).rounded()))) }
    }
    return bytes
  }

  static func logits(_ checkpoint: Checkpoint, _ tokens: [Int32], _ compute: ComputeMode = .f32) throws -> [Float] {
    let options = LoadOptions(compute: compute, logitRows: 64)
    let model = try ModelLoader.load(checkpoint, options: options, context: Context(threads: 2)).model
    let state = try model.makeState(capacity: tokens.count)
    return try model.evaluate(TokenBatch([.init(state: state, tokens: tokens, logits: .all)])) { false }.values.floats
  }

  @Test(arguments: GoldenExpertTests.names) func aFileComputesWhatItsFolderDoes(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    let folder = try Checkpoint(path: golden.path)
    let file = try Self.file(folder)
    let (found, wanted) = (try Self.logits(file, golden.prompts[1]), try Self.logits(folder, golden.prompts[1]))
    #expect(found == wanted)
    #expect(file.tensors.contains { $0.name.hasSuffix("ffn_down_exps.weight") && $0.shape.rank == 3 })
  }

  @Test(arguments: GoldenExpertTests.names) func quantizedExpertsStayNear(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    let file = try Self.file(Checkpoint(path: golden.path), quantized: true)
    #expect(file.tensors.contains { $0.name.hasSuffix("ffn_gate_exps.weight") && $0.dtype == .q8_0 })
    let prompt = golden.prompts[0]
    let exact = try Self.logits(file, prompt)
    let fast = try Self.logits(file, prompt, .fast)
    // Eight bits may choose another expert where two are close, so that a few rows differ more.
    func near(_ a: [Float], _ b: [Float]) -> Double {
      let rows = (0..<prompt.count).count { row in
        let range = row * golden.width..<(row + 1) * golden.width
        let largest = b[range].map(abs).max() ?? 0
        return range.allSatisfy { abs(a[$0] - b[$0]) <= 0.1 * largest }
      }
      return Double(rows) / Double(prompt.count)
    }
    #expect(near(fast, exact) >= 0.6, "\(near(fast, exact))")
    #expect(fast.allSatisfy { $0.isFinite })
  }

  @Test func filesThatContradictThemselvesAreRefused() throws {
    func refusal(_ name: String, _ change: (inout GGUFWriter) throws -> Void) throws -> String {
      let golden = try GoldenArchitecture(name)
      do {
        _ = try Self.logits(Self.file(Checkpoint(path: golden.path), change: change), [1])
        return "accepted"
      } catch {
        #expect(error is FormatError || error is ModelError, "\(error)")
        return "\(error)"
      }
    }
    let changes: [(String, String, GGUFValue, String)] = [
      ("mixtral", "llama.expert_count", .uint32(5), "ffn_gate_inp"),
      ("mixtral", "llama.expert_count", .uint32(0), "ffn_gate.weight"),
      ("mixtral", "llama.expert_count", .uint32(1 << 31), "expert_count"),
      ("mixtral", "llama.expert_used_count", .uint32(0), "expert_used_count"),
      ("mixtral", "llama.expert_used_count", .uint32(5), "expert_used_count"),
      ("mixtral", "llama.expert_feed_forward_length", .uint32(25), "ffn_gate_exps"),
      ("mixtral", "llama.expert_shared_count", .uint32(1), "ffn_gate_shexp"),
      ("mixtral", "llama.expert_gating_func", .uint32(9), "expert_gating_func"),
      ("mixtral", "llama.expert_weights_scale", .float32(.nan), "expert_weights_scale"),
      ("mixtral", "llama.expert_group_count", .uint32(3), "expert_group_count"),
      ("qwen2_moe", "qwen2moe.expert_shared_feed_forward_length", .uint32(8), "ffn_gate_shexp"),
      ("deepseek_v3", "deepseek2.expert_group_used_count", .uint32(5), "expert_group_used_count"),
      ("deepseek_v3", "deepseek2.expert_group_used_count", .uint32(1), "expert_used_count"),
      ("deepseek_v3", "deepseek2.attention.kv_lora_rank", .uint32(0), "kv_lora_rank"),
      ("deepseek_v3", "deepseek2.attention.kv_lora_rank", .uint32(17), "attn_"),
      ("deepseek_v3", "deepseek2.attention.key_length_mla", .uint32(4), "key_length_mla"),
      ("deepseek_v3", "deepseek2.attention.value_length_mla", .uint32(13), "attn_"),
      ("deepseek_v3", "deepseek2.attention.q_lora_rank", .uint32(0), "attn_q.weight"),
      ("deepseek_v3", "deepseek2.rope.dimension_count", .uint32(6), "attn_"),
      ("deepseek_v3", "deepseek2.rope.dimension_count", .uint32(3), "dimension_count"),
      ("deepseek_v3", "deepseek2.rope.scaling.yarn_log_multiplier", .float32(-1), "yarn_log_multiplier"),
      ("deepseek_v3", "deepseek2.attention.head_count", .uint32(3), "attn_"),
    ]
    for (name, key, value, names) in changes {
      let text = try refusal(name) { $0.set(key, value) }
      #expect(text.contains(names), "\(name), \(key): \(text)")
    }
    let unchanged = try refusal("olmoe") { _ in }
    #expect(unchanged == "accepted")
  }
}
