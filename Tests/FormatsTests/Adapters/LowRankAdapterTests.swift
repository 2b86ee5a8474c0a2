import Formats
import Foundation
import NumericTypes
import Testing
import VenturiTesting

/// Adapters that the `peft` library wrote; `Golden/scripts/make_adapters.py` makes them.
@Suite("Adapters: PEFT's folders and GGUF files")
struct LowRankAdapterTests {
  private static func bytes(_ name: String, _ file: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: GoldenFiles.url("adapters/\(name)/\(file)")))
  }

  private static func adapter(_ name: String) throws -> LowRankAdapter {
    try LowRankAdapter(
      configuration: bytes(name, LowRankAdapter.configurationFileName),
      weights: ByteView(copying: bytes(name, LowRankAdapter.weightsFileName)))
  }

  private static let golden = [
    "llama3", "llama3_qv", "llama3_patterns", "llama3_half", "llama_linear", "qwen3", "gemma2", "phi3", "gpt2",
    "gpt_neox",
  ]

  /// s·B·A of a target in Double: the sum, the sum of magnitudes, the element at [1, 2].
  private static func change(_ target: LowRankAdapter.Target, _ scale: Double) -> (Double, Double, Double) {
    var (sum, magnitude, at12) = (0.0, 0.0, 0.0)
    for row in 0..<target.outFeatures {
      for column in 0..<target.inFeatures {
        var element = 0.0
        for r in 0..<target.rank {
          element += Double(target.b[row * target.rank + r]) * Double(target.a[r * target.inFeatures + column])
        }
        element *= scale
        sum += element
        magnitude += element.magnitude
        if row == 1, column == 2 { at12 = element }
      }
    }
    return (sum, magnitude, at12)
  }

  private static func prove(_ adapter: LowRankAdapter, _ name: String, tolerance: Double = 1e-5) throws {
    let expected = try JSON(parsing: bytes(name, "expected.json"))
    let modules = try #require(expected["modules"]?.members)
    #expect(modules.count >= 4)
    #expect(Set(adapter.targets.map(\.name)) == Set(modules.map(\.key)))
    #expect(adapter.baseName == expected["base"]?.text)
    for target in adapter.targets {
      let told = try #require(modules.first { $0.key == target.name }?.value)
      #expect(target.rank == told["rank"]?.int)
      let scale = try #require(told["scale"]?.double)
      #expect(abs(Double(adapter.scale(of: target)) - scale) <= 1e-6 * abs(scale), "\(target.name)")
      let (sum, magnitude, at12) = change(target, scale)
      let whole = try #require(told["magnitude"]?.double)
      #expect(whole > 0)
      #expect(abs(magnitude - whole) <= tolerance * whole, "\(target.name)")
      #expect(abs(sum - (told["sum"]?.double ?? .nan)) <= tolerance * whole, "\(target.name)")
      #expect(abs(at12 - (told["at12"]?.double ?? .nan)) <= tolerance * whole, "\(target.name)")
    }
  }

  // peft multiplies bf16 matrices in bf16.
  @Test("What peft wrote is read with its numbers, scales and ranks", arguments: golden)
  func reading(name: String) throws {
    try Self.prove(Self.adapter(name), name, tolerance: name == "llama3_half" ? 1e-2 : 1e-5)
  }

  @Test("A folder that is written is read again as the same adapter", arguments: golden)
  func folders(name: String) throws {
    var adapter = try Self.adapter(name)
    adapter.baseHash = "0123"
    let (configuration, weights) = try adapter.folder()
    let again = try LowRankAdapter(configuration: configuration, weights: ByteView(copying: weights.encoded()))
    #expect(again == adapter)
    #expect(again.baseHash == "0123")
  }

  @Test("bf16 stays bf16")
  func halves() throws {
    let adapter = try Self.adapter("llama3_half")
    #expect(adapter.targets.allSatisfy { $0.dtype == .bf16 })
    #expect(try adapter.folder().weights.dataBytes == 2 * adapter.parameters)
  }

  private static func gguf(_ adapter: LowRankAdapter) throws -> LowRankAdapter {
    try LowRankAdapter(GGUFFile(ByteView(copying: adapter.gguf().encoded())))
  }

  @Test("A GGUF adapter that is written is read again with the same changes")
  func ggufFiles() throws {
    for dtype in [DType.f32, .f16, .bf16] {
      var noise = GGUFNoise(seed: 3)
      // Numbers of few bits, which all three types hold.
      func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(noise.below(255) - 127) / 64 } }
      let targets = try [("blk.0.attn_q", 2, 6, 4), ("blk.1.ffn_down", 3, 5, 7)].map { name, rank, width, out in
        try LowRankAdapter.Target(
          name: name, rank: rank, inFeatures: width, outFeatures: out, alpha: 12, a: numbers(rank * width),
          b: numbers(rank * out), dtype: dtype)
      }
      let adapter = try LowRankAdapter(
        naming: .gguf, targets: targets, baseName: "base", baseHash: "ab", architecture: "llama")
      let file = try GGUFFile(ByteView(copying: adapter.gguf().encoded()))
      #expect(LowRankAdapter.isAdapter(file))
      #expect(file.tensors.allSatisfy { $0.dtype == dtype })
      #expect(try LowRankAdapter(file) == adapter)
      // Where the scales are not one α over the ranks, B carries what is left.
      var stable = adapter
      stable.isRankStabilized = true
      let again = try Self.gguf(stable)
      for (target, original) in zip(again.targets, stable.targets) {
        let (a, b) = (
          Self.change(target, Double(again.scale(of: target))),
          Self.change(original, Double(stable.scale(of: original)))
        )
        #expect(abs(a.1 - b.1) <= 1e-6 * b.1)
        #expect(abs(a.2 - b.2) <= 1e-6 * b.1)
      }
    }
  }

  @Test("A GGUF adapter without α has a scale of 1")
  func withoutAlpha() throws {
    var writer = GGUFWriter()
    for (key, value) in [("general.type", "adapter"), ("adapter.type", "lora"), ("general.architecture", "llama")] {
      writer.set(key, .string(value))
    }
    writer.set("adapter.lora.alpha", .float32(0))
    let zeros = ByteView(copying: [UInt8](repeating: 0, count: 4 * 2 * 4))
    try writer.add(tensor: "blk.0.attn_q.weight.lora_a", dtype: .f32, shape: [2, 4], bytes: zeros)
    try writer.add(tensor: "blk.0.attn_q.weight.lora_b", dtype: .f32, shape: [4, 2], bytes: zeros)
    let adapter = try LowRankAdapter(GGUFFile(ByteView(copying: writer.encoded())))
    #expect(adapter.scale(of: adapter.targets[0]) == 1)
  }

  @Test(
    "Settings that are not computed are refused by name",
    arguments: [
      ("\"use_dora\": false", "\"use_dora\": true", "use_dora"), ("\"bias\": \"none\"", "\"bias\": \"all\"", "bias"),
      ("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", "modules_to_save"),
      ("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "peft_type"),
      ("\"layer_replication\": null", "\"layer_replication\": [[0, 1]]", "layer_replication"),
      ("\"target_parameters\": null", "\"target_parameters\": [\"x\"]", "target_parameters"),
      ("\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa_niter_4\"", "init_lora_weights"),
      ("\"r\": 4", "\"r\": 0", "r"), ("\"r\": 4", "\"r\": \"x\"", "r"),
      ("\"lora_alpha\": 8", "\"lora_alpha\": 1e9", "lora_alpha"),
      ("\"alpha_pattern\": {}", "\"alpha_pattern\": {\"(a+)+q\": 1}", "alpha_pattern"),
      ("\"rank_pattern\": {}", "\"rank_pattern\": {\"q_proj\": 2.5}", "rank_pattern: q_proj"),
      ("\"target_modules\": [", "\"target_modules\": [3, ", "target_modules"),
      ("\"use_rslora\": false", "\"use_rslora\": 1", "use_rslora"),
    ])
  func refused(old: String, new: String, key: String) throws {
    let text = String(decoding: try Self.bytes("llama3", LowRankAdapter.configurationFileName), as: UTF8.self)
    #expect(text.contains(old))
    let weights = try ByteView(copying: Self.bytes("llama3", LowRankAdapter.weightsFileName))
    #expect {
      try LowRankAdapter(configuration: Array(text.replacing(old, with: new).utf8), weights: weights)
    } throws: {
      ($0 as? FormatError)?.field == "adapter_config.json: \(key)" || "\($0)".contains("adapter_config.json: \(key):")
    }
  }

  /// The golden adapter's tensors, some of them changed.
  private static func changed(
    _ change: (String) -> (name: String, shape: Shape, dtype: DType)?
  ) throws -> FormatError? {
    let file = try SafetensorsFile(ByteView(copying: bytes("llama3_qv", LowRankAdapter.weightsFileName)))
    var writer = SafetensorsWriter()
    for tensor in file.tensors {
      guard let (name, shape, dtype) = change(tensor.name) else { continue }
      let shapeUsed = shape.count == 1 ? tensor.shape : shape
      let count = try dtype.byteCount(of: shapeUsed.count)
      let data =
        shape.count == 1 && dtype == .f32
        ? file.data(of: tensor) : ByteView(copying: [UInt8](repeating: 0, count: count))
      try writer.add(tensor: name, dtype: dtype, shape: shapeUsed, bytes: data)
    }
    do throws(FormatError) {
      _ = try LowRankAdapter(
        configuration: (try? bytes("llama3_qv", LowRankAdapter.configurationFileName)) ?? [],
        weights: ByteView(copying: writer.encoded()))
    } catch { return error }
    return nil
  }

  @Test("Tensors that are missing, named or shaped otherwise are errors that name them")
  func tensors() throws {
    let q = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
    let whole: Shape = [1]
    #expect(try Self.changed { ($0, whole, .f32) } == nil)
    #expect(
      try Self.changed { $0 == q + "A.weight" ? nil : ($0, whole, .f32) } == .missingTensor(field: q + "A.weight"))
    #expect(
      try Self.changed { $0 == q + "B.weight" ? nil : ($0, whole, .f32) } == .missingTensor(field: q + "B.weight"))
    #expect(try Self.changed { _ in nil } == .missingTensor(field: "lora_A"))
    for name in [
      "model.x", q + "magnitude_vector", "base_model.model.lora_A.weight", "base_model.model.x.lora_embedding_A",
    ] {
      // Either the strange one or the one that its B misses, whichever stands first in the file.
      let field = try Self.changed { ($0 == q + "A.weight" ? name : $0, whole, .f32) }?.field
      #expect(field == name || field == q + "A.weight", "\(name)")
    }
    let other = "base_model.model.model.layers.0.mlp.up_proj.lora_"
    #expect(
      try Self.changed { ($0.replacing(q, with: other), whole, .f32) }?.field == other + "A.weight")
    for shape in [[3, 32], [2, 32, 1], [2], [0, 32]] as [Shape] {
      #expect(try Self.changed { ($0, $0 == q + "A.weight" ? shape : whole, .f32) }?.field == q + "A.weight")
    }
    #expect(try Self.changed { ($0, whole, $0 == q + "B.weight" ? .f16 : .f32) }?.field == q + "B.weight")
    #expect(try Self.changed { ($0, whole, .i32) }?.field.hasPrefix(q.prefix(30)) == true)
    // A rank above the smaller side of the matrix.
    #expect(try Self.changed { ($0, $0.contains("_B") ? [1, 2] : whole, .f32) }?.field.contains("q_proj") == true)
  }

  @Test("Every change of a GGUF adapter that matters is an error that names its place")
  func hostileGGUF() throws {
    func file(
      _ keys: [(String, GGUFValue)] = [], name: String = "blk.0.attn_q", a: Shape = [2, 4], b: Shape = [4, 2],
      dtype: DType = .f32, ends: [String] = [".weight.lora_a", ".weight.lora_b"]
    ) throws -> FormatError? {
      var writer = GGUFWriter()
      for (key, value) in [("general.type", "adapter"), ("adapter.type", "lora"), ("general.architecture", "llama")] {
        writer.set(key, .string(value))
      }
      writer.set("adapter.lora.alpha", .float32(4))
      for (key, value) in keys { writer.set(key, value) }
      for (end, shape) in zip(ends, [a, b]) {
        let bytes = try ByteView(copying: [UInt8](repeating: 0, count: dtype.byteCount(of: shape.count)))
        try writer.add(tensor: name + end, dtype: dtype, shape: shape, bytes: bytes)
      }
      let parsed = try GGUFFile(ByteView(copying: writer.encoded()))
      do throws(FormatError) { _ = try LowRankAdapter(parsed) } catch { return error }
      return nil
    }
    #expect(try file() == nil)
    #expect(try file([("general.type", .string("model"))])?.field == "general.type")
    #expect(try file([("adapter.type", .string("control"))])?.field == "adapter.type")
    #expect(try file([("adapter.lora.alpha", .float32(.nan))])?.field == "adapter.lora.alpha")
    #expect(try file([("adapter.lora.alpha", .string("x"))])?.field == "adapter.lora.alpha")
    #expect(
      try file([("adapter.alora.invocation_tokens", .uint32(1))])?.field == "adapter.alora.invocation_tokens")
    #expect(try file(name: "token_embd")?.field == "token_embd.weight.lora_a")
    #expect(try file(b: [4, 3])?.field == "blk.0.attn_q.weight.lora_b")
    #expect(try file(b: [4, 2, 1])?.field == "blk.0.attn_q.weight.lora_b")
    #expect(try file(a: [5, 4], b: [4, 5])?.field == "blk.0.attn_q")
    #expect(try file(dtype: .i32)?.field == "blk.0.attn_q.weight.lora_a")
    #expect(try file(ends: [".weight.lora_a", ".weight.lora_c"])?.field.hasPrefix("blk.0.attn_q.weight.lora_") == true)
    #expect(try file(ends: [".weight.lora_b"])?.field == "blk.0.attn_q.weight.lora_a")
    #expect(try file(ends: [])?.field == "lora_A")
  }
}
