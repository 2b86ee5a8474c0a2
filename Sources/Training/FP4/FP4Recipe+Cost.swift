extension FP4Recipe {
  /// What a recipe adds to the three products of a layer.
  public struct Cost: Sendable, Hashable {
    /// Operations on single elements beside the products.
    public var elementOperations: Double
    /// Passes of an operand over memory.
    public var elementPasses: Double
    /// Multiplications and additions of the products.
    public var productOperations: Double
    /// Operations beside the products for each of theirs.
    public var overhead: Double { elementOperations / productOperations }
  }

  /// Operations for each element that is brought to four bits: size, maximum, division, rounding and the product with the
  /// scale; a scale's own are shared by its block. Random numbers are ten rounds of Philox for four of them.
  func operations(_ rounding: FP4Quantizer.Rounding, isTurned: Bool) -> Double {
    let scale = 8 / Double(format.block) * (format.scaleRounding == .stochastic ? 2 : 1)
    let chance: Double = rounding == .stochastic ? 22 : 0
    let turning = isTurned ? 2 * Double(hadamardBlock.trailingZeroBitCount) + 2 : 0
    return 7 + scale + chance + turning + (format.hasTensorScale ? 2 : 0)
  }

  /// The cost of a layer over N rows from K inputs to M outputs.
  public func cost(rows: Int, inputs: Int, outputs: Int) -> Cost {
    let (n, k, m) = (Double(rows), Double(inputs), Double(outputs))
    let (x, w, y) = (n * k, k * m, n * m)
    func operand(_ elements: Double, _ rounding: FP4Quantizer.Rounding, _ product: Turned) -> Double {
      elements * operations(rounding, isTurned: turned.contains(product))
    }
    var sum =
      operand(x, activations, .forward) + operand(w, weights, .forward) + operand(y, gradients, .inputGradient)
      + operand(w, weights, .inputGradient) + operand(y, gradients, .weightGradient)
      + operand(x, activations, .weightGradient)
    let way = gradient.estimator.operations + gradient.scale.operations
    if !gradient.isIdentity {
      // What was turned is turned there and back again.
      let turning = turned.contains(.forward) ? 4 * Double(hadamardBlock.trailingZeroBitCount) + 4 : 0
      sum += (x + w) * (way + 2 + turning)
    }
    if lossScale != 1 { sum += y + x + w }
    // A quantile by a histogram, the cut, and the sparse product.
    if outliers > 0 { sum += 4 * x + 2 * outliers * x * m }
    let passes = 2 * (x + w + y) * (1 + (format.hasTensorScale ? 0.5 : 0)) * 2
    return Cost(elementOperations: sum, elementPasses: passes, productOperations: 6 * n * k * m)
  }
}
