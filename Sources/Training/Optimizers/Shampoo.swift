import Costs
import NumericTypes
import Tensors

/// Gradients of matrices preconditioned from both sides
/// (Gupta, Koren, Singer: Shampoo: preconditioned stochastic tensor optimization, 2018), in blocks, with another rule's step
/// length (Anil et al.: Scalable second order optimization for deep learning, 2020).
///
/// For each block G of at most ``blockSize`` rows and columns: L and R gather GGᵀ and GᵀG, as sums for β₂ = 1, else as
/// averages divided by 1 - β₂ᵗ; P = (L + ε‖L‖I)^(-1/4) G (R + ε‖R‖I)^(-1/4). P is scaled to the length that ``grafting``
/// says; b ← β₁b + P; w ← w - rate · (b + λw). Vectors and scalars are divided by the roots of their squares, ε added.
///
/// L and R are f64 and change in every step. Their roots are found by ``InverseRoot`` in f64 in the first step and in each
/// step whose number is a multiple of ``rootInterval``; a root that cannot be found leaves the one before it in use.
/// Products with gradients are f32.
public struct Shampoo: WeightDecayingRule {
  /// Whose step length the preconditioned direction gets, for each parameter as a whole.
  public enum Grafting: Sendable {
    /// Its own.
    case none
    /// The gradient's.
    case gradient
    /// RMSprop's with Adam's correction: g / (√v̂ + 1e-8), v with β₂ or, where that is 1, 0.999.
    case rms
  }

  /// The name, for messages.
  public let name = "Shampoo"
  /// β₁, of the heavy ball.
  public var momentum: Double
  /// β₂, of the statistics; 1 for sums.
  public var beta2: Double
  /// ε, in relation to a statistic's size.
  public var epsilon: Double
  /// λ, apart from the gradient.
  public var weightDecay: Double
  /// The largest extent of a block.
  public var blockSize: Int
  /// Steps from one computation of the roots to the next.
  public var rootInterval: Int
  /// Whose step length is taken.
  public var grafting: Grafting

  /// Settings that suit small models unless given.
  public init(
    momentum: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: Double = 0,
    blockSize: Int = 128, rootInterval: Int = 10, grafting: Grafting = .rms
  ) {
    self.momentum = momentum
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.blockSize = blockSize
    self.rootInterval = rootInterval
    self.grafting = grafting
  }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try check("Shampoo.momentum", momentum, .fraction)
    try check("Shampoo.beta2", beta2, .share)
    try check("Shampoo.epsilon", epsilon, .positive)
    try check("Shampoo.weightDecay", weightDecay, .notNegative)
    if blockSize < 1 || blockSize > 8192 {
      throw .invalidSetting(field: "Shampoo.blockSize", value: Double(blockSize), expected: "from 1 to 8192")
    }
    try check("Shampoo.rootInterval", rootInterval, atLeast: 1)
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] {
    var slots = [StateSlot("momentum", shape)]
    if shape.rank >= 2, shape.count > 0 {
      let blocks = Blocks(shape, blockSize)
      let (left, right) = (blocks.left, blocks.right)
      slots += [
        StateSlot("left", left, .f64), StateSlot("right", right, .f64), StateSlot("leftRoot", left),
        StateSlot("rightRoot", right),
      ]
    }
    if shape.rank < 2 || grafting == .rms { slots.append(StateSlot("secondMoment", shape)) }
    return slots
  }

  /// Takes a step.
  public func update(_ update: Update) {
    let context = update.context
    let direction: Tensor
    if update.weights.shape.rank < 2 {
      direction = byRoots(update, beta2: beta2, epsilon: epsilon)
    } else {
      direction = preconditioned(update)
      let model: Tensor? =
        switch grafting {
        case .none: nil
        case .gradient: update.gradient
        case .rms: byRoots(update, beta2: beta2 == 1 ? 0.999 : beta2, epsilon: 1e-8)
        }
      if let model {
        let size = context.sumOfSquares(direction).squareRoot()
        let wanted = context.sumOfSquares(model).squareRoot()
        context.scale(direction, by: Float(size > 0 ? wanted / size : 0))
      }
    }
    context.blend(direction, 1, into: update.state[0], momentum)
    update.descend(update.state[0], rate: update.rate, decay: weightDecay)
  }

  /// The weight of what is new in a statistic, of what was, and the correction of the whole.
  private func averaging(_ step: Int, _ beta: Double) -> (new: Double, old: Double, correction: Double) {
    beta == 1 ? (1, 1, 1) : (1 - beta, beta, 1 / (1 - power(beta, step)))
  }

  /// g / (√v̂ + ε), v the last of the state.
  private func byRoots(_ update: Update, beta2: Double, epsilon: Double) -> Tensor {
    let (context, direction) = (update.context, update.context.empty(update.weights.shape))
    let (new, old, correction) = averaging(update.step, beta2)
    let v = update.pointer(update.state[update.state.count - 1])
    let (g, u) = (update.pointer(update.gradient), update.pointer(direction))
    let cost = Context.elementwiseCost(direction.shape, .f32, operands: 2)
    context.performRanges(direction.count, grain: Update.grain, .update, cost) { range in
      for i in range {
        v[i] = Float(new) * g[i] * g[i] + Float(old) * v[i]
        u[i] = g[i] / ((v[i] * Float(correction)).squareRoot() + Float(epsilon))
      }
    }
    return direction
  }

  private func preconditioned(_ update: Update) -> Tensor {
    let (context, shape) = (update.context, update.weights.shape)
    let blocks = Blocks(shape, blockSize)
    let gradient = update.gradient.reshaped([blocks.rows, blocks.columns])
    let (left, right) = (update.state[1], update.state[2])
    let (leftRoot, rightRoot) = (update.state[3], update.state[4])
    let (new, old, correction) = averaging(update.step, beta2)
    for block in 0..<blocks.count {
      let part = context.copy(blocks.view(of: gradient, block))
      gather(context.copy(part.transposed()), new, old, into: left, block, context)
      gather(part, new, old, into: right, block, context)
    }
    if !context.isRehearsal, update.step == 1 || update.step.isMultiple(of: rootInterval) {
      // Each root by one worker; the two sides of a block may differ in size.
      let ridge = epsilon
      context.workers.run(2 * blocks.count) { item, _ in
        let (block, side) = item.quotientAndRemainder(dividingBy: 2)
        let size = side == 0 ? blocks.rowRange(block).count : blocks.columnRange(block).count
        let statistics = side == 0 ? left : right
        let (roots, stride) = (side == 0 ? leftRoot : rightRoot, statistics.shape[-1])
        let start = block * stride * stride
        let from = statistics.pointer(as: Double.self) + start
        let to = roots.pointer(as: Float.self) + start
        var root = InverseRoot(order: 4, size: size)
        let isFound = root.compute({ from[$0 * stride + $1] * correction }, ridge: ridge) { index, value in
          to[index / size * stride + index % size] = value
        }
        // Roots begin as zeros, which would let the parameter stand.
        if !isFound, to[0] == 0 { for i in 0..<size { to[i * stride + i] = 1 } }
      }
    }
    let direction = context.empty([blocks.rows, blocks.columns])
    for block in 0..<blocks.count {
      let (rows, columns) = (blocks.rowRange(block), blocks.columnRange(block))
      let l = blocks.view(of: leftRoot, block, size: rows.count)
      let r = blocks.view(of: rightRoot, block, size: columns.count)
      let turned = context.matmul(context.matmul(l, context.copy(blocks.view(of: gradient, block))), r)
      let (from, to) = (turned.pointer(as: Float.self), direction.pointer(as: Float.self))
      withExtendedLifetime(turned) {
        for (index, row) in rows.enumerated() {
          (to + row * blocks.columns + columns.lowerBound).update(
            from: from + index * columns.count, count: columns.count)
        }
      }
    }
    return direction.reshaped(shape)
  }

  /// statistic[block] ← new · xᵀx + old · statistic[block], in f64: rounded to f32, x's small directions would be lost in
  /// what is divided by their roots.
  private func gather(
    _ x: Tensor, _ new: Double, _ old: Double, into statistic: Tensor, _ block: Int, _ context: Context
  ) {
    let (rows, size, stride) = (x.shape[0], x.shape[1], statistic.shape[-1])
    let from = x.pointer(as: Float.self)
    let to = statistic.pointer(as: Double.self) + block * stride * stride
    withExtendedLifetime((x, statistic)) {
      let cost = OperationCost(flops: Double(2 * rows * size * size), bytesRead: Double(4 * rows * size))
      context.performRanges(size, grain: max(1, 4 * Update.grain / (size * rows)), .update, cost) { lines in
        for line in lines {
          let sums = to + line * stride
          for column in 0..<size { sums[column] *= old }
          for row in 0..<rows {
            let factor = new * Double(from[row * size + line])
            for column in 0..<size { sums[column] += factor * Double(from[row * size + column]) }
          }
        }
      }
    }
  }

  /// How a matrix is cut.
  struct Blocks {
    let rows: Int
    let columns: Int
    /// The extents of a block, but for the last ones.
    let height: Int
    let width: Int
    private let across: Int

    /// The blocks of a tensor as a matrix; it is not empty.
    init(_ shape: Shape, _ largest: Int) {
      (rows, columns) = Muon.matrix(shape)
      height = min(rows, largest)
      width = min(columns, largest)
      across = (columns + width - 1) / width
    }

    var count: Int { (rows + height - 1) / height * across }
    /// The shapes of the statistics of all blocks.
    var left: Shape { [count, height, height] }
    var right: Shape { [count, width, width] }

    func rowRange(_ block: Int) -> Range<Int> {
      let start = block / across * height
      return start..<min(rows, start + height)
    }

    func columnRange(_ block: Int) -> Range<Int> {
      let start = block % across * width
      return start..<min(columns, start + width)
    }

    /// A block of the matrix.
    func view(of matrix: Tensor, _ block: Int) -> Tensor {
      matrix.sliced(axis: 0, rowRange(block)).sliced(axis: 1, columnRange(block))
    }

    /// The first `size` rows and columns of a block's statistic.
    func view(of statistics: Tensor, _ block: Int, size: Int) -> Tensor {
      let extent = statistics.shape[-1]
      return statistics.sliced(axis: 0, block..<block + 1).reshaped([extent, extent])
        .sliced(axis: 0, 0..<size).sliced(axis: 1, 0..<size)
    }
  }
}
