import Costs

/// What the operators of a decoder cost for one workload, forward and backward.
///
/// Products count two operations for each multiply-add; passes over numbers count a few each on the device's f32 units
/// (``passOperations``); the exponentials inside tiled attention are not counted, as papers do not.
struct TransformerCosts {
  let shape: TransformerShape
  let load: Workload
  let widths: NumberWidths
  let kernel: AttentionKernel
  let precision: Precision
  /// Whether what a backward pass needs is kept.
  let training: Bool
  /// Devices that share the rows of norms, as sequence parallelism does.
  var normShares = 1.0

  /// Operations for each number that a norm, an activation or a softmax passes over.
  static let passOperations = 5.0

  var rows: Double { load.rows }
  var width: Double { Double(shape.width) }
  private var queries: Double { Double(shape.heads * shape.queryDim) }
  private var keys: Double { Double(keyHeads * shape.queryDim) }
  private var values: Double { Double(keyHeads * shape.valueDim) }
  /// What the heads give: a value each.
  private var mixed: Double { Double(shape.heads * shape.valueDim) }
  /// From latent state every head makes a key of its own.
  private var keyHeads: Int { shape.latent == nil ? shape.kvHeads : shape.heads }
  /// Tokens that a new one may look at, over all sequences.
  private var context: Double { rows / Double(load.tokens) * Double(load.tokens + load.past) }
  private var hidden: Double { Double(shape.feedForward) }
  private var upWidth: Double { shape.gated ? 2 * hidden : hidden }

  // MARK: Forward

  /// What runs in layers forward, and in how many.
  var layers: [(operators: [PlannedOperator], count: Int)] {
    [
      (attentionBlock, shape.layers), (dense, shape.denseLayers), (experts, shape.expertLayers),
    ].filter { $0.count > 0 }
  }

  /// A layer up to its feed-forward layer.
  private var attentionBlock: [PlannedOperator] {
    var operators = [norm("layer.norm1")]
    operators += projections.map { linear($0.name, $0.inputs, $0.outputs, rows: $0.rows) }
    if let rotated { operators.append(pass("layer.rotary", rotated, read: 1, written: 1)) }
    operators += attention
    operators += [linear("layer.output", mixed, width), norm("layer.norm2")]
    return operators
  }

  private var dense: [PlannedOperator] {
    [
      linear("layer.up", width, upWidth),
      // In the epilogue of the product before it: only what it writes more than that product is traffic.
      pass("layer.activation", rows * upWidth, read: 0, written: training ? hidden / upWidth : 0),
      linear("layer.down", hidden, width),
    ]
  }

  /// The products that make queries, keys and values.
  var projections: [(name: String, inputs: Double, outputs: Double, rows: Double)] {
    guard let latent = shape.latent else { return [("layer.qkv", width, queries + keys + values, rows)] }
    let (rank, heads) = (Double(latent.rank), Double(shape.heads))
    return [
      ("layer.query.down", width, Double(latent.queryRank), rows),
      ("layer.query.up", Double(latent.queryRank), queries, rows),
      ("layer.state.down", width, Double(latent.kept), rows),
      // Absorbed, the same matrices turn queries and what heads give; else keys and values of all that is looked at are made.
      ("layer.state.up", rank, heads * Double(latent.plain + latent.value), isAbsorbed ? rows : context),
    ]
  }

  /// Whether queries meet the latent state itself: every head's matrices are moved from keys and values to queries and outputs.
  var isAbsorbed: Bool { shape.latent != nil && load.tokens == 1 && !training }

  /// Numbers that are rotated.
  private var rotated: Double? {
    guard case .rotary = shape.positions else { return nil }
    guard let latent = shape.latent else { return rows * (queries + keys) }
    return rows * Double(latent.rotated * (shape.heads + 1))
  }

  var attention: [PlannedOperator] {
    let heads = Double(shape.heads)
    let matrix = heads * load.pairs
    let a = widths.activations
    if let latent = shape.latent, isAbsorbed {
      let (rank, kept) = (Double(latent.rank), Double(latent.kept))
      return [
        PlannedOperator(
          "layer.attention", .attention, precision,
          OperationCost(
            flops: 2 * (kept + rank) * heads * load.visiblePairs, bytesRead: (rows * heads * kept + context * kept) * a,
            bytesWritten: rows * heads * rank * a))
      ]
    }
    guard case .materialized(let dropout) = kernel else {
      return [
        PlannedOperator(
          "layer.attention", .attention, precision,
          OperationCost(
            flops: 2 * Double(shape.queryDim + shape.valueDim) * heads * load.visiblePairs,
            bytesRead: (rows * queries + context * (keys + values)) * a,
            bytesWritten: rows * mixed * a + (training ? rows * heads * 4 : 0)))
      ]
    }
    var operators = [
      PlannedOperator(
        "layer.attention.scores", .matmul, precision,
        OperationCost(
          flops: 2 * Double(shape.queryDim) * matrix, bytesRead: (rows * queries + context * keys) * a,
          bytesWritten: matrix * a)),
      pass("layer.attention.mask", matrix, read: 1, written: 1, operations: 1),
      pass("layer.attention.softmax", matrix, read: 1, written: 1),
    ]
    // One more byte for each number: which ones were dropped.
    if dropout {
      operators.append(pass("layer.attention.dropout", matrix, read: 1, written: 1 + 1 / a, operations: 2))
    }
    operators.append(
      PlannedOperator(
        "layer.attention.values", .matmul, precision,
        OperationCost(
          flops: 2 * Double(shape.valueDim) * matrix, bytesRead: matrix * a + context * values * a,
          bytesWritten: rows * mixed * a)))
    return operators
  }

  /// What stands before the layers.
  var embedding: PlannedOperator {
    let learned: Bool = if case .learned = shape.positions { true } else { false }
    let numbers = rows * width
    return PlannedOperator(
      "embedding", .elementwise, .f32,
      OperationCost(
        flops: learned ? numbers : 0, bytesRead: numbers * widths.weights * (learned ? 2 : 1),
        bytesWritten: numbers * widths.residual))
  }

  /// What stands after the layers; `logitRows` rows get logits.
  func head(logitRows: Double) -> [PlannedOperator] {
    [norm("norm"), linear("logits", width, Double(shape.vocabulary), rows: logitRows, bias: false)]
  }

  // MARK: Backward

  /// What runs in layers backward, in the order in which it does, and in how many.
  var layersBackward: [(operators: [PlannedOperator], count: Int)] {
    [
      (expertsBackward, shape.expertLayers), (denseBackward, shape.denseLayers), (attentionBlockBackward, shape.layers),
    ].filter { $0.count > 0 }
  }

  private var denseBackward: [PlannedOperator] {
    linearBackward("layer.down", hidden, width)
      + [pass("layer.activation.backward", rows * upWidth, read: 1, written: 0, operations: 2 * Self.passOperations)]
      + linearBackward("layer.up", width, upWidth)
  }

  private var attentionBlockBackward: [PlannedOperator] {
    var operators = [normBackward("layer.norm2")] + linearBackward("layer.output", mixed, width)
    operators += attentionBackward
    if let rotated { operators.append(pass("layer.rotary.backward", rotated, read: 1, written: 1)) }
    for product in projections.reversed() { operators += linearBackward(product.name, product.inputs, product.outputs) }
    operators.append(normBackward("layer.norm1"))
    return operators
  }

  private var attentionBackward: [PlannedOperator] {
    let heads = Double(shape.heads)
    let matrix = heads * load.pairs
    let a = widths.activations
    let kv = rows * (keys + values)
    guard case .materialized(let dropout) = kernel else {
      return [
        PlannedOperator(
          "layer.attention.backward", .attentionBackward, precision,
          OperationCost(
            // Five products where the forward pass has two: the scores are computed again.
            flops: 2 * Double(3 * shape.queryDim + 2 * shape.valueDim) * heads * load.visiblePairs,
            bytesRead: (rows * queries + 2 * rows * mixed + kv) * a + rows * heads * 4,
            bytesWritten: (rows * queries + kv) * a))
      ]
    }
    func matmul(_ name: String, _ dim: Int, read: Double, written: Double) -> PlannedOperator {
      PlannedOperator(
        "layer.attention.\(name).backward", .matmul, precision,
        OperationCost(flops: 2 * Double(dim) * matrix, bytesRead: read * a, bytesWritten: written * a))
    }
    var operators = [
      matmul("values", shape.valueDim, read: matrix + rows * mixed, written: rows * values),
      matmul("probabilities", shape.valueDim, read: rows * (mixed + values), written: matrix),
    ]
    if dropout {
      operators.append(
        pass("layer.attention.dropout.backward", matrix, read: 1 + 1 / a, written: 1, operations: 2))
    }
    operators += [
      pass("layer.attention.softmax.backward", matrix, read: 2, written: 1),
      matmul("queries", shape.queryDim, read: matrix + rows * keys, written: rows * queries),
      matmul("keys", shape.queryDim, read: matrix + rows * queries, written: rows * keys),
    ]
    return operators
  }

  /// The head's backward pass with the loss before it, and the embedding's.
  var headBackward: [PlannedOperator] {
    let vocabulary = Double(shape.vocabulary)
    return [pass("loss", rows * vocabulary, read: 1, written: 1, operations: 2 * Self.passOperations)]
      + linearBackward("logits", width, vocabulary) + [normBackward("norm")]
  }

  var embeddingBackward: PlannedOperator {
    PlannedOperator(
      "embedding.backward", .elementwise, .f32,
      OperationCost(
        flops: rows * width, bytesRead: rows * width * (widths.residual + widths.gradients),
        bytesWritten: rows * width * widths.gradients))
  }

  /// Adam: reads the gradient, its copy of the weight and two moments, writes these and the weight.
  ///
  /// - Parameter shards: devices that share the optimizer's state.
  func optimizer(shards: Int) -> PlannedOperator {
    Self.optimizer(weights: Double(shape.parameters) / Double(shards), widths: widths)
  }

  /// The same for so many weights.
  static func optimizer(weights: Double, widths: NumberWidths) -> PlannedOperator {
    PlannedOperator(
      "optimizer", .elementwise, .f32,
      OperationCost(
        flops: 12 * weights, bytesRead: weights * (widths.gradients + widths.optimizer),
        bytesWritten: weights * (widths.optimizer + widths.weights)))
  }

  // MARK: Parts

  /// x·Wᵀ of [rows, inputs] and [outputs, inputs].
  func linear(
    _ name: String, _ inputs: Double, _ outputs: Double, rows: Double? = nil, bias: Bool? = nil
  ) -> PlannedOperator {
    let rows = rows ?? self.rows
    let weights = inputs * outputs + (bias ?? shape.biased ? outputs : 0)
    return PlannedOperator(
      name, .matmul, precision,
      OperationCost(
        flops: 2 * rows * inputs * outputs, bytesRead: rows * inputs * widths.activations + weights * widths.weights,
        bytesWritten: rows * outputs * widths.activations))
  }

  /// The gradients of a product's input and of its weights.
  func linearBackward(_ name: String, _ inputs: Double, _ outputs: Double) -> [PlannedOperator] {
    let flops = 2 * rows * inputs * outputs
    let a = widths.activations
    return [
      PlannedOperator(
        name + ".backward.input", .matmul, precision,
        OperationCost(
          flops: flops, bytesRead: rows * outputs * a + inputs * outputs * widths.weights,
          bytesWritten: rows * inputs * a)),
      PlannedOperator(
        name + ".backward.weight", .matmul, precision,
        OperationCost(
          flops: flops, bytesRead: rows * (inputs + outputs) * a, bytesWritten: inputs * outputs * widths.gradients)),
    ]
  }

  /// The sum with the residual stream and the norm of it, in one pass: reads both, writes both.
  private func norm(_ name: String) -> PlannedOperator {
    let numbers = rows * width / normShares
    let bytes = numbers * (widths.activations + widths.residual)
    return PlannedOperator(
      name, .elementwise, .f32,
      OperationCost(flops: (Self.passOperations + 1) * numbers, bytesRead: bytes, bytesWritten: bytes))
  }

  /// Reads the gradient of the norm, that of the residual stream and the stream; writes the stream's gradient and the
  /// sublayer's.
  private func normBackward(_ name: String) -> PlannedOperator {
    let numbers = rows * width / normShares
    return PlannedOperator(
      name + ".backward", .elementwise, .f32,
      OperationCost(
        flops: 2 * Self.passOperations * numbers, bytesRead: numbers * (widths.activations + 2 * widths.residual),
        bytesWritten: numbers * (widths.activations + widths.residual)))
  }

  /// A pass over `count` numbers that reads and writes so many activations for each.
  func pass(
    _ name: String, _ count: Double, read: Double, written: Double, operations: Double = passOperations
  ) -> PlannedOperator {
    PlannedOperator(
      name, .elementwise, .f32,
      OperationCost(
        flops: operations * count, bytesRead: read * count * widths.activations,
        bytesWritten: written * count * widths.activations))
  }
}
