import Costs
import NumericTypes

extension Context {
  /// The mean and variance of each channel of a batch, [C] each, of which no gradient goes back.
  public typealias ChannelStatistics = (mean: Tensor, variance: Tensor)

  /// (x - mean) / √(variance + ε) · w + b of x [N, C, …], mean and variance those of each channel over all examples and positions
  /// (Ioffe, Szegedy: Batch normalization, 2015); `isRectified` for the positive part of that.
  ///
  /// The variance is divided by the number of elements. Sums of a channel are made in one order, example by example.
  ///
  /// - Precondition: f32 or f64, all of one type; `weight` and `bias` have an element for each channel.
  public func batchNorm(
    _ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Double = 1e-5, isRectified: Bool = false
  ) -> (output: Tensor, statistics: ChannelStatistics) {
    precondition(
      x.shape.rank >= 2 && (x.dtype == .f32 || x.dtype == .f64) && weight.dtype == x.dtype && bias.dtype == x.dtype
        && weight.count == x.shape[1] && bias.count == x.shape[1],
      "batch norm of \(x.dtype.displayName) \(x.shape) with \(weight.shape) and \(bias.shape)")
    let parts = [contiguous(x), contiguous(weight), contiguous(bias)]
    let norm = BatchNorm(parts[0].shape, epsilon, isRectified, parts[0].dtype, self)
    let statistics = (mean: norm.mean, variance: norm.variance)
    guard parts.contains(where: \.isTracked) else { return (norm.forward(parts, self), statistics) }
    let output = differentiable(parts, keepingOutput: isRectified) {
      norm.forward(parts.map { $0.detached() }, self)
    } backward: { call in
      if call.isRecorded { return norm.composed(parts, call) }
      let output = isRectified ? call.output : nil
      return norm.backward(parts, call.context.contiguous(call.gradient), output, call.context)
    }
    return (output, statistics)
  }
}

/// The batch norm of one shape, with its statistics.
private struct BatchNorm {
  let examples: Int
  let channels: Int
  /// Positions of a channel in an example.
  let positions: Int
  let epsilon: Double
  let isRectified: Bool
  let mean: Tensor
  let variance: Tensor

  init(_ shape: Shape, _ epsilon: Double, _ isRectified: Bool, _ dtype: DType, _ context: Context) {
    (examples, channels) = (shape[0], shape[1])
    positions = shape.dimensions[2...].reduce(1, *)
    self.epsilon = epsilon
    self.isRectified = isRectified
    mean = context.empty([channels], dtype)
    variance = context.empty([channels], dtype)
  }

  private func cost(_ passes: Double) -> OperationCost {
    let count = Double(examples * channels * positions)
    return OperationCost(flops: 4 * passes * count, bytesRead: 4 * passes * count, bytesWritten: 4 * count)
  }

  /// Calls `body` for the channels, in parallel.
  private func perform(_ context: Context, _ passes: Double, _ body: @escaping (Int) -> Void) {
    let grain = max(1, 16384 / max(1, examples * positions))
    context.performRanges(channels, grain: grain, .layerNorm, cost(passes)) { for channel in $0 { body(channel) } }
  }

  func forward(_ parts: [Tensor], _ context: Context) -> Tensor {
    parts[0].dtype == .f64 ? forward(parts, context, in: Double.self) : forward(parts, context, in: Float.self)
  }

  private func forward<Lane: LaneNumber & BinaryFloatingPoint & SIMDScalar>(
    _ parts: [Tensor], _ context: Context, in: Lane.Type
  ) -> Tensor {
    let y = context.empty(parts[0].shape, parts[0].dtype)
    let (from, w, b) = (
      parts[0].pointer(as: Lane.self), parts[1].pointer(as: Lane.self), parts[2].pointer(as: Lane.self)
    )
    let (to, means, variances) = (
      y.pointer(as: Lane.self), mean.pointer(as: Lane.self), variance.pointer(as: Lane.self)
    )
    let (examples, positions, isRectified) = (examples, positions, isRectified)
    let (step, count, epsilon) = (channels * positions, Lane(examples * positions), Lane(epsilon))
    withExtendedLifetime(parts) {
      perform(context, 3) { channel in
        let start = channel * positions
        var total: Lane = 0
        for example in 0..<examples {
          let row = from + start + example * step
          total += laneSum(positions) { row[$0] }
        }
        let mean = total / count
        total = 0
        for example in 0..<examples {
          let row = from + start + example * step
          total += laneSum(positions) { (row[$0] - mean) * (row[$0] - mean) }
        }
        (means[channel], variances[channel]) = (mean, total / count)
        let scale = w[channel] / (total / count + epsilon).squareRoot()
        let offset = b[channel]
        for example in 0..<examples {
          let (row, out) = (from + start + example * step, to + start + example * step)
          if isRectified {
            for i in 0..<positions {
              let value = (row[i] - mean) * scale + offset
              out[i] = value > 0 || value.isNaN ? value : 0
            }
          } else {
            for i in 0..<positions { out[i] = (row[i] - mean) * scale + offset }
          }
        }
      }
    }
    return y
  }

  /// gx = w r (g - mean(g) - x̂ mean(g x̂)), gw = Σ g x̂ and gb = Σ g, where a rectified output is above 0.
  func backward(_ parts: [Tensor], _ gradient: Tensor, _ output: Tensor?, _ context: Context) -> [Tensor?] {
    parts[0].dtype == .f64
      ? backward(parts, gradient, output, context, in: Double.self)
      : backward(parts, gradient, output, context, in: Float.self)
  }

  private func backward<Lane: LaneNumber & BinaryFloatingPoint & SIMDScalar>(
    _ parts: [Tensor], _ gradient: Tensor, _ output: Tensor?, _ context: Context, in: Lane.Type
  ) -> [Tensor?] {
    let made = parts.map { context.empty($0.shape, $0.dtype) }
    let (from, g, w) = (
      parts[0].pointer(as: Lane.self), gradient.pointer(as: Lane.self), parts[1].pointer(as: Lane.self)
    )
    let y = output?.pointer(as: Lane.self)
    let (gx, gw, gb) = (
      made[0].pointer(as: Lane.self), made[1].pointer(as: Lane.self), made[2].pointer(as: Lane.self)
    )
    let (means, variances) = (mean.pointer(as: Lane.self), variance.pointer(as: Lane.self))
    let (examples, positions) = (examples, positions)
    let (step, count, epsilon) = (channels * positions, Lane(examples * positions), Lane(epsilon))
    withExtendedLifetime((parts, gradient, output, mean, variance)) {
      perform(context, 4) { channel in
        let start = channel * positions
        let mean = means[channel]
        let root = 1 / (variances[channel] + epsilon).squareRoot()
        var (sum, product): (Lane, Lane) = (0, 0)
        for example in 0..<examples {
          let at = start + example * step
          let (row, g, out) = (from + at, g + at, gx + at)
          if let y {
            let y = y + at
            // The gradient before the rectifier stands where that of x will.
            for i in 0..<positions { out[i] = y[i] > 0 ? g[i] : 0 }
            sum += laneSum(positions) { out[$0] }
            product += laneSum(positions) { out[$0] * (row[$0] - mean) }
          } else {
            sum += laneSum(positions) { g[$0] }
            product += laneSum(positions) { g[$0] * (row[$0] - mean) }
          }
        }
        gw[channel] = product * root
        gb[channel] = sum
        let scale = w[channel] * root
        let (share, slope) = (sum / count, product * root * root / count)
        for example in 0..<examples {
          let at = start + example * step
          let (row, g, out) = (from + at, y == nil ? g + at : UnsafeMutablePointer(gx + at), gx + at)
          for i in 0..<positions { out[i] = scale * (g[i] - share - (row[i] - mean) * slope) }
        }
      }
    }
    return made
  }

  /// The same by operators.
  func composed(_ parts: [Tensor], _ call: BackwardCall) -> [Tensor?] {
    let context = call.context
    let shape: Shape = [examples, channels, positions]
    let perChannel: Shape = [channels, 1]
    let x = parts[0].reshaped(shape)
    var g = context.contiguous(call.gradient).reshaped(shape)
    if isRectified {
      let isOn = context.compare(call.output.detached(), .greater, context.zeros([], g.dtype))
      g = context.multiply(g, context.cast(isOn, to: g.dtype).reshaped(shape))
    }
    func total(_ x: Tensor) -> Tensor { context.sum(x, to: perChannel) }
    func mean(_ x: Tensor) -> Tensor { context.divide(total(x), Double(max(1, examples * positions))) }
    let centred = context.subtract(x, mean(x))
    let root = context.rsqrt(context.add(mean(context.square(centred)), epsilon))
    let normal = context.multiply(centred, root)
    let inner = context.subtract(
      context.subtract(g, mean(g)), context.multiply(normal, mean(context.multiply(g, normal))))
    let weight = parts[1].reshaped(perChannel)
    return [
      context.multiply(inner, context.multiply(weight, root)).reshaped(parts[0].shape),
      total(context.multiply(g, normal)).reshaped(parts[1].shape), total(g).reshaped(parts[2].shape),
    ]
  }
}
