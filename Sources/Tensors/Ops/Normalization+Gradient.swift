import CVenturi
import Costs
import NumericTypes

/// The way back through x̂ · w (+ b), x̂ = (x - μ) r, r = 1 / √(mean((x - μ)²) + ε), where μ is the mean or 0.
struct NormBackward {
  let x: Tensor
  let weight: Tensor?
  let epsilon: Float
  let groups: Int
  let isCentred: Bool

  /// The gradients of x, the weight and the bias; that of the bias as a row.
  func gradients(_ call: BackwardCall, biasAt bias: Int? = nil) -> [Tensor?] {
    let context = call.context
    let lane: DType = x.dtype == .f64 ? .f64 : .f32
    let g = context.contiguous(context.cast(call.gradient, to: lane))
    let point = context.contiguous(context.cast(x, to: lane))
    let w = weight.map { context.contiguous(context.cast($0, to: lane)) }
    let wanted = (x: call.wants(0), weight: weight != nil && call.wants(1), bias: bias.map(call.wants) ?? false)
    var found =
      call.isRecorded
      ? composed(context, point, w, g)
      : lane == .f64
        ? fused(context, point, w, g, wanted, in: Double.self) : fused(context, point, w, g, wanted, in: Float.self)
    found[0] = found[0].map { context.cast($0.reshaped(x.shape), to: x.dtype) }
    if let weight { found[1] = found[1].map { context.cast($0.reshaped(weight.shape), to: weight.dtype) } }
    return found
  }

  /// gx = r (gw - mean(gw) - x̂ mean(gw x̂)), the first mean only where μ is taken off, by operators.
  private func composed(_ context: Context, _ x: Tensor, _ w: Tensor?, _ g: Tensor) -> [Tensor?] {
    let shape: Shape = [x.shape.rows, groups, x.shape.last / groups]
    let row: Shape = [groups, x.shape.last / groups]
    let (x, g) = (x.reshaped(shape), g.reshaped(shape))
    func mean(_ x: Tensor) -> Tensor { context.mean(x, axis: -1, keepingAxis: true) }
    let centred = isCentred ? context.subtract(x, mean(x)) : x
    let scale = context.rsqrt(context.add(mean(context.square(centred)), Double(epsilon)))
    let normal = context.multiply(centred, scale)
    let weighted = w.map { context.multiply(g, $0.reshaped(row)) } ?? g
    var inner = context.subtract(weighted, context.multiply(normal, mean(context.multiply(weighted, normal))))
    if isCentred { inner = context.subtract(inner, mean(weighted)) }
    return [
      context.multiply(inner, scale), context.sum(context.multiply(g, normal), to: row), context.sum(g, to: row),
    ]
  }

  /// The same in one pass over the rows; what weight and bias get is summed in blocks of 64 rows.
  private func fused<Lane: LaneNumber & BinaryFloatingPoint & SIMDScalar>(
    _ context: Context, _ x: Tensor, _ w: Tensor?, _ g: Tensor, _ wanted: (x: Bool, weight: Bool, bias: Bool),
    in: Lane.Type
  ) -> [Tensor?] {
    let (width, rows, block) = (x.shape.last, x.shape.count / max(1, x.shape.last), 64)
    let part = width / groups
    let blocks = (rows + block - 1) / block
    let gx = context.empty(x.shape, x.dtype)
    let (gw, gb) = (context.empty([blocks, width], x.dtype), context.empty([blocks, width], x.dtype))
    let (from, gradient, to) = (x.pointer(as: Lane.self), g.pointer(as: Lane.self), gx.pointer(as: Lane.self))
    let (weightSums, biasSums) = (gw.pointer(as: Lane.self), gb.pointer(as: Lane.self))
    let (epsilon, isCentred, count) = (Lane(epsilon), isCentred, Lane(part))
    withExtendedLifetime((x, w, g, gw, gb)) {
      let weight = w?.pointer(as: Lane.self)
      context.performRanges(
        x.count == 0 ? 0 : blocks, grain: max(1, 8192 / max(1, width * block)), isCentred ? .layerNorm : .rmsNorm,
        OperationCost(
          flops: 10 * Double(x.count), bytesRead: 8 * Double(x.count), bytesWritten: 4 * Double(x.count))
      ) { range in
        for index in range {
          let (ws, bs) = (weightSums + index * width, biasSums + index * width)
          ws.update(repeating: 0, count: width)
          bs.update(repeating: 0, count: width)
          for row in index * block..<min(rows, (index + 1) * block) {
            for start in stride(from: 0, to: width, by: max(1, part)) {
              let (x, g, out) = (from + row * width + start, gradient + row * width + start, to + row * width + start)
              let mean = isCentred ? laneSum(part) { x[$0] } / count : 0
              let scale = 1 / (laneSum(part) { (x[$0] - mean) * (x[$0] - mean) } / count + epsilon).squareRoot()
              if wanted.weight { for i in 0..<part { ws[start + i] += g[i] * ((x[i] - mean) * scale) } }
              if wanted.bias { for i in 0..<part { bs[start + i] += g[i] } }
              if !wanted.x { continue }
              if let weight {
                let w = weight + start
                let slope = laneSum(part) { g[$0] * w[$0] * (x[$0] - mean) } * scale / count
                let offset = isCentred ? laneSum(part) { g[$0] * w[$0] } / count : 0
                for i in 0..<part { out[i] = scale * (g[i] * w[i] - offset - (x[i] - mean) * scale * slope) }
              } else {
                let slope = laneSum(part) { g[$0] * (x[$0] - mean) } * scale / count
                let offset = isCentred ? laneSum(part) { g[$0] } / count : 0
                for i in 0..<part { out[i] = scale * (g[i] - offset - (x[i] - mean) * scale * slope) }
              }
            }
          }
        }
      }
    }
    func total(_ sums: Tensor) -> Tensor { context.columnSum(sums.reshaped([1, blocks, width])) }
    return [gx, wanted.weight ? total(gw) : nil, wanted.bias ? total(gb) : nil]
  }
}

/// The sum of `count` terms in eight lanes.
@inline(__always)
func laneSum<Lane: BinaryFloatingPoint & SIMDScalar>(_ count: Int, _ term: (Int) -> Lane) -> Lane {
  var lanes = SIMD8<Lane>(repeating: 0)
  var start = 0
  while start + 8 <= count {
    lanes += SIMD8(
      term(start), term(start + 1), term(start + 2), term(start + 3), term(start + 4), term(start + 5),
      term(start + 6), term(start + 7))
    start += 8
  }
  var rest: Lane = 0
  while start < count {
    rest += term(start)
    start += 1
  }
  let half = lanes.lowHalf + lanes.highHalf
  let quarter = half.lowHalf + half.highHalf
  return quarter.x + quarter.y + rest
}
