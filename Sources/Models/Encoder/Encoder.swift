import Layers
import Mixers
import Tensors

/// An encoder of any architecture: checks what it is given, and runs the blocks over all sequences at once.
public final class Encoder: EncoderModel {
  /// What the model is.
  public let description: ModelDescription
  /// How a sequence's vectors become one.
  public let pooling: Pooling
  private let embedding: EncoderEmbedding
  private let blocks: [EncoderBlock]
  private let norm: (any Normalization)?
  private let context: Context

  init(
    embedding: EncoderEmbedding, blocks: [EncoderBlock], norm: (any Normalization)?, pooling: Pooling,
    description: ModelDescription, context: Context
  ) {
    self.embedding = embedding
    self.blocks = blocks
    self.norm = norm
    self.pooling = pooling
    self.description = description
    self.context = context
  }

  /// The last hidden states [rows, width]; see ``EncoderModel``.
  public func encode(_ sequences: [[Int32]], isCancelled: () -> Bool) throws -> Tensor {
    let size = description.vocabularySize
    for (index, sequence) in sequences.enumerated() {
      guard !sequence.isEmpty else { throw ModelError.invalidBatch("sequence \(index) has no tokens") }
      guard sequence.count <= description.contextLength else {
        throw ModelError.contextExceeded(limit: description.contextLength, requested: sequence.count)
      }
      for id in sequence where id < 0 || Int(id) >= size {
        throw ModelError.tokenOutOfRange(id: Int(id), vocabularySize: size)
      }
    }
    let lengths = sequences.map(\.count)
    for block in blocks { block.positions?.reserve(positions: lengths.max() ?? 0) }
    // Layers with the same mask share the list of work.
    var attention: [DenseAttention: SequenceAttention] = [:]
    var x = context.within("embedding") { embedding(sequences, context) }
    if sequences.isEmpty { return x }
    for (layer, block) in blocks.enumerated() {
      if isCancelled() { throw CancellationError() }
      let work = try attention[block.core] ?? SequenceAttention(core: block.core, lengths: lengths, context: context)
      attention[block.core] = work
      x = try block(x, attention: work, lengths: lengths, layer: layer, context)
    }
    return norm.map { $0(x, context) } ?? x
  }

  /// One vector for each sequence, [sequences, width]; see ``EncoderModel``.
  public func embed(_ sequences: [[Int32]], pooling: Pooling, isCancelled: () -> Bool) throws -> Tensor {
    let hidden = try encode(sequences, isCancelled: isCancelled)
    return context.within("pooling") { pooling(hidden, lengths: sequences.map(\.count), context) }
  }
}
