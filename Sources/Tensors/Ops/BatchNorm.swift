import CVenturi
import Costs
import NumericTypes

extension Context {
  /// The mean and variance of each channel of a batch, [C] each, of which no gradient goes back.
  public typealias ChannelStatistics = (mean: Tensor, variance: Tensor)

  /// (x - mean) / √(variance + ε) · w + b of x [N, C, …], mean and variance those of each channel over all examples and positions
  /// (Ioffe, Szegedy: Batch normalization, 2015), plus `addend` where there is one; `isRectified` for the positive part of that.
  ///
  /// The variance is divided by the number of elements. Sums of a channel are made in one order, example by example.
  ///
  /// - Precondition: f32 or f64, all of one type; `weight` and `bias` have an element for each channel, `addend` the shape of
  ///   `x`.
  public func batchNorm(
    _ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Double = 1e-5, adding addend: Tensor? = nil,
    isRectified: Bool = false
  ) -> (output: Tensor, statistics: ChannelStatistics) {
    precondition(
      x.shape.rank >= 2 && (x.dtype == .f32 || x.dtype == .f64) && weight.dtype == x.dtype && bias.dtype == x.dtype
        && weight.count == x.shape[1] && bias.count == x.shape[1],
      "batch norm of \(x.dtype.displayName) \(x.shape) with \(weight.shape) and \(bias.shape)")
    precondition(
      addend.map { $0.shape == x.shape && $0.dtype == x.dtype } ?? true,
      "batch norm of \(x.dtype.displayName) \(x.shape) plus \(addend?.shape ?? [])")
    let parts = [x, weight, bias].map(contiguous) + (addend.map { [contiguous($0)] } ?? [])
    let norm = BatchNorm(parts[0].shape, epsilon, isRectified, parts[0].dtype, self)
    let statistics = (mean: norm.mean, variance: norm.variance)
    guard parts.contains(where: \.isTracked) else { return (norm.forward(parts, self), statistics) }
    // The way back needs no more of the addend than that it is there.
    let kept = Array(parts[..<3])
    let output = differentiable(parts, keepingOutput: isRectified) {
      norm.forward(parts.map { $0.detached() }, self)
    } backward: { [hasAddend = addend != nil] call in
      if call.isRecorded { return norm.composed(kept, hasAddend: hasAddend, call) }
      let passes = hasAddend && call.wants(3)
      let gradients = norm.backward(kept, call, passes: passes)
      return hasAddend && !passes ? gradients + [nil] : gradients
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

  /// The output of x, weight, bias and what is added, if anything is.
  func forward(_ parts: [Tensor], _ context: Context) -> Tensor {
    if parts[0].dtype == .f64 { return doubleForward(parts, context) }
    let y = context.empty(parts[0].shape)
    let (from, w, b) = (
      parts[0].pointer(as: Float.self), parts[1].pointer(as: Float.self), parts[2].pointer(as: Float.self)
    )
    let addend = parts.count > 3 ? parts[3].pointer(as: Float.self) : nil
    let (to, means, variances) = (
      y.pointer(as: Float.self), mean.pointer(as: Float.self), variance.pointer(as: Float.self)
    )
    let (channel, positions, epsilon) = (channel, positions, Float(epsilon))
    let (kernels, isRectified) = (context.batchNormKernels, Int32(isRectified ? 1 : 0))
    withExtendedLifetime((parts, mean, variance)) {
      perform(context, 3) { index in
        let at = index * positions
        kernels.pointee.moments(channel, from + at, means + index, variances + index)
        let scale = w[index] / (variances[index] + epsilon).squareRoot()
        kernels.pointee.normalize(
          channel, from + at, addend.map { UnsafePointer($0 + at) }, means[index], scale, b[index], isRectified, to + at
        )
      }
    }
    return y
  }

  private var channel: vt_channel {
    vt_channel(rows: Int64(examples), count: Int64(positions), step: Int64(channels * positions))
  }

  /// gx = w r (g - mean(g) - x̂ mean(g x̂)), gw = Σ g x̂ and gb = Σ g, where a rectified output is above 0; with `passes` g itself
  /// behind them.
  func backward(_ parts: [Tensor], _ call: BackwardCall, passes: Bool) -> [Tensor?] {
    let context = call.context
    let gradient = context.contiguous(call.gradient)
    let output = isRectified ? call.output : nil
    if parts[0].dtype == .f64 { return doubleBackward(parts, gradient, output, passes: passes, context) }
    let made = parts.map { context.empty($0.shape) }
    // Where nothing is cut off, what is added has the gradient as it came.
    let passed = passes ? (isRectified ? context.empty(parts[0].shape) : gradient) : nil
    let (from, g, w) = (
      parts[0].pointer(as: Float.self), gradient.pointer(as: Float.self), parts[1].pointer(as: Float.self)
    )
    let (y, kept) = (output?.pointer(as: Float.self), isRectified ? passed?.pointer(as: Float.self) : nil)
    let (gx, gw, gb) = (
      made[0].pointer(as: Float.self), made[1].pointer(as: Float.self), made[2].pointer(as: Float.self)
    )
    let (means, variances) = (mean.pointer(as: Float.self), variance.pointer(as: Float.self))
    let (channel, positions, epsilon) = (channel, positions, Float(epsilon))
    let (count, kernels) = (Double(examples * positions), context.batchNormKernels)
    withExtendedLifetime((parts, gradient, output, mean, variance)) {
      perform(context, 4) { index in
        let at = index * positions
        let y = y.map { UnsafePointer($0 + at) }
        let root = 1 / (variances[index] + epsilon).squareRoot()
        var (sum, product) = (0.0, 0.0)
        kernels.pointee.gradient_sums(channel, from + at, g + at, y, means[index], &sum, &product)
        (gw[index], gb[index]) = (Float(product * Double(root)), Float(sum))
        kernels.pointee.gradient(
          channel, from + at, g + at, y, means[index], w[index] * root, Float(sum / count),
          Float(product * Double(root) * Double(root) / count), gx + at, kept.map { $0 + at })
      }
    }
    return made + (passed.map { [$0] } ?? [])
  }

  // MARK: Double precision

  private func doubleForward(_ parts: [Tensor], _ context: Context) -> Tensor {
    let y = context.empty(parts[0].shape, .f64)
    let (from, w, b) = (
      parts[0].pointer(as: Double.self), parts[1].pointer(as: Double.self), parts[2].pointer(as: Double.self)
    )
    let addend = parts.count > 3 ? parts[3].pointer(as: Double.self) : nil
    let (to, means, variances) = (
      y.pointer(as: Double.self), mean.pointer(as: Double.self), variance.pointer(as: Double.self)
    )
    let (examples, positions, isRectified, epsilon) = (examples, positions, isRectified, epsilon)
    let (step, count) = (channels * positions, Double(examples * positions))
    withExtendedLifetime((parts, mean, variance)) {
      perform(context, 3) { channel in
        let start = channel * positions
        var total = 0.0
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
        for example in 0..<examples {
          for at in start + example * step..<start + example * step + positions {
            let value = (from[at] - mean) * scale + b[channel] + (addend?[at] ?? 0)
            to[at] = isRectified && value < 0 ? 0 : value
          }
        }
      }
    }
    return y
  }

  private func doubleBackward(
    _ parts: [Tensor], _ gradient: Tensor, _ output: Tensor?, passes: Bool, _ context: Context
  ) -> [Tensor?] {
    let made = (parts + (passes ? [parts[0]] : [])).map { context.empty($0.shape, .f64) }
    let (from, g, w) = (
      parts[0].pointer(as: Double.self), gradient.pointer(as: Double.self), parts[1].pointer(as: Double.self)
    )
    let (y, passed) = (output?.pointer(as: Double.self), passes ? made[3].pointer(as: Double.self) : nil)
    let (gx, gw, gb) = (
      made[0].pointer(as: Double.self), made[1].pointer(as: Double.self), made[2].pointer(as: Double.self)
    )
    let (means, variances) = (mean.pointer(as: Double.self), variance.pointer(as: Double.self))
    let (examples, positions, epsilon) = (examples, positions, epsilon)
    let (step, count) = (channels * positions, Double(examples * positions))
    withExtendedLifetime((parts, gradient, output, mean, variance)) {
      perform(context, 4) { channel in
        let start = channel * positions
        let mean = means[channel]
        let root = 1 / (variances[channel] + epsilon).squareRoot()
        var (sum, product) = (0.0, 0.0)
        for example in 0..<examples {
          let at = start + example * step
          let (row, out) = (from + at, gx + at)
          // The gradient before the rectifier stands where that of x will.
          for i in 0..<positions { out[i] = y.map { $0[at + i] > 0 } ?? true ? g[at + i] : 0 }
          sum += laneSum(positions) { out[$0] }
          product += laneSum(positions) { out[$0] * (row[$0] - mean) }
        }
        (gw[channel], gb[channel]) = (product * root, sum)
        let (share, slope) = (sum / count, product * root * root / count)
        for example in 0..<examples {
          for at in start + example * step..<start + example * step + positions {
            passed?[at] = gx[at]
            gx[at] = w[channel] * root * (gx[at] - share - (from[at] - mean) * slope)
          }
        }
      }
    }
    return made
  }

  // MARK: By operators

  /// ``backward(_:_:passes:)`` by operators, for derivatives of higher order.
  func composed(_ parts: [Tensor], hasAddend: Bool, _ call: BackwardCall) -> [Tensor?] {
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
    let gradients = [
      context.multiply(inner, context.multiply(weight, root)).reshaped(parts[0].shape),
      total(context.multiply(g, normal)).reshaped(parts[1].shape), total(g).reshaped(parts[2].shape),
    ]
    return hasAddend ? gradients + [g.reshaped(parts[0].shape)] : gradients
  }
}

extension Context {
  /// The batch norm kernels of this context.
  fileprivate var batchNormKernels: UnsafePointer<vt_batch_norm_kernels> {
    vt_batch_norm_kernels_for(kernelSet.isa).unsafelyUnwrapped
  }
}
