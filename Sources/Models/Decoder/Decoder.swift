import Layers
import Tensors

/// A language model of any architecture of decoders: checks what it is given, and runs the network over captured plans.
public final class Decoder: LanguageModel, @unchecked Sendable {
  /// What the model is.
  public let description: ModelDescription
  private let network: any DecoderNetwork
  private let context: Context
  private let steps: StepPlans
  /// The network for steps with adapters and its captured steps; nothing where it takes none. It costs nothing until an
  /// adapter is used.
  let adapted: AdaptedDecoder?
  private let adaptedSteps: StepPlans

  /// A model of a network whose captured steps may keep what `need` says.
  init(_ network: some DecoderNetwork, description: ModelDescription, need: MemoryNeed, context: Context) {
    self.network = network
    self.description = description
    self.context = context
    steps = StepPlans(context: context, byteLimit: need.capturedSteps)
    adapted = (network as? AttentionDecoder).map { AdaptedDecoder($0, workers: context.workers.count) }
    adaptedSteps = StepPlans(context: context, byteLimit: need.capturedSteps)
  }

  /// The bytes that short steps and the tables of positions keep outside of the context's allocator.
  package var keptBytes: Int { network.positions.reduce(steps.bytes + adaptedSteps.bytes) { $0 + $1.bytes } }

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
    if batch.runs.contains(where: { $0.adapter != nil }) {
      guard let adapted, batch.runs.allSatisfy({ $0.adapter.map { $0.owner == ObjectIdentifier(self) } ?? true }) else {
        throw ModelError.foreignAdapter
      }
      adapted.begin(batch)
      return try adaptedSteps.run(batch, layout, isCancelled: isCancelled) { [context] step throws in
        try adapted.network(step, context)
      }
    }
    return try steps.run(batch, layout, isCancelled: isCancelled) { [network, context] step throws in
      try network(step, context)
    }
  }
}
