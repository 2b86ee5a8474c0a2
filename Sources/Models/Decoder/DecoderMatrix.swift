import Formats
import Layers
import Tensors

/// A weight matrix of a decoder: its tensor, or the rows of it that it is.
struct DecoderMatrix {
  /// The tensor's name, which ends with `.weight`; where there is one that ends with `.bias` it is the matrix' bias.
  var name: String
  /// The length of an output row.
  var out: Int
  /// The length of an input row.
  var width: Int
  /// The fast mode's precision.
  var precision = LinearPrecision.bytes
  /// Its rows of the tensor, and how many that has in all; nothing when it is the whole.
  var part: (rows: Range<Int>, of: Int)?
  /// The matrices of a stack; nothing when it is a single one.
  var stack: Int?

  /// The tensor's name with `.bias` at its end.
  var biasName: String { name.hasSuffix(".weight") ? String(name.dropLast(7)) + ".bias" : name + ".bias" }
}

extension DecoderConfiguration {
  /// The matrices of a layer, in the order in which they are packed.
  struct Matrices {
    var query, key, value, output: DecoderMatrix
    /// Nothing where the feed-forward layer has no gate.
    var gate: DecoderMatrix?
    var up, down: DecoderMatrix
  }

  /// The matrices of a layer as the checkpoint has them: queries, keys and values may lie in one tensor.
  ///
  /// In the fast mode q, k, v, the head and the first layers' down projections, whose inputs have a few huge values (Sun
  /// et al., Massive activations in large language models, 2024), take refined inputs. Eight bits alone cost SmolLM2 Q4_1
  /// a mean KL of 0.0049 from exact arithmetic and 0.5 % of perplexity; with these refined it is 0.0024 and 0.16 %, for a
  /// seventh more work.
  func matrices(_ layer: Int, in file: Checkpoint) -> Matrices {
    let prefix = "blk.\(layer)."
    let sizes = [queryWidth, keyWidth, keyWidth]
    let heads: [DecoderMatrix]
    let fused = prefix + "attn_qkv.weight"
    if file.tensorIfPresent(fused) == nil {
      heads = zip(["attn_q.weight", "attn_k.weight", "attn_v.weight"], sizes).map { name, size in
        DecoderMatrix(name: prefix + name, out: size, width: width, precision: .refined)
      }
    } else {
      let all = sizes.reduce(0, +)
      let starts = [0, sizes[0], sizes[0] + sizes[1]]
      heads = zip(starts, sizes).map { start, size in
        DecoderMatrix(
          name: fused, out: size, width: width, precision: .refined, part: (rows: start..<start + size, of: all))
      }
    }
    func matrix(_ name: String, _ part: (rows: Range<Int>, of: Int)? = nil) -> DecoderMatrix {
      DecoderMatrix(name: prefix + name, out: feedForward, width: width, part: part)
    }
    let gate: DecoderMatrix?
    let up: DecoderMatrix
    switch mlp {
    case .gated: (gate, up) = (matrix("ffn_gate.weight"), matrix("ffn_up.weight"))
    case .gatedTogether:
      let both = 2 * feedForward
      gate = matrix("ffn_up.weight", (rows: 0..<feedForward, of: both))
      up = matrix("ffn_up.weight", (rows: feedForward..<both, of: both))
    case .plain: (gate, up) = (nil, matrix("ffn_up.weight"))
    }
    return Matrices(
      query: heads[0], key: heads[1], value: heads[2],
      output: DecoderMatrix(name: prefix + "attn_output.weight", out: width, width: queryWidth),
      gate: gate, up: up,
      down: DecoderMatrix(
        name: prefix + "ffn_down.weight", out: width, width: feedForward,
        precision: layer < (layers + 9) / 10 ? .refined : .bytes))
  }
}

extension DecoderConfiguration {
  /// All matrices of a layer, in the order in which they are packed.
  func allMatrices(_ layer: Int, in file: Checkpoint) -> [DecoderMatrix] {
    let ordinary = matrices(layer, in: file)
    let attention = latent?.matrices(layer, self) ?? [ordinary.query, ordinary.key, ordinary.value, ordinary.output]
    if let experts, experts.isIn(layer, file) { return attention + experts.matrices(layer, self, in: file) }
    return attention + [ordinary.gate, ordinary.up, ordinary.down].compactMap { $0 }
  }
}

extension WeightReader {
  /// A weight matrix, packed for the kernels, with its bias where there is one.
  ///
  /// - Throws: as ``tensor(_:_:_:)``, and ``/Tensors/TensorError``.
  func linear(_ matrix: DecoderMatrix) throws -> PackedLinear {
    let rows = matrix.part?.of ?? matrix.out
    let whole = try tensor(matrix.name, [rows, matrix.width])
    let bias = try vectorIfPresent(matrix.biasName, rows, part: matrix.part?.rows)
    let weights = matrix.part.map { whole.sliced(axis: 0, $0.rows) } ?? whole
    return try packed(matrix.name, weights, bias: bias, precision: matrix.precision)
  }
}
