import Costs
import NumericTypes
import Tensors

/// Adam's second moment as the product of a column and a row, so that a matrix costs a row and a column of state
/// (Shazeer, Stern: Adafactor: adaptive learning rates with sublinear memory cost, 2018).
///
/// With b = t^``secondMomentDecay``: R and C move by b to the means of g² over rows and columns, V = R Cᵀ / mean R, vectors
/// keep V itself; u = g / max(√V, ε₁), u ← u / max(1, RMS(u) / d); ρ = min(rate, 1/√t), α = max(ε₂, RMS(w)) ρ;
/// w ← w - rate · λw - αu. The last two axes are factored, each matrix of leading axes by itself.
public struct Adafactor: WeightDecayingRule {
  /// The name, for messages.
  public let name = "Adafactor"
  /// The exponent of t, 0 or below.
  public var secondMomentDecay: Double
  /// ε₁, under the roots.
  public var epsilon: Double
  /// ε₂, the least scale of a parameter.
  public var leastScale: Double
  /// d, where the update's root mean square is clipped.
  public var clipping: Double
  /// λ.
  public var weightDecay: Double

  /// The paper's settings unless given.
  public init(
    secondMomentDecay: Double = -0.8, epsilon: Double = 0x1p-23, leastScale: Double = 1e-3, clipping: Double = 1,
    weightDecay: Double = 0
  ) {
    self.secondMomentDecay = secondMomentDecay
    self.epsilon = epsilon
    self.leastScale = leastScale
    self.clipping = clipping
    self.weightDecay = weightDecay
  }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    if !(secondMomentDecay.isFinite && secondMomentDecay <= 0) {
      throw .invalidSetting(
        field: "Adafactor.secondMomentDecay", value: secondMomentDecay, expected: "a finite number, 0 or less")
    }
    try check("Adafactor.epsilon", epsilon, .positive)
    try check("Adafactor.leastScale", leastScale, .notNegative)
    if !(clipping.isFinite && clipping >= 1) {
      throw .invalidSetting(field: "Adafactor.clipping", value: clipping, expected: "a finite number, 1 or more")
    }
    try check("Adafactor.weightDecay", weightDecay, .notNegative)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] {
    if shape.rank < 2 { return [StateSlot("secondMoment", shape)] }
    let leading = Array(shape.dimensions.dropLast(2))
    return [StateSlot("rows", Shape(leading + [shape[-2]])), StateSlot("columns", Shape(leading + [shape[-1]]))]
  }

  /// Takes a step.
  public func update(_ update: Update) {
    let (context, shape, step) = (update.context, update.weights.shape, Double(update.step))
    let count = Double(shape.count)
    let scale = max(leastScale, (context.sumOfSquares(update.weights) / count).squareRoot())
    let rate = scale * min(update.rate, 1 / step.squareRoot())
    if rate == 0 { return }
    let share = Float(raised(step, secondMomentDecay))
    let direction = context.empty(shape)
    if shape.rank < 2 { vector(update, share, direction) } else { matrices(update, share, direction) }
    let size = (context.sumOfSquares(direction) / count).squareRoot()
    let applied = rate / max(1, size / clipping)
    update.descend(direction, rate: applied, decay: weightDecay * update.rate / applied)
  }

  private func vector(_ update: Update, _ share: Float, _ direction: Tensor) {
    let least = Float(epsilon * epsilon)
    let (g, v, u) = (update.pointer(update.gradient), update.pointer(update.state[0]), update.pointer(direction))
    let context = update.context
    let cost = Context.elementwiseCost(direction.shape, .f32, operands: 3)
    context.performRanges(direction.count, grain: Update.grain, .update, cost) { range in
      for i in range {
        v[i] += share * (g[i] * g[i] - v[i])
        u[i] = g[i] / max(v[i], least).squareRoot()
      }
    }
  }

  /// Means over rows are taken row by row; means over columns in runs of 64 rows, and the runs one after the other, so that
  /// the order depends on the shape alone.
  private func matrices(_ update: Update, _ share: Float, _ direction: Tensor) {
    let (context, shape) = (update.context, direction.shape)
    let (rows, columns) = (shape[-2], shape[-1])
    let matrices = shape.count / (rows * columns)
    let kernels = context.updateKernels
    let (g, u) = (update.pointer(update.gradient), update.pointer(direction))
    let (rowMeans, columnMeans) = (update.pointer(update.state[0]), update.pointer(update.state[1]))
    let run = 64
    let runs = (rows + run - 1) / run
    let partial = context.empty([matrices, runs, columns])
    let sums = partial.pointer(as: Float.self)
    let cost = Context.elementwiseCost(shape, .f32)
    context.performRanges(matrices * runs, grain: max(1, Update.grain / (run * columns)), .update, cost) { items in
      for item in items {
        let (matrix, part) = item.quotientAndRemainder(dividingBy: runs)
        let sum = sums + item * columns
        for column in 0..<columns { sum[column] = 0 }
        for row in part * run..<min(rows, (part + 1) * run) {
          let line = g + (matrix * rows + row) * columns
          let mean = kernels.pointee.sum_of_squares(Int64(columns), line) / Float(columns)
          rowMeans[matrix * rows + row] += share * (mean - rowMeans[matrix * rows + row])
          for column in 0..<columns { sum[column] += line[column] * line[column] }
        }
      }
    }
    var overall = [Float](repeating: 0, count: matrices)
    for matrix in 0..<matrices where !context.isRehearsal {
      for column in 0..<columns {
        var sum = 0.0
        for part in 0..<runs { sum += Double(sums[(matrix * runs + part) * columns + column]) }
        let at = matrix * columns + column
        columnMeans[at] += share * (Float(sum / Double(rows)) - columnMeans[at])
      }
      let total = (0..<rows).reduce(0.0) { $0 + Double(rowMeans[matrix * rows + $1]) }
      overall[matrix] = Float(max(total / Double(rows), epsilon))
    }
    let least = Float(epsilon * epsilon)
    withExtendedLifetime(partial) {
      context.performRanges(matrices * rows, grain: max(1, Update.grain / columns), .update, cost) {
        [overall] lines in
        for line in lines {
          let matrix = line / rows
          let factor = rowMeans[line] / overall[matrix]
          for column in 0..<columns {
            let variance = max(factor * columnMeans[matrix * columns + column], least)
            u[line * columns + column] = g[line * columns + column] / variance.squareRoot()
          }
        }
      }
    }
  }
}
