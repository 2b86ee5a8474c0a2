import Formats
import Tensors

/// A forward pass of exact attention over one sequence, f32.
public struct AttentionCase: OperatorCase, Equatable {
  /// Queries and keys.
  public var n: Int
  /// Query heads.
  public var heads: Int
  /// Key and value heads.
  public var kvHeads: Int
  /// The width of a head.
  public var d: Int
  /// Whether a query sees only keys up to its own position.
  public var causal: Bool

  /// A case.
  public init(n: Int, heads: Int, kvHeads: Int, d: Int, causal: Bool) {
    self.n = n
    self.heads = heads
    self.kvHeads = kvHeads
    self.d = d
    self.causal = causal
  }

  /// `N2048 H8/8 d64 causal`.
  public var name: String { "N\(n) H\(heads)/\(kvHeads) d\(d)\(causal ? " causal" : "")" }
  /// Operations of both products, half of them where the pass is causal.
  public var work: Double { 4e-9 * Double(heads) * Double(n) * Double(n) * Double(d) * (causal ? 0.5 : 1) }
  /// As peers are asked for it.
  public var request: [JSON.Member] {
    [
      JSON.Member("op", "attention"), JSON.Member("n", .integer(n)), JSON.Member("heads", .integer(heads)),
      JSON.Member("kvHeads", .integer(kvHeads)), JSON.Member("d", .integer(d)), JSON.Member("causal", .bool(causal)),
    ]
  }

  /// Attention, whatever the threads.
  public func task(threads: Int) -> PeerCatalogue.Task? { .attention }

  /// Our own side.
  ///
  /// - Throws: `MixerError`.
  public func contestant(_ context: Context) throws -> any OperatorContestant {
    try AttentionContestant(self, context: context)
  }
}
