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
  /// What changes what layers do.
  public let adapter: (any PassAdapter)?
  private let weights: [Tensor]
  private let buffers: [Tensor]
  /// Another way of multiplying by weights than the plain one, where a method of training has one.
  public var products: (any ProductRule)?
  /// What is computed in another way than usual, to the same result.
  public var execution = ExecutionChoice()
  /// New values of buffers, by their place.
  public private(set) var updates: [Int: Tensor] = [:]
  /// Tables of angles, which all layers of a model share.
  private var tables: [RotaryTable: Tensor] = [:]
  private var masks: [ScoreMask: Tensor] = [:]

  /// A run.
  ///
  /// - Parameters:
  ///   - purpose: what the model is run for.
  ///   - weights: one for each of the model's parameters, in their order.
  ///   - buffers: one for each of the model's buffers, in their order.
  ///   - seed: the seed of what is random in layers.
  ///   - batch: the number of the batch in its run.
  ///   - adapter: what changes what layers do.
  ///   - context: where to compute.
  public init(
    _ purpose: Purpose, weights: [Tensor], buffers: [Tensor], seed: UInt64 = 0, batch: Int = 0,
    adapter: (any PassAdapter)? = nil, context: Context
  ) {
    self.purpose = purpose
    self.weights = weights
    self.buffers = buffers
    self.seed = seed
    self.batch = batch
    self.adapter = adapter
    self.context = context
  }

  /// Whether the model is trained.
  public var isTraining: Bool { purpose == .training }

  /// The tensor behind a weight.
  public subscript(_ weight: Weight) -> Tensor { weights[weight.index] }

  /// The tensor behind a buffer.
  public subscript(_ buffer: Buffer) -> Tensor { buffers[buffer.index] }

  /// Rows x [N, inputs] by a matrix W [outputs, inputs] → x Wᵀ, [N, outputs]: the product of a layer, plain or as
  /// ``products`` has it.
  public func product(_ x: Tensor, by weight: Weight) -> Tensor {
    products?.product(x, by: weight, self) ?? context.matmul(x, self[weight].transposed())
  }

  /// The tensor behind a weight as f32, whatever it is stored in.
  public func values(of weight: Weight) -> Tensor { context.cast(weights[weight.index], to: .f32) }

  /// The seed of this batch's random numbers, another in each; a layer has its own stream of it.
  public var batchSeed: UInt64 { seed &+ UInt64(truncatingIfNeeded: batch) &* 0x9E37_79B9_7F4A_7C15 }

  /// The table of a rotation, made once in a pass.
  func table(_ angles: RotaryTable) -> Tensor {
    if let table = tables[angles] { return table }
    let table = angles.values(context)
    tables[angles] = table
    return table
  }

  /// The mask of a composed attention, made once in a pass: all layers see the same documents.
  func mask(_ seen: ScoreMask, starts: Tensor?) -> Tensor {
    if let mask = masks[seen] { return mask }
    let mask = seen.values(starts: starts, context)
    masks[seen] = mask
    return mask
  }

  /// This run with other tensors behind some weights, by their places among the model's parameters.
  public func replacing(_ places: [Int], by tensors: [Tensor]) -> Pass {
    var weights = weights
    for (place, tensor) in zip(places, tensors) { weights[place] = tensor }
    let other = Pass(
      purpose, weights: weights, buffers: buffers, seed: seed, batch: batch, adapter: adapter, context: context)
    other.products = products
    other.execution = execution
    return other
  }

  /// The tensor behind a weight, by its place among the model's parameters.
  public func weight(at place: Int) -> Tensor { weights[place] }

  /// Takes over new values of buffers, by their places.
  public func take(_ updates: [Int: Tensor]) { self.updates.merge(updates) { $1 } }

  /// Gives a buffer a new value, which it has once the step is taken. A segment that runs again gives the same again.
  public func update(_ buffer: Buffer, to value: Tensor) { updates[buffer.index] = value.detached() }
}
