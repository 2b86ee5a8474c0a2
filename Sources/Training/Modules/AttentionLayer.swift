import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Causal self-attention of query heads in groups, each group over one key and value head (Ainslie et al.: GQA, 2023), with
/// rotary places or none, over packed sequences.
public struct AttentionLayer: Sendable, Hashable {
  /// Queries and keys turned by their places (Su et al.: RoFormer, 2021); the halves of a head are the pairs.
  public struct Rotation: Sendable, Hashable {
    /// What the angles' powers are of.
    public var base: Double

    /// A rotation.
    public init(base: Double = 10000) { self.base = base }
  }

  /// The rows of queries, of keys and of values one behind the other, [(heads + 2 · kvHeads) · headDim, width].
  public let inward: DenseLayer
  /// [width, heads · headDim].
  public let outward: DenseLayer
  /// Query heads.
  public let heads: Int
  /// Key and value heads.
  public let kvHeads: Int
  /// The width of a head.
  public let headDim: Int
  /// How places enter.
  public let rotation: Rotation?
  /// Whether a token sees only those up to itself.
  public let isCausal: Bool

  /// The layers `qkv` and `output`.
  ///
  /// - Precondition: `heads` divides `width` and `kvHeads` the heads; with a rotation a head is even.
  public init(
    _ builder: inout ModelBuilder, width: Int, heads: Int, kvHeads: Int? = nil, rotation: Rotation? = nil,
    isCausal: Bool = true, hasBias: Bool = true, weight initializer: Initializer = .fanIn,
    output outInitializer: Initializer = .fanIn, bias: Initializer? = nil
  ) {
    self.heads = heads
    self.kvHeads = kvHeads ?? heads
    self.rotation = rotation
    self.isCausal = isCausal
    precondition(
      heads > 0 && self.kvHeads > 0 && width.isMultiple(of: heads) && heads.isMultiple(of: self.kvHeads),
      "\(heads) heads over \(self.kvHeads) of a width of \(width)")
    headDim = width / heads
    let rows = (heads + 2 * self.kvHeads) * headDim
    inward = builder.within("qkv") {
      DenseLayer(&$0, from: width, to: rows, hasBias: hasBias, weight: initializer, bias: bias)
    }
    outward = builder.within("output") {
      DenseLayer(&$0, from: width, to: width, hasBias: hasBias, weight: outInitializer, bias: bias)
    }
  }

  /// Rows x [B · N, width] of B sequences → the same shape.
  ///
  /// - Parameters:
  ///   - rows: B.
  ///   - positions: each token's place in its sequence, below N, [B · N], i32 or i64; for a rotation.
  ///   - starts: [B, N], for documents packed into one row: for each position that of its document's first token.
  public func callAsFunction(
    _ x: Tensor, rows: Int, positions: Tensor, starts: Tensor? = nil, _ pass: Pass
  ) -> Tensor {
    let context = pass.context
    let length = x.shape[0] / max(1, rows)
    let all = context.within("qkv") { inward(x, pass) }.reshaped([rows, length, heads + 2 * kvHeads, headDim])
    let prefix = pass.adapter?.prefix(of: self, pass)
    let composes = pass.execution.composesAttention
    let y: Tensor
    if rotation != nil || prefix != nil || composes {
      func part(_ range: Range<Int>) -> Tensor { all.sliced(axis: 2, range) }
      // Queries and keys are neighbours and turn together.
      var turned = context.within(rotation == nil ? "attention" : "rotary") { part(0..<heads + kvHeads) }
      if let rotation {
        let table = pass.table(RotaryTable(rotation: rotation, headDim: headDim, length: length))
        turned = context.within("rotary") {
          context.rotary(turned, table: table, positions: positions.reshaped([rows, length]))
        }
      }
      func led(_ x: Tensor, by first: Tensor?) -> Tensor {
        guard let first else { return x }
        let all = first.broadcast(to: [rows, first.shape[0], kvHeads, headDim])
        return context.concatenate([all, x], axis: 1)
      }
      precondition(prefix == nil || starts == nil, "a prefix before documents that are packed into one row")
      y = context.within("attention") {
        let queries = turned.sliced(axis: 2, 0..<heads)
        let keys = led(turned.sliced(axis: 2, heads..<heads + kvHeads), by: prefix?.keys)
        let values = led(part(heads + kvHeads..<heads + 2 * kvHeads), by: prefix?.values)
        return composes
          ? pass.composedAttention(queries, keys, values, isCausal: isCausal, starts: starts)
          : context.attention(queries, keys, values, isCausal: isCausal, starts: starts)
      }
    } else {
      y = context.within("attention") {
        context.attention(packed: all, heads: heads, kvHeads: kvHeads, isCausal: isCausal, starts: starts)
      }
    }
    return context.within("output") { outward(y.reshaped([rows * length, heads * headDim]), pass) }
  }
}

/// Cosine and sine of the angles of the first places, [length, headDim].
struct RotaryTable: Hashable {
  let rotation: AttentionLayer.Rotation
  let headDim: Int
  let length: Int

  func values(_ context: Context) -> Tensor {
    let table = context.empty([length, headDim])
    // A rehearsal wants the memory alone.
    if context.isRehearsal { return table }
    let values = table.pointer(as: Float.self)
    for pair in 0..<headDim / 2 {
      let frequency = pow(rotation.base, -2 * Double(pair) / Double(headDim))
      for place in 0..<length {
        let angle = Double(place) * frequency
        values[place * headDim + 2 * pair] = Float(cos(angle))
        values[place * headDim + 2 * pair + 1] = Float(sin(angle))
      }
    }
    return table
  }
}
