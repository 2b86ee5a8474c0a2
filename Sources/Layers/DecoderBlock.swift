import Tensors

/// One block of a decoder: a mixer of positions and a feed-forward layer, each added to the residual stream x.
///
/// One after the other, x += mixer(norm x), then x += MLP(norm x), with norms behind the two where a model has them; or in
/// parallel, x += mixer(norm x) + MLP(norm x) (Wang, Komatsuzaki: GPT-J, 2021).
public struct DecoderBlock: Sendable {
  let mixerNorm: any Normalization
  let mixer: any SequenceMixer
  let mixerOutputNorm: (any Normalization)?
  let mlpNorm: any Normalization
  let mlp: any FeedForward
  let mlpOutputNorm: (any Normalization)?
  let isParallel: Bool

  /// A block from its parts.
  ///
  /// - Parameters:
  ///   - mixerNorm: what x passes before the mixer.
  ///   - mixer: attention or another way of mixing positions.
  ///   - mixerOutputNorm: what the mixer's output passes before it is added.
  ///   - mlpNorm: what x passes before the feed-forward layer.
  ///   - mlp: the feed-forward layer.
  ///   - mlpOutputNorm: what its output passes before it is added.
  ///   - isParallel: whether the feed-forward layer sees x as it was before the mixer.
  public init(
    mixerNorm: any Normalization, mixer: any SequenceMixer, mixerOutputNorm: (any Normalization)? = nil,
    mlpNorm: any Normalization, mlp: any FeedForward, mlpOutputNorm: (any Normalization)? = nil,
    isParallel: Bool = false
  ) {
    self.mixerNorm = mixerNorm
    self.mixer = mixer
    self.mixerOutputNorm = mixerOutputNorm
    self.mlpNorm = mlpNorm
    self.mlp = mlp
    self.mlpOutputNorm = mlpOutputNorm
    self.isParallel = isParallel
  }

  /// The block with other cores for the matrices of its layers.
  public func replacing(_ change: (LinearRole, any LinearCore) -> any LinearCore) -> DecoderBlock {
    DecoderBlock(
      mixerNorm: mixerNorm, mixer: mixer.replacing(change), mixerOutputNorm: mixerOutputNorm, mlpNorm: mlpNorm,
      mlp: mlp.replacing(change), mlpOutputNorm: mlpOutputNorm, isParallel: isParallel)
  }

  /// Updates the residual stream x [rows, width] in place.
  ///
  /// - Throws: ``MixerError`` for tensors or states that do not fit.
  public func callAsFunction(_ x: Tensor, layer: Int, batch: BatchBox, _ context: Context) throws(MixerError) {
    let before = isParallel ? context.within("mlp", layer: layer) { mlpNorm(x, context) } : nil
    try context.within("mixer", layer: layer) { () throws(MixerError) in
      let input = mixerNorm(x, context)
      if let mixerOutputNorm {
        let output = try mixer.mix(input, layer: layer, batch: batch, context: context)
        context.accumulate(mixerOutputNorm(output, context), into: x)
      } else {
        try mixer.add(input, to: x, layer: layer, batch: batch, context: context)
      }
    }
    context.within("mlp", layer: layer) {
      let input = LinearInput(before ?? mlpNorm(x, context))
      if let mlpOutputNorm {
        context.accumulate(mlpOutputNorm(mlp(input, context), context), into: x)
      } else {
        mlp.add(input, to: x, context)
      }
    }
  }
}
