import Tensors

/// One block of a decoder: x += mixer(norm(x)), then x += MLP(norm(x)).
public struct DecoderBlock: Sendable {
  let mixerNorm: RMSNorm
  let mixer: any SequenceMixer
  let mlpNorm: RMSNorm
  let mlp: GatedMLP

  /// A block from its parts.
  public init(mixerNorm: RMSNorm, mixer: any SequenceMixer, mlpNorm: RMSNorm, mlp: GatedMLP) {
    self.mixerNorm = mixerNorm
    self.mixer = mixer
    self.mlpNorm = mlpNorm
    self.mlp = mlp
  }

  /// Updates the residual stream x [rows, width] in place.
  ///
  /// - Throws: ``MixerError`` for tensors or states that do not fit.
  public func callAsFunction(_ x: Tensor, layer: Int, batch: BatchBox, _ context: Context) throws(MixerError) {
    try context.within("mixer", layer: layer) { () throws(MixerError) in
      try mixer.add(mixerNorm(x, context), to: x, layer: layer, batch: batch, context: context)
    }
    context.within("mlp", layer: layer) { mlp.add(LinearInput(mlpNorm(x, context)), to: x, context) }
  }
}
