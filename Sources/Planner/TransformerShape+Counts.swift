extension TransformerShape {
  /// Layers whose feed-forward layer is dense.
  public var denseLayers: Int { experts?.denseLayers ?? layers }
  /// Layers with experts.
  public var expertLayers: Int { layers - denseLayers }
  /// The width of a head's queries and keys.
  public var queryDim: Int { latent?.query ?? headDim }
  /// The width of a head's values.
  public var valueDim: Int { latent?.value ?? headDim }

  /// Weights of a layer's matrices around attention: what makes queries, keys and values, and the output.
  public var attentionMatrixWeights: Int {
    guard let latent else { return width * headDim * (2 * heads + 2 * kvHeads) }
    return width * latent.queryRank + latent.queryRank * heads * latent.query + width * latent.kept
      + latent.rank * heads * (latent.plain + latent.value) + heads * latent.value * width
  }

  /// Weights of a dense layer's matrices: those around attention, and two or three of the feed-forward layer.
  public var layerMatrixWeights: Int { attentionMatrixWeights + feedForwardMatrices * width * feedForward }

  /// Weights of the matrices of a layer with experts, all of them.
  public var expertLayerMatrixWeights: Int { expertLayerMatrixWeights(\.routed) }

  /// Those that one token meets.
  public var activeExpertLayerMatrixWeights: Int { expertLayerMatrixWeights(\.active) }

  private var feedForwardMatrices: Int { gated ? 3 : 2 }

  private func expertLayerMatrixWeights(_ count: KeyPath<ExpertLayers, Int>) -> Int {
    guard let experts else { return layerMatrixWeights }
    let used = experts[keyPath: count] + experts.shared
    return attentionMatrixWeights + width * experts.routed + used * feedForwardMatrices * width * experts.feedForward
  }

  /// Weights of a layer's biases and norms; a router's come on top.
  public var layerVectorWeights: Int {
    let norms = 2 * width * (biased ? 2 : 1) + (latent.map { $0.queryRank + $0.rank } ?? 0)
    guard biased else { return norms }
    return norms + headDim * (heads + 2 * kvHeads) + width + (gated ? 2 : 1) * feedForward + width
  }

  /// Weights that products multiply a row by: the layers' matrices, of experts those that are active, and the output layer.
  public var matrixWeights: Int {
    denseLayers * layerMatrixWeights + expertLayers * activeExpertLayerMatrixWeights + vocabulary * width
  }

  /// All weights; those of a tied embedding count once.
  public var parameters: Int {
    parameters(layers: denseLayers * layerMatrixWeights + expertLayers * expertLayerMatrixWeights)
  }

  /// Weights that one token meets, the embedding's among them.
  public var activeParameters: Int {
    parameters(layers: denseLayers * layerMatrixWeights + expertLayers * activeExpertLayerMatrixWeights)
  }

  private func parameters(layers matrices: Int) -> Int {
    let learned: Int = if case .learned(let count) = positions { count * width } else { 0 }
    let routers: Int = if let experts, experts.hasRouterBias { expertLayers * experts.routed } else { 0 }
    return matrices + layers * layerVectorWeights + routers + vocabulary * width * (tied ? 1 : 2) + learned
      + width * (biased ? 2 : 1)
  }

  /// Numbers of key and value state for each token of a sequence.
  public var stateNumbersPerToken: Int { layers * (latent?.kept ?? 2 * kvHeads * headDim) }

  /// Operations of a token of a sequence in training, forward and backward: 6 for each weight that it is multiplied by, and 6·H
  /// times the widths of a query and of a value for each token that it looks at, all of them or those before it and itself.
  ///
  /// What is computed again is not counted, nor are norms and activations.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no tokens or more than 2³¹.
  public func trainingOperationsPerToken(sequence tokens: Int, causal: Bool) throws(PlannerError) -> Double {
    guard (1...1 << 31).contains(tokens) else {
      throw .invalid(field: "sequence", problem: "\(tokens) tokens lie outside 1…\(1 << 31)")
    }
    let seen = causal ? (Double(tokens) + 1) / 2 : Double(tokens)
    return 6 * Double(matrixWeights) + 6 * Double(layers * heads * (queryDim + valueDim)) * seen
  }
}
