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

  /// Operations for each number that a norm, an activation or a softmax passes over.
  static let passOperations = 5.0

  private var rows: Double { load.rows }
  private var width: Double { Double(shape.width) }
  private var queries: Double { Double(shape.heads * shape.headDim) }
  private var keys: Double { Double(shape.kvHeads * shape.headDim) }
  private var hidden: Double { Double(shape.feedForward) }
  private var upWidth: Double { shape.gated ? 2 * hidden : hidden }

  // MARK: Forward

  /// The operators of one layer.
  var layer: [PlannedOperator] {
    var operators = [
      norm("layer.norm1"), linear("layer.qkv", width, queries + 2 * keys),
    ]
    if case .rotary = shape.positions {
      let numbers = rows * (queries + keys)
      operators.append(pass("layer.rotary", numbers, read: 1, written: 1))
    }
    operators += attention
    operators += [
      linear("layer.output", queries, width), norm("layer.norm2"), linear("layer.up", width, upWidth),
      // In the epilogue of the product before it: only what it writes more than that product is traffic.
      pass("layer.activation", rows * upWidth, read: 0, written: training ? hidden / upWidth : 0),
      linear("layer.down", hidden, width),
    ]
    return operators
  }

  var attention: [PlannedOperator] {
    let heads = Double(shape.heads)
    let product = 2 * Double(shape.headDim) * heads * load.pairs
    let matrix = heads * load.pairs
    let context = rows / Double(load.tokens) * Double(load.tokens + load.past)
    let a = widths.activations
    guard case .materialized(let dropout) = kernel else {
      return [
        PlannedOperator(
          "layer.attention", .attention, precision,
          OperationCost(
            flops: 4 * Double(shape.headDim) * heads * load.visiblePairs,
            bytesRead: (rows * queries + 2 * context * keys) * a,
            bytesWritten: rows * queries * a + (training ? rows * heads * 4 : 0)))
      ]
    }
    var operators = [
      PlannedOperator(
        "layer.attention.scores", .matmul, precision,
        OperationCost(
          flops: product, bytesRead: (rows * queries + context * keys) * a, bytesWritten: matrix * a)),
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
          flops: product, bytesRead: matrix * a + context * keys * a, bytesWritten: rows * queries * a)))
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

  /// The operators of one layer's backward pass, in the order in which they run.
  var layerBackward: [PlannedOperator] {
    var operators = linearBackward("layer.down", hidden, width)
    operators.append(
      pass("layer.activation.backward", rows * upWidth, read: 1, written: 0, operations: 2 * Self.passOperations))
    operators += linearBackward("layer.up", width, upWidth)
    operators.append(normBackward("layer.norm2"))
    operators += linearBackward("layer.output", queries, width)
    operators += attentionBackward
    if case .rotary = shape.positions {
      operators.append(pass("layer.rotary.backward", rows * (queries + keys), read: 1, written: 1))
    }
    operators += linearBackward("layer.qkv", width, queries + 2 * keys)
    operators.append(normBackward("layer.norm1"))
    return operators
  }

  private var attentionBackward: [PlannedOperator] {
    let heads = Double(shape.heads)
    let product = 2 * Double(shape.headDim) * heads * load.pairs
    let matrix = heads * load.pairs
    let a = widths.activations
    let kv = 2 * rows * keys
    guard case .materialized(let dropout) = kernel else {
      return [
        PlannedOperator(
          "layer.attention.backward", .attentionBackward, precision,
          OperationCost(
            // Five products where the forward pass has two: the scores are computed again.
            flops: 10 * Double(shape.headDim) * heads * load.visiblePairs,
            bytesRead: (3 * rows * queries + kv) * a + rows * heads * 4,
            bytesWritten: (rows * queries + kv) * a))
      ]
    }
    func matmul(_ name: String, read: Double, written: Double) -> PlannedOperator {
      PlannedOperator(
        "layer.attention.\(name).backward", .matmul, precision,
        OperationCost(flops: product, bytesRead: read * a, bytesWritten: written * a))
    }
    var operators = [
      matmul("values", read: matrix + rows * queries, written: rows * keys),
      matmul("probabilities", read: rows * (queries + keys), written: matrix),
    ]
    if dropout {
      operators.append(
        pass("layer.attention.dropout.backward", matrix, read: 1 + 1 / a, written: 1, operations: 2))
    }
    operators += [
      pass("layer.attention.softmax.backward", matrix, read: 2, written: 1),
      matmul("queries", read: matrix + rows * keys, written: rows * queries),
      matmul("keys", read: matrix + rows * queries, written: rows * keys),
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
    let weights = Double(shape.parameters) / Double(shards)
    return PlannedOperator(
      "optimizer", .elementwise, .f32,
      OperationCost(
        flops: 12 * weights, bytesRead: weights * (widths.gradients + widths.optimizer),
        bytesWritten: weights * (widths.optimizer + widths.weights)))
  }

  // MARK: Parts

  /// x·Wᵀ of [rows, inputs] and [outputs, inputs].
  private func linear(
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
  private func linearBackward(_ name: String, _ inputs: Double, _ outputs: Double) -> [PlannedOperator] {
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
    let numbers = rows * width
    let bytes = numbers * (widths.activations + widths.residual)
    return PlannedOperator(
      name, .elementwise, .f32,
      OperationCost(flops: (Self.passOperations + 1) * numbers, bytesRead: bytes, bytesWritten: bytes))
  }

  /// Reads the gradient of the norm, that of the residual stream and the stream; writes the stream's gradient and the
  /// sublayer's.
  private func normBackward(_ name: String) -> PlannedOperator {
    let numbers = rows * width
    return PlannedOperator(
      name + ".backward", .elementwise, .f32,
      OperationCost(
        flops: 2 * Self.passOperations * numbers, bytesRead: numbers * (widths.activations + 2 * widths.residual),
        bytesWritten: numbers * (widths.activations + widths.residual)))
  }

  /// A pass over `count` numbers that reads and writes so many activations for each.
  private func pass(
    _ name: String, _ count: Double, read: Double, written: Double, operations: Double = passOperations
  ) -> PlannedOperator {
    PlannedOperator(
      name, .elementwise, .f32,
      OperationCost(
        flops: operations * count, bytesRead: read * count * widths.activations,
        bytesWritten: written * count * widths.activations))
  }
}
