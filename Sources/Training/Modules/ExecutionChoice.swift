/// Ways of computing the same that trade time for memory.
public struct ExecutionChoice: Sendable, Hashable {
  /// Whether attention is composed of two products and a softmax, whose matrices [N, N] of each head are kept for the way back,
  /// in place of the fused one, which makes them anew block by block.
  public var composesAttention: Bool
  /// Whether of each block of a transformer only the input is kept, and the block computed again on the way back (Chen et al.:
  /// Training deep nets with sublinear memory cost, 2016).
  public var recomputesBlocks: Bool

  /// The usual ways unless given.
  public init(composesAttention: Bool = false, recomputesBlocks: Bool = false) {
    self.composesAttention = composesAttention
    self.recomputesBlocks = recomputesBlocks
  }
}
