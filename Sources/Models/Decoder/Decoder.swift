import Layers
import Tensors

/// A language model of any architecture of decoders: checks what it is given, and runs the network over captured plans.
public final class Decoder: LanguageModel, @unchecked Sendable {
  /// What the model is.
  public let description: ModelDescription
  private let network: any DecoderNetwork
  private let context: Context
  private let steps: StepPlans

  /// A model of a network whose captured steps may keep what `need` says.
  init(_ network: some DecoderNetwork, description: ModelDescription, need: MemoryNeed, context: Context) {
    self.network = network
    self.description = description
    self.context = context
    steps = StepPlans(context: context, byteLimit: need.capturedSteps)
  }

  /// The bytes that short steps and the tables of positions keep outside of the context's allocator.
  package var keptBytes: Int { network.positions.reduce(steps.bytes) { $0 + $1.bytes } }

  /// A state with no tokens, of up to `capacity`.
  public func makeState(capacity: Int) throws -> any MixerState {
    guard capacity > 0, capacity <= description.contextLength else {
      throw ModelError.contextExceeded(limit: description.contextLength, requested: capacity)
    }
    return try network.makeState(capacity: capacity, context: context)
  }

  /// Appends every run and computes the logits asked for; see ``LanguageModel``.
  public func evaluate(_ batch: TokenBatch, isCancelled: () -> Bool) throws -> Logits {
    let layout = try batch.layout(vocabularySize: network.vocabularySize, isOwn: network.owns)
    let end = layout.runs.map { $0.position + $0.rows }.max() ?? 0
    for table in network.positions { table.reserve(positions: end) }
    return try steps.run(batch, layout, isCancelled: isCancelled) { [network, context] step throws in
      try network(step, context)
    }
  }
}
