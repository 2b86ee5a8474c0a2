/// A weight of a model: its place among ``TrainableModel/parameters``. A layer holds these and asks a ``Pass`` for the tensors.
public struct Weight: Sendable, Hashable {
  /// The place.
  public let index: Int
}

/// What a model keeps and does not train, such as a running mean: its place among ``TrainableModel/buffers``.
public struct Buffer: Sendable, Hashable {
  let index: Int
}
