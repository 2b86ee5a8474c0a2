/// The weights of a model that one device of a tensor group has.
struct ShardWeights: Sendable, Hashable {
  /// Of a layer.
  let layer: Double
  /// Of the embedding with its positions.
  let embedding: Double
  /// Of the output layer's matrix and the last norm.
  let head: Double
  /// Of the embedding's matrix alone, which a tied output layer has again on another stage.
  let table: Double
  /// Whether the output layer reads the embedding.
  let tied: Bool

  /// The share of a group of `tensor`, norms and output biases whole.
  init(_ shape: TransformerShape, tensor: Int) {
    let part = shape.part(of: tensor)
    layer = Double(part.layerMatrixWeights + part.layerVectorWeights)
    table = Double(part.vocabulary * part.width)
    let learned: Int = if case .learned(let count) = shape.positions { count * shape.width } else { 0 }
    embedding = table + Double(learned)
    head = table + Double(shape.width * (shape.biased ? 2 : 1))
    tied = shape.tied
  }

  /// Weights of the fullest of `stages` stages with `layers` layers each: the first has the embedding, the last the output layer.
  func stage(layers: Double, stages: Int) -> Double {
    if stages == 1 { return layers * layer + embedding + head - (tied ? table : 0) }
    return layers * layer + max(embedding, head)
  }
}

extension TransformerShape {
  /// What one device of a tensor group computes with: a part of the heads, of the feed-forward width and of the vocabulary, which is
  /// rounded up. Fewer key heads than devices are on several.
  func part(of tensor: Int) -> TransformerShape {
    var part = self
    part.heads = heads / tensor
    part.kvHeads = max(1, kvHeads / tensor)
    part.feedForward = feedForward / tensor
    part.vocabulary = (vocabulary + tensor - 1) / tensor
    return part
  }
}
