/// Models that cannot be computed: G15, G16 and G19.
extension MalformedGGUF {
  private static func configuration(
    _ name: String, _ change: @escaping @Sendable (inout GGUFImage) -> Void
  ) -> MalformedGGUF { llama(.g15, .configuration, name, change) }

  static let hyperparameters: [MalformedGGUF] =
    [
      ("attention.head_count", [0, 3, 1 << 31, .max]), ("attention.head_count_kv", [0, 3, 4, .max]),
      ("block_count", [0, 1 << 31, .max]), ("embedding_length", [0, 63, 4096, .max]),
      ("feed_forward_length", [0, .max]),
      ("context_length", [0, .max]), ("rope.dimension_count", [0, 1, 31, 34, .max]), ("expert_count", [8]),
      ("attention.key_length", [0, .max]), ("attention.value_length", [0, 16]),
    ].flatMap { (key: String, values: [UInt32]) in
      values.map { value in configuration("\(key) \(value)") { $0.set("llama.\(key)", uint32: value) } }
    }
    + ([Float.nan, .infinity, -1, -.infinity]).map { value in
      configuration("epsilon \(value)") { $0.set("llama.attention.layer_norm_rms_epsilon", float32: value) }
    }
    + ([Float.nan, .infinity, 0, -10_000]).map { value in
      configuration("rotation base \(value)") { $0.set("llama.rope.freq_base", float32: value) }
    }
    + [
      "general.architecture", "llama.block_count", "llama.context_length", "llama.embedding_length",
      "llama.feed_forward_length", "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon",
    ].map { key in configuration("\(key) missing") { $0.remove(key) } }
    + [
      configuration("unknown architecture") { $0.set("general.architecture", string: "gpt9") },
      configuration("architecture that is a path") { $0.set("general.architecture", string: "../llama") },
      configuration("architecture that is a number") { $0.set("general.architecture", uint32: 1) },
      configuration("head count as text") { $0.set("llama.attention.head_count", string: "2") },
      configuration("head count as a float") { $0.set("llama.attention.head_count", float32: 2) },
      configuration("head count below zero") {
        $0.set("llama.attention.head_count", type: 5, payload: [0xFF, 0xFF, 0xFF, 0xFF])
      },
      configuration("head count of 2^63") {
        $0.set("llama.attention.head_count", type: 10, payload: GGUFBytes.u64(1 << 63))
      },
      configuration("epsilon as an integer") { $0.set("llama.attention.layer_norm_rms_epsilon", uint32: 1) },
      configuration("rotation scaling of an unknown kind") { $0.set("llama.rope.scaling.type", string: "sideways") },
      configuration("rotation scaling as a number") { $0.set("llama.rope.scaling.type", uint32: 1) },
      configuration("long rotation without factors") { $0.set("llama.rope.scaling.type", string: "longrope") },
      configuration("yarn of base 1") {
        $0.set("llama.rope.scaling.type", string: "yarn")
        $0.set("llama.rope.freq_base", float32: 1)
      },
      configuration("a window above 2^31") { $0.set("llama.attention.sliding_window", uint32: .max) },
      configuration("a window as text") { $0.set("llama.attention.sliding_window", string: "all") },
      configuration("a pattern of windows as text") {
        $0.set("llama.attention.sliding_window", uint32: 8)
        $0.set("llama.attention.sliding_window_pattern", string: "1")
      },
      configuration("a pattern of windows of numbers") {
        $0.set("llama.attention.sliding_window", uint32: 8)
        $0.set("llama.attention.sliding_window_pattern", int32s: [1, 0])
      },
    ]
    + ([Float.nan, .infinity, 0, -1]).flatMap { value in
      [
        configuration("rotation stretched by \(value)") {
          $0.set("llama.rope.scaling.type", string: "linear")
          $0.set("llama.rope.scaling.factor", float32: value)
        },
        configuration("a factor of a pair of \(value)") {
          let factors = [Float](repeating: 1, count: 15) + [value]
          $0.tensors.append(
            GGUFImage.Tensor(
              "rope_freqs.weight", extents: [16], type: 0, data: factors.flatMap { GGUFBytes.u32($0.bitPattern) }))
        },
      ]
    }
    + [
      configuration("factors for too few pairs") {
        $0.tensors.append(
          GGUFImage.Tensor("rope_freqs.weight", extents: [15], type: 0, data: [UInt8](repeating: 0, count: 60)))
      }
    ]

  private static func weights(
    _ name: String, _ change: @escaping @Sendable (inout GGUFImage) -> Void
  ) -> MalformedGGUF { llama(.g16, .weights, name, change) }

  /// Gives `tensor` another shape, with as much data as that needs.
  private static func reshaped(_ name: String, _ extents: [UInt64], type: UInt32 = 0) -> MalformedGGUF {
    weights("\(name) of extents \(extents), type \(type)") {
      $0.edit(tensor: name) {
        $0.extents = extents
        $0.type = type
        let count = extents.reduce(1, *)
        let bytesOf32: [UInt32: UInt64] = [0: 128, 1: 64, 2: 18, 24: 32, 26: 128]
        $0.data = [UInt8](repeating: 0, count: Int(count * (bytesOf32[type] ?? 0) / 32))
      }
    }
  }

  static let weights: [MalformedGGUF] =
    [
      "token_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight", "blk.0.attn_q.weight",
      "blk.1.attn_k.weight", "blk.0.attn_v.weight", "blk.1.attn_output.weight", "blk.1.ffn_norm.weight",
      "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight", "blk.1.ffn_down.weight",
    ].map { name in weights("\(name) missing") { $0.remove(tensor: name) } }
    + [
      reshaped("token_embd.weight", []), reshaped("token_embd.weight", [64]), reshaped("token_embd.weight", [64, 0]),
      reshaped("token_embd.weight", [64, 300, 1]), reshaped("token_embd.weight", [300, 64]),
      reshaped("token_embd.weight", [64, 300], type: 26), reshaped("blk.0.attn_k.weight", [32, 64]),
      reshaped("blk.0.attn_k.weight", [64, 64]), reshaped("blk.0.attn_q.weight", [64, 64], type: 24),
      reshaped("blk.0.attn_q.weight", [4096]), reshaped("blk.1.ffn_down.weight", [64, 128], type: 2),
      reshaped("blk.1.ffn_gate.weight", [128, 64]), reshaped("blk.1.ffn_up.weight", [64, 127]),
      reshaped("blk.0.attn_norm.weight", [63]), reshaped("blk.0.attn_norm.weight", [65]),
      reshaped("blk.0.attn_norm.weight", []), reshaped("blk.0.ffn_norm.weight", [64, 1]),
      reshaped("blk.0.ffn_norm.weight", [64], type: 26), reshaped("output_norm.weight", [64], type: 2),
      reshaped("output_norm.weight", [0]),
      weights("output.weight with a row too few") {
        $0.tensors.append(
          GGUFImage.Tensor("output.weight", extents: [64, 299], type: 2, data: [UInt8](repeating: 0, count: 299 * 36)))
      },
      weights("more blocks than weights") { $0.set("llama.block_count", uint32: 3) },
      weights("block 1 is called 7") {
        for index in $0.tensors.indices where $0.tensors[index].name.starts(with: "blk.1".utf8) {
          $0.tensors[index].name[4] = 0x37
        }
      },
    ]

  /// Overwrites data of a valid file; `stride` apart, over and over, or once.
  private static func poisoned(
    _ name: String, _ tensor: String, _ bits: [UInt8], every stride: Int? = nil, type: (UInt32, Int)? = nil
  ) -> MalformedGGUF {
    llama(.g19, .survives, name) {
      $0.edit(tensor: tensor) {
        if let type {
          $0.type = type.0
          $0.data = [UInt8](repeating: 0x3C, count: type.1)
        }
        for start in Swift.stride(from: 0, to: $0.data.count, by: stride ?? $0.data.count) {
          for (index, bit) in bits.enumerated() where start + index < $0.data.count { $0.data[start + index] = bit }
        }
      }
    }
  }

  static let notNumbers: [MalformedGGUF] = [
    poisoned("one scale NaN", "blk.0.ffn_down.weight", [0x00, 0x7E]),
    poisoned("every scale NaN", "blk.0.attn_q.weight", [0x00, 0x7E], every: 18),
    poisoned("one scale infinite", "blk.1.ffn_up.weight", [0x00, 0x7C]),
    poisoned("every scale infinite below zero", "blk.0.attn_output.weight", [0x00, 0xFC], every: 18),
    poisoned("every scale zero", "blk.0.ffn_gate.weight", [0, 0], every: 18),
    poisoned("every scale subnormal", "blk.1.attn_v.weight", [1, 0], every: 18),
    poisoned("every scale at its most", "blk.1.attn_k.weight", [0xFF, 0x7B], every: 18),
    poisoned("a norm NaN", "blk.0.attn_norm.weight", [0, 0, 0xC0, 0x7F]),
    poisoned("a norm infinite", "output_norm.weight", [0, 0, 0x80, 0x7F]),
    poisoned("all norms at their most", "blk.1.ffn_norm.weight", [0xFF, 0xFF, 0x7F, 0x7F], every: 4),
    poisoned("an embedding row NaN", "token_embd.weight", [0x00, 0x7E]),
    poisoned("a Q4_1 minimum NaN", "blk.0.ffn_up.weight", [0, 0x24, 0x00, 0x7E], type: (3, 128 * 40)),
    poisoned("Q8_0 scales infinite", "blk.0.attn_q.weight", [0, 0x7C], every: 34, type: (8, 64 * 68)),
    poisoned("F16 weights NaN", "blk.0.attn_v.weight", [0, 0x7E], every: 2, type: (1, 32 * 128)),
    poisoned("BF16 weights infinite", "blk.0.attn_k.weight", [0x80, 0x7F], every: 2, type: (30, 32 * 128)),
  ]
}
