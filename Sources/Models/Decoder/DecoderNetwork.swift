import Layers
import Tensors

/// What one architecture of decoders computes; a ``Decoder`` makes a language model of it.
protocol DecoderNetwork: Sendable {
  /// The number of token ids.
  var vocabularySize: Int { get }
  /// The tables of angles that the layers read.
  var positions: [RotaryEmbedding] { get }

  /// A state without tokens, for all layers.
  func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState

  /// Whether a state is one of ``makeState(capacity:context:)``'s kind and sizes.
  func owns(_ state: any MixerState) -> Bool

  /// The logits [rows wanted, vocabulary] of a step's tokens, whose states are reserved.
  func callAsFunction(_ step: StepPlans.Step, _ context: Context) throws -> Tensor
}
