import Costs
import NumericTypes
import Tensors

/// The way back through x → s(x) · q(x / s(x)) by blocks:
///
///     gx = g q̃'(u) + [Σ over the block of g (q(u) − u q̃'(u))] ∂s/∂x,  u = x / s,
///
/// where ∂s/∂x is 0 but for the block's largest element a, there sign(a) ∂s/∂|a| (arXiv 2509.17791).
public struct FP4Gradient: Sendable, Hashable {
  /// q̃'.
  public var estimator: GradientEstimator
  /// ∂s/∂|a|.
  public var scale: ScaleGradient

  /// A way back.
  public init(_ estimator: GradientEstimator, scale: ScaleGradient = .none) {
    self.estimator = estimator
    self.scale = scale
  }

  /// Whether a gradient goes through as it is.
  public var isIdentity: Bool { estimator == .straightThrough && scale == .none }

  /// The gradient of x, [R, C].
  ///
  /// - Parameters:
  ///   - gradient: that of the rounded numbers, [R, C].
  ///   - x: what was rounded, [R, C].
  ///   - values: the rounded numbers, [R, C].
  ///   - scales: each block's scale times the tensor's, [R, ⌈C / block⌉].
  ///   - block: a block's elements.
  ///   - context: where to compute.
  public func taken(
    _ gradient: Tensor, x: Tensor, values: Tensor, scales: Tensor, block: Int, _ context: Context
  ) -> Tensor {
    let (rows, columns) = (x.shape[0], x.shape[1])
    let blocks = (columns + block - 1) / block
    let tensors = [gradient, x, values, scales].map { context.contiguous($0.detached()) }
    let y = context.empty(x.shape)
    let (g, from, rounded, scale) = (
      tensors[0].pointer(as: Float.self), tensors[1].pointer(as: Float.self), tensors[2].pointer(as: Float.self),
      tensors[3].pointer(as: Float.self)
    )
    let to = y.pointer(as: Float.self)
    let cost = OperationCost(
      flops: (estimator.operations + self.scale.operations + 2) * Double(x.count), bytesRead: 12 * Double(x.count),
      bytesWritten: 4 * Double(x.count))
    withExtendedLifetime(tensors) {
      context.performRanges(x.count == 0 ? 0 : rows, grain: max(1, 2048 / max(1, columns)), .elementwise, cost) {
        [self] range in
        for row in range {
          for index in 0..<blocks {
            let start = row * columns + index * block
            let end = min(row * columns + columns, start + block)
            let s = scale[row * blocks + index]
            var (sum, largest, place) = (Float(0), Float(-1), start)
            for element in start..<end {
              let u = from[element] / s
              let slope = estimator.derivative(u)
              to[element] = g[element] * slope
              if self.scale == .none { continue }
              sum += g[element] * (rounded[element] / s - u * slope)
              if from[element].magnitude > largest { (largest, place) = (from[element].magnitude, element) }
            }
            if self.scale == .none || !(largest > 0) { continue }
            let rise = self.scale == .straightThrough ? 1 / FP4Payload.max : s / largest
            to[place] += sum * (from[place] < 0 ? -rise : rise)
          }
        }
      }
    }
    return y
  }
}
