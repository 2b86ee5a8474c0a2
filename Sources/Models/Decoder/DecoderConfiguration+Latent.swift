import Formats
import Layers
import Mixers
import Tensors

extension DecoderConfiguration {
  /// Latent attention in the place of the ordinary one; see ``/Mixers/LatentAttention``.
  struct Latent: Sendable, Hashable {
    var sizes: LatentAttention.Sizes
    /// The width from which queries are made; nothing where it is the stream's.
    var shortQuery: Int?

    /// The sizes that a checkpoint says.
    ///
    /// - Throws: as ``DecoderConfiguration``'s initialiser.
    init(_ file: Checkpoint, _ architecture: String, heads: Int, rotated: Int) throws {
      func key(_ rest: String) -> String { "\(architecture).attention.\(rest)" }
      let latent = try file.uint(key("kv_lora_rank"), in: 1...1024)
      guard file.entry(key("key_length_mla")) != nil else {
        throw ModelError.configuration(
          key: key("key_length_mla"), problem: "the file lacks it: it is of before 2025 and must be converted again")
      }
      let query = try file.uint(key("key_length_mla"), in: 1...1024)
      let value = try file.uint(key("value_length_mla"), in: 1...1024)
      shortQuery = try file.uintIfPresent(key("q_lora_rank"), in: 0...1 << 16).flatMap { $0 == 0 ? nil : $0 }
      do {
        sizes = try LatentAttention.Sizes(
          heads: heads, latent: latent, plain: query - rotated, rotated: rotated, value: value)
      } catch {
        throw ModelError.configuration(key: key("key_length_mla"), problem: "\(query) values of \(rotated): \(error)")
      }
    }

    /// The matrices of a layer, in the order in which they are packed.
    func matrices(_ layer: Int, _ c: DecoderConfiguration) -> [DecoderMatrix] {
      let prefix = "blk.\(layer)."
      func matrix(_ name: String, _ out: Int, _ width: Int, _ precision: LinearPrecision = .refined) -> DecoderMatrix {
        DecoderMatrix(name: prefix + name + ".weight", out: out, width: width, precision: precision)
      }
      let s = sizes
      let query =
        shortQuery.map { [matrix("attn_q_a", $0, c.width), matrix("attn_q_b", s.heads * s.query, $0)] }
        ?? [matrix("attn_q", s.heads * s.query, c.width)]
      var (keys, values) = (matrix("attn_k_b", s.latent, s.plain), matrix("attn_v_b", s.value, s.latent))
      (keys.stack, values.stack) = (s.heads, s.heads)
      return query + [
        matrix("attn_kv_a_mqa", s.key, c.width), keys, values,
        matrix("attn_output", c.width, s.heads * s.value, .bytes),
      ]
    }
  }
}

extension DecoderWeights {
  /// The weights of latent attention.
  ///
  /// - Throws: as ``WeightReader/tensor(_:_:_:)``, and ``/Tensors/TensorError``.
  func latentWeights(_ index: Int, _ latent: DecoderConfiguration.Latent) throws -> LatentAttention.Weights {
    let (s, prefix) = (latent.sizes, "blk.\(index).")
    var matrices = latent.matrices(index, configuration)
    func norm(_ name: String, _ width: Int) throws -> RMSNorm {
      RMSNorm(weight: try reader.vector(prefix + name, width), epsilon: configuration.epsilon)
    }
    var short: (matrix: any LinearCore, norm: any Normalization)?
    if let width = latent.shortQuery {
      short = (try reader.linear(matrices.removeFirst()), try norm("attn_q_a_norm.weight", width))
    }
    func stack(_ matrix: DecoderMatrix) throws -> (matrices: PackedMatrices, precision: LinearPrecision) {
      try reader.stack(
        matrix.name, count: s.heads, out: matrix.out, in: matrix.width, precision: matrix.precision)
    }
    let (query, down) = (try reader.linear(matrices[0]), try reader.linear(matrices[1]))
    let (keys, values) = (try stack(matrices[2]), try stack(matrices[3]))
    return LatentAttention.Weights(
      shortQuery: short, query: query, latent: down, latentNorm: try norm("attn_kv_a_norm.weight", s.latent),
      keys: keys.matrices, values: values.matrices, precision: keys.precision, output: try reader.linear(matrices[4]))
  }
}
