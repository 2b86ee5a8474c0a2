import Layers
import Mixers
import NumericTypes
import Tensors

/// A case of dense attention, with its core, its oracle and its laws.
public struct AttentionShape: Sendable, CustomStringConvertible {
  /// Rows of q.
  public var queries: Int
  /// Rows of k and v.
  public var keys: Int
  /// Query heads.
  public var heads: Int
  /// Key and value heads.
  public var kvHeads: Int
  /// The width of a head.
  public var headDim: Int
  /// Which keys a query sees.
  public var mask: AttentionMask
  /// Whether scores get a bias by distance, another for each head.
  public var biased: Bool

  /// The limit that scores approach; `nil` for none.
  public var softcap: Float?

  /// A case; as many queries as keys unless said otherwise.
  public init(
    _ keys: Int, queries: Int? = nil, heads: Int, kvHeads: Int, headDim: Int, mask: AttentionMask = .causal,
    biased: Bool = false, softcap: Float? = nil
  ) {
    self.queries = queries ?? keys
    self.keys = keys
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.mask = mask
    self.biased = biased
    self.softcap = softcap
  }

  /// `300×300 H=9/3 d=64 window all…0`.
  public var description: String {
    let window = "\(mask.left.map(String.init) ?? "all")…\(mask.right.map(String.init) ?? "all")"
    let extras = (biased ? " biased" : "") + (softcap.map { " capped at \($0)" } ?? "")
    return "\(queries)×\(keys) H=\(heads)/\(kvHeads) d=\(headDim) window \(window)\(extras)"
  }

  /// The widths of a row of q, k and v.
  public var widths: [Int] { [heads * headDim, kvHeads * headDim, kvHeads * headDim] }
  /// The biases' slopes.
  public var slopes: [Float]? { biased ? (0..<heads).map { 0.5 / Float($0 + 1) } : nil }
  /// The core under test.
  public var core: DenseAttention {
    get throws {
      try DenseAttention(
        heads: heads, kvHeads: kvHeads, headDim: headDim, softcap: softcap, mask: mask, slopes: slopes)
    }
  }

  /// Attention from its definition.
  public var oracle: NaiveAttention {
    let (mask, slopes) = (mask, slopes)
    return NaiveAttention(
      heads: heads, kvHeads: kvHeads, headDim: headDim, softcap: softcap.map(Double.init),
      sees: { query, key in
        key >= query - (mask.left ?? .max / 2) && key <= query + (mask.right ?? .max / 2)
      },
      bias: { head, query, key in Double(slopes?[head] ?? 0) * Double(key - query) })
  }

  /// The laws of the core over a cache of `dtype`.
  ///
  /// - Throws: `MixerError`.
  public func laws(_ dtype: DType) throws -> SequenceLaws {
    let layout = try KeyValueLayout(layers: 1, kvHeads: kvHeads, headDim: headDim, dtype: dtype)
    var laws = SequenceLaws(core: try core) {
      try KeyValueCache(layout, capacity: $0, allocator: $1.allocator)
    }
    laws.tokens = keys
    laws.chunked = mask.right == 0
    return laws
  }
}
