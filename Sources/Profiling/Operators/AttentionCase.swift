/// A forward pass of exact attention over one sequence: every query over f32 tensors, or one query over an f16 cache.
public struct AttentionCase: Sendable, Equatable {
  /// Keys, and queries unless one token is decoded.
  public var n: Int
  /// Query heads.
  public var heads: Int
  /// Key and value heads.
  public var kvHeads: Int
  /// The width of a head.
  public var d: Int
  /// Whether a query sees only keys up to its own position.
  public var causal: Bool
  /// The layers of one token's decoding over an f16 cache; `nil` for a pass with all queries.
  public var decodedLayers: Int?

  /// A case.
  public init(n: Int, heads: Int, kvHeads: Int, d: Int, causal: Bool, decodedLayers: Int? = nil) {
    self.n = n
    self.heads = heads
    self.kvHeads = kvHeads
    self.d = d
    self.causal = causal
    self.decodedLayers = decodedLayers
  }

  /// `N2048 H8/8 d64 causal`, `decode N2048 H9/3 d64 L30`.
  public var name: String {
    let shape = "N\(n) H\(heads)/\(kvHeads) d\(d)"
    return decodedLayers.map { "decode \(shape) L\($0)" } ?? "\(shape)\(causal ? " causal" : "")"
  }
  /// Operations of both products, half of them where the pass is causal.
  public var operations: Double {
    let queries = Double(decodedLayers ?? n)
    return 4 * Double(heads) * queries * Double(n) * Double(d) * (causal && decodedLayers == nil ? 0.5 : 1)
  }
  /// The bytes of keys and values that decoding one token reads.
  public var decodedBytes: Double? { decodedLayers.map { 4 * Double($0) * Double(kvHeads) * Double(n) * Double(d) } }
}
