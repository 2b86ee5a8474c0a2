import Costs

/// What a step of this engine takes, from operators measured alone: level 3 predicts level 1.
///
/// Products take a + b · operations + c · bytes, one set of constants for all shapes, fitted on relative errors: the larger of
/// them is what is left of the processor's peak, the others make small and thin products slower. What is not a product takes
/// its bytes at the rate that such operators were seen to reach, attention its operations at its own rate.
public struct DissectionTimes: Sendable, Hashable {
  /// A product that was timed alone.
  public struct Product: Sendable, Hashable {
    /// Rows.
    public var m: Int
    /// Columns.
    public var n: Int
    /// The inner extent.
    public var k: Int
    /// The matrices of a batch.
    public var batch: Int
    /// Seconds.
    public var seconds: Double

    /// A timed product.
    public init(m: Int, n: Int, k: Int, batch: Int = 1, seconds: Double) {
      (self.m, self.n, self.k, self.batch, self.seconds) = (m, n, k, batch, seconds)
    }

    /// Operations, and bytes in 32 bits.
    var cost: (flops: Double, bytes: Double) {
      let (m, n, k, batch) = (Double(m), Double(n), Double(k), Double(batch))
      return (2 * m * n * k * batch, 4 * batch * (m * k + k * n + m * n))
    }
  }

  /// Rates of what is not a product of matrices.
  public struct Rates: Sendable, Hashable {
    /// Bytes a second of operators between products.
    public var traffic: Double
    /// Bytes a second of the optimizer.
    public var optimizer: Double
    /// Operations a second of fused attention, both ways.
    public var attention: Double
    /// Bytes a second to and from the disk; infinite where nothing goes there.
    public var disk: Double
    /// Weights a second that are made of 4 bits.
    public var unpacking: Double

    /// Rates, all above 0.
    public init(
      traffic: Double, optimizer: Double, attention: Double, disk: Double = .infinity, unpacking: Double = .infinity
    ) {
      (self.traffic, self.optimizer, self.attention) = (traffic, optimizer, attention)
      (self.disk, self.unpacking) = (disk, unpacking)
    }
  }

  /// Seconds of a product beyond its work, for each operation, and for each byte.
  public let constants: [Double]
  /// The rates of the rest.
  public let rates: Rates
  /// The mean relative error of the products that constants were fitted on.
  public let fitError: Double

  /// Fits the products.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for fewer than four, times that are none, and rates that are none.
  public init(_ products: [Product], rates: Rates) throws(PlannerError) {
    guard products.count >= 4, products.allSatisfy({ $0.seconds > 0 && $0.seconds.isFinite }) else {
      throw .invalid(field: "products", problem: "\(products.count), where four or more with times above 0 are wanted")
    }
    for (field, rate) in [
      ("traffic", rates.traffic), ("optimizer", rates.optimizer), ("attention", rates.attention), ("disk", rates.disk),
      ("unpacking", rates.unpacking),
    ] where !(rate > 0) {
      throw .invalid(field: field, problem: "a rate of \(rate)")
    }
    let rows = products.map { [1, $0.cost.flops, $0.cost.bytes] }
    let fit = try LinearFit.nonnegative(
      rows: rows, values: products.map(\.seconds), weights: products.map { 1 / ($0.seconds * $0.seconds) })
    constants = fit.coefficients
    self.rates = rates
    let errors = zip(rows, products).map { abs(fit.value(at: $0) / $1.seconds - 1) }
    fitError = errors.reduce(0, +) / Double(errors.count)
  }

  /// Seconds of a product.
  public func seconds(m: Double, n: Double, k: Double, batch: Double = 1) -> Double {
    constants[0] + constants[1] * 2 * m * n * k * batch + constants[2] * 4 * batch * (m * k + k * n + m * n)
  }

  /// The part of `peak` operations a second that a product reaches: the curve that level 3 measures.
  public func efficiency(m: Double, n: Double, k: Double, peak: Double) -> Double {
    2 * m * n * k / seconds(m: m, n: n, k: k) / peak
  }

  /// Seconds of a step's parts.
  public struct Step: Sendable, Hashable {
    /// The loss.
    public var forward: Double
    /// The gradients, without what is computed again.
    public var backward: Double
    /// What is computed again.
    public var recompute: Double
    /// The weights, the disk among it.
    public var optimizer: Double

    /// All of it.
    public var total: Double { forward + backward + recompute + optimizer }
  }

  /// What a step over `sequences` sequences of `tokens` tokens takes with the techniques of a cell.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a cell that needs ranks or has nothing to train.
  public func step(
    _ shape: TransformerShape, _ cell: DissectionCell, sequences: Int, tokens: Int
  ) throws(PlannerError) -> Step {
    let memory = try DissectionMemory(shape, cell, sequences: sequences, tokens: tokens)
    let (t, n) = (Double(sequences * tokens), Double(tokens))
    let (d, f, layers) = (Double(shape.width), Double(shape.feedForward), Double(shape.layers))
    let (q, k, h) = (
      Double(shape.heads * shape.headDim), Double(shape.kvHeads * shape.headDim), Double(shape.heads)
    )
    let isLow = cell.has(.lowRank)
    var matrices: [(outputs: Double, inputs: Double)] = [(q + 2 * k, d), (d, q), (f, d), (d, f)]
    if shape.gated { matrices.append((f, d)) }
    func sum(_ value: (_ outputs: Double, _ inputs: Double) -> Double) -> Double {
      matrices.reduce(0.0) { sum, matrix in sum + value(matrix.outputs, matrix.inputs) }
    }
    let product = sum { seconds(m: t, n: $0, k: $1) }
    let ofInputs = sum { seconds(m: t, n: $1, k: $0) }
    let ofWeights = sum { seconds(m: $0, n: $1, k: t) }
    // Queries, keys and values are changed apart.
    let changed: [(outputs: Double, inputs: Double)] =
      matrices.dropFirst().map { ($0.outputs, $0.inputs) } + [(q, d), (k, d), (k, d)]
    let r = Double(DissectionMemory.rank)
    let low = changed.reduce(0.0) { sum, matrix in
      sum + seconds(m: t, n: r, k: matrix.inputs) + seconds(m: t, n: matrix.outputs, k: r)
    }
    let lowBack = changed.reduce(0.0) { sum, matrix in
      let ofSecond = seconds(m: t, n: r, k: matrix.outputs) + seconds(m: matrix.outputs, n: r, k: t)
      return sum + ofSecond + seconds(m: t, n: matrix.inputs, k: r) + seconds(m: r, n: matrix.inputs, k: t)
    }
    let unpacked = cell.has(.quantised) ? sum { $0 * $1 } / rates.unpacking : 0
    let attention = attention(fused: cell.has(.fusedAttention), t, n, h, q, k, Double(shape.headDim))
    // Numbers of a token that are read and written between products, as the engine's operators count them: norms, sums, rotation, the
    // gate; on the way back also heads that are put together again, and gradients laid out for products.
    let (qkv, turned) = (q + 2 * k, q + k)
    let outward =
      10 * d + 4 * turned + (shape.gated ? 3 : 2) * f
      + (isLow ? 5 * qkv + 3 * (2 * d + (shape.gated ? 2 : 1) * f) : 0)
    let inward =
      19 * d + 9 * qkv + 9 * turned + (shape.gated ? 15 : 6) * f + (isLow ? 3 * f + 3 * q + 6 * d + 14 * qkv : 0)
    let forward = product + attention.forward + 4 * t * outward / rates.traffic + unpacked + (isLow ? low : 0)
    let backward =
      ofInputs + (isLow ? lowBack : ofWeights) + attention.backward + 4 * t * inward / rates.traffic + unpacked
    // The head makes its gradients on the way forward, a block of rows at a time.
    let v = Double(shape.vocabulary)
    let block = min(t, max(16, (0x1p20 / v).rounded(.down)))
    let blocks = t / block
    var head =
      seconds(m: block, n: v, k: d) + seconds(m: block, n: d, k: v) + 4 * (isLow ? 3 : 5) * block * v / rates.traffic
    if !isLow { head += seconds(m: v, n: d, k: block) + (blocks > 1 ? 4 * 3 * v * d / rates.traffic : 0) }
    let trained = memory.gradients / 4
    return Step(
      forward: layers * forward + blocks * head,
      backward: layers * backward + (isLow ? 0 : 4 * 6 * v * d / rates.traffic),
      recompute: cell.has(.recompute) ? layers * forward : 0,
      // Weights and two moments are read and written, gradients read; the file's moments go to the disk and come from it.
      optimizer: 28 * trained / rates.optimizer + 2 * memory.onDisk / rates.disk)
  }

  private func attention(
    fused: Bool, _ t: Double, _ n: Double, _ h: Double, _ q: Double, _ k: Double, _ dim: Double
  ) -> (forward: Double, backward: Double) {
    if fused {
      // Half of the pairs; two products forward, five backward.
      let pairs = t * n * h / 2
      return (2 * pairs * 2 * dim / rates.attention, 5 * pairs * 2 * dim / rates.attention)
    }
    let batch = t / n * h
    let (scores, values) = (seconds(m: n, n: n, k: dim, batch: batch), seconds(m: n, n: dim, k: n, batch: batch))
    let copies = 4 * (q + k)
    // Scaled, masked, softmax; its gradient, scaled, and the gradients of keys and values over their groups' heads.
    let forward = scores + values + 4 * t * (8 * h * n + copies) / rates.traffic
    let backward = 2 * (scores + values) + 4 * t * (9 * h * n + 4 * q + 2 * k) / rates.traffic
    return (forward, backward)
  }
}
