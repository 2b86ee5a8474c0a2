import Tensors

/// One run of a model over a batch: the tensors behind its weights, and what a layer has to know.
///
/// Layers read their weights here, so that the same layers run with tracked tensors, with averages of the weights, or with
/// weights that an adapter changed.
public final class Pass {
  /// What the model is run for.
  public enum Purpose: Sendable, Hashable {
    /// Dropout drops, batch statistics are those of the batch.
    case training
    /// Nothing is random; running statistics are used.
    case evaluation
  }

  /// Where to compute.
  public let context: Context
  /// What the model is run for.
  public let purpose: Purpose
  /// The seed of what is random in layers.
  public let seed: UInt64
  /// The number of the batch in its run, from 0 on: what is random differs from batch to batch.
  public let batch: Int
  private let weights: [Tensor]
  private let buffers: [Tensor]
  /// New values of buffers, by their place.
  public private(set) var updates: [Int: Tensor] = [:]

  /// A run.
  ///
  /// - Parameters:
  ///   - weights: one for each of the model's parameters, in their order.
  ///   - buffers: one for each of the model's buffers, in their order.
  public init(
    _ purpose: Purpose, weights: [Tensor], buffers: [Tensor], seed: UInt64 = 0, batch: Int = 0, context: Context
  ) {
    self.purpose = purpose
    self.weights = weights
    self.buffers = buffers
    self.seed = seed
    self.batch = batch
    self.context = context
  }

  /// Whether the model is trained.
  public var isTraining: Bool { purpose == .training }

  /// The tensor behind a weight.
  public subscript(_ weight: Weight) -> Tensor { weights[weight.index] }

  /// The tensor behind a buffer.
  public subscript(_ buffer: Buffer) -> Tensor { buffers[buffer.index] }

  /// The tensor behind a weight as f32, whatever it is stored in.
  public func values(of weight: Weight) -> Tensor { context.cast(weights[weight.index], to: .f32) }

  /// The seed of this batch's random numbers, another in each; a layer has its own stream of it.
  public var batchSeed: UInt64 { seed &+ UInt64(truncatingIfNeeded: batch) &* 0x9E37_79B9_7F4A_7C15 }

  /// This run with other tensors behind some weights, by their places among the model's parameters.
  public func replacing(_ places: [Int], by tensors: [Tensor]) -> Pass {
    var weights = weights
    for (place, tensor) in zip(places, tensors) { weights[place] = tensor }
    return Pass(purpose, weights: weights, buffers: buffers, seed: seed, batch: batch, context: context)
  }

  /// The tensor behind a weight, by its place among the model's parameters.
  public func weight(at place: Int) -> Tensor { weights[place] }

  /// Takes over new values of buffers, by their places.
  public func take(_ updates: [Int: Tensor]) { self.updates.merge(updates) { $1 } }

  /// Gives a buffer a new value, which it has once the step is taken. A segment that runs again gives the same again.
  public func update(_ buffer: Buffer, to value: Tensor) { updates[buffer.index] = value.detached() }
}
