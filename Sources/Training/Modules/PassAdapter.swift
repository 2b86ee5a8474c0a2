import Tensors

/// What changes a model in a run while its own weights stay as they are.
///
/// Layers ask the pass for it where they compute and know nothing of methods; what an adapter has no opinion on stays as it is.
public protocol PassAdapter {
  /// The tokens' worth of rows that ``prompt(_:)`` puts before each sequence.
  var promptCount: Int { get }

  /// x Wᵀ + b of a layer, rows x [N, inputs] → [N, outputs]; nothing where the layer does what it always does.
  func dense(_ layer: DenseLayer, _ x: Tensor, _ pass: Pass) -> Tensor?

  /// What the norm with this weight gives, changed: rows [.., width] → the same shape.
  func normed(_ norm: Weight, _ y: Tensor, _ pass: Pass) -> Tensor

  /// Keys and values that every query of an attention sees before all others.
  func prefix(of attention: AttentionLayer, _ pass: Pass) -> AttentionPrefix?

  /// What a sublayer of a block adds to the stream, changed: rows [N, width] → the same shape.
  ///
  /// - Parameters:
  ///   - output: what the sublayer made.
  ///   - input: what it made it of.
  ///   - block: the block's place in its model.
  ///   - sublayer: which of the block's two.
  ///   - pass: the run.
  func changed(_ output: Tensor, input: Tensor, block: Int, _ sublayer: Sublayer, _ pass: Pass) -> Tensor

  /// Rows that stand before each sequence's embedded tokens, [promptCount, width].
  func prompt(_ pass: Pass) -> Tensor?

  /// What a network beside the model makes of what the model's first `blocks` blocks gave.
  ///
  /// - Parameters:
  ///   - side: what it has made so far; nothing before its beginning.
  ///   - x: the model's rows, [N, width].
  ///   - blocks: the number of blocks behind which they are, 0 for the embedding.
  ///   - places: where they stand.
  ///   - pass: the run.
  func side(_ side: Tensor?, beside x: Tensor, after blocks: Int, _ places: TokenPlaces, _ pass: Pass) -> Tensor?

  /// The rows behind the last block, [N, width], with what the network beside the model adds to them.
  func joined(_ x: Tensor, _ side: Tensor, _ pass: Pass) -> Tensor
}

/// The two parts of a block.
public enum Sublayer: String, Sendable, Hashable, CaseIterable {
  /// Where tokens are mixed.
  case attention
  /// Where each token is for itself.
  case feedForward = "feed-forward"
}

/// Keys and values before those of the tokens, without places of their own: they are not turned, and move no token's place.
public struct AttentionPrefix {
  /// [P, kvHeads, headDim].
  public let keys: Tensor
  /// [P, kvHeads, headDim].
  public let values: Tensor

  /// A prefix of P keys and values.
  public init(keys: Tensor, values: Tensor) {
    self.keys = keys
    self.values = values
  }
}

extension PassAdapter {
  /// None.
  public var promptCount: Int { 0 }

  /// What the layer does itself.
  public func dense(_ layer: DenseLayer, _ x: Tensor, _ pass: Pass) -> Tensor? { nil }

  /// y.
  public func normed(_ norm: Weight, _ y: Tensor, _ pass: Pass) -> Tensor { y }

  /// None.
  public func prefix(of attention: AttentionLayer, _ pass: Pass) -> AttentionPrefix? { nil }

  /// The output.
  public func changed(
    _ output: Tensor, input: Tensor, block: Int, _ sublayer: Sublayer, _ pass: Pass
  ) -> Tensor { output }

  /// None.
  public func prompt(_ pass: Pass) -> Tensor? { nil }

  /// None.
  public func side(
    _ side: Tensor?, beside x: Tensor, after blocks: Int, _ places: TokenPlaces, _ pass: Pass
  ) -> Tensor? { nil }

  /// x.
  public func joined(_ x: Tensor, _ side: Tensor, _ pass: Pass) -> Tensor { x }
}
