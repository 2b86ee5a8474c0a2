import Formats
import NumericTypes

// Whole numbers with a scale and a zero point.
extension OperatorLibrary {
  static let quantizations: [GraphOperator] = [
    GraphOperator.one("QuantizeLinear", 2...3) { node in
      let (axis, block) = (Int(try node.int("axis", 1)), Int(try node.int("block_size", 0)))
      let saturates = try node.flag("saturate", true)
      let wanted = try node.int("output_dtype", 0) == 0 ? nil : try node.elementType("output_dtype")
      return { call in
        let (x, scale) = (try call.tensor(0), try call.tensor(1))
        let zero = try call.optional(2)
        let type = zero?.type ?? wanted ?? .uint8
        let values = x.values(Double.self)
        let scales = try call.spread(scale, over: x.shape, axis: axis, block: block)
        let zeros = try zero.map { try call.spread($0, over: x.shape, axis: axis, block: block) }
        // In single precision, as f32 by f32 is.
        let quotients =
          x.type == .float64
          ? zip(values, scales).map { $0 / $1 } : zip(values, scales).map { Double(Float($0) / Float($1)) }
        if type.isFloat {
          let moved = zeros.map { zeros in zip(quotients, zeros).map { $0 + $1 } } ?? quotients
          return try call.cast(call.make(.float32, x.shape, moved), to: type, saturates: saturates)
        }
        guard type.isInteger, type.bits <= 16 else { throw Refusal("numbers rounded to \(type.name)") }
        let range = type.integerRange
        let result = quotients.indices.map { i in
          Int64(
            nearest: min(
              max(quotients[i].rounded(.toNearestOrEven) + (zeros?[i] ?? 0), Double(range.lowerBound)),
              Double(range.upperBound)))
        }
        return try call.make(type, x.shape, result)
      }
    },
    GraphOperator.one("DequantizeLinear", 2...3) { node in
      let (axis, block) = (Int(try node.int("axis", 1)), Int(try node.int("block_size", 0)))
      let wanted = try node.int("output_dtype", 0) == 0 ? nil : try node.elementType("output_dtype")
      return { call in
        let (x, scale) = (try call.tensor(0), try call.tensor(1))
        try x.expect("numbers", \.isNumber)
        let type = wanted ?? scale.type
        guard type.isFloat else { throw Refusal("numbers scaled to \(type.name)") }
        let scales = try call.spread(scale, over: x.shape, axis: axis, block: block)
        let zeros = try call.optional(2).map { try call.spread($0, over: x.shape, axis: axis, block: block) }
        let values = x.values(Double.self)
        return try call.make(type, x.shape, values.indices.map { (values[$0] - (zeros?[$0] ?? 0)) * scales[$0] })
      }
    },
    GraphOperator("DynamicQuantizeLinear", inputs: 1...1, outputs: 3) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("numbers of f32") { $0 == .float32 }
        let values = x.values(Float.self)
        let (least, most) = (min(values.min() ?? 0, 0), max(values.max() ?? 0, 0))
        let scale = most == least ? 1 : (most - least) / 255
        let zero = max(0, min(255, (-least / scale).rounded(.toNearestOrEven)))
        let result = values.map {
          Int64(nearest: Double(max(0, min(255, ($0 / scale).rounded(.toNearestOrEven) + zero))))
        }
        return [
          .tensor(try call.make(.uint8, x.shape, result)), .tensor(try call.make(.float32, [], [scale])),
          .tensor(try call.make(.uint8, [], [zero])),
        ]
      }
    },
    GraphOperator.one("QLinearMatMul", 8...8) { _ in
      { call in
        let (a, b) = (try call.tensor(0), try call.tensor(3))
        let left = try call.centred(a, zero: call.tensor(2), axis: a.rank - 2)
        let right = try call.centred(b, zero: call.tensor(5), axis: b.rank - 1)
        let product = try call.matmul(left, right)
        let scale = try call.number(1) * call.number(4)
        return try call.quantized(
          product.values(Double.self).map { $0 * scale }, product.shape, scale: call.number(6), zero: call.tensor(7))
      }
    },
  ]
}

extension GraphCall {
  /// Scales or zero points for every element: one for all, one for each slice of an axis, or one for each block of it.
  func spread(_ x: GraphTensor, over shape: [Int], axis: Int, block: Int) throws -> [Double] {
    try x.expect("numbers", \.isNumber)
    let count = try reserve(bytesEach: 8, shape)
    let values = x.values(Double.self)
    if values.count == 1 { return [Double](repeating: values[0], count: count) }
    let axis = try Axes.resolve(axis, rank: shape.count)
    let inner = Axes.product(shape[(axis + 1)...])
    if block == 0 {
      guard x.shape == [shape[axis]] else { throw Refusal("scales \(x.shape) for axis \(axis) of \(shape)") }
      return (0..<count).map { values[$0 / inner % shape[axis]] }
    }
    var blocks = shape
    guard block > 0 else { throw Refusal("blocks of \(block)") }
    blocks[axis] = (shape[axis] - 1) / block + 1
    guard x.shape == blocks else {
      throw Refusal("scales \(x.shape) for blocks of \(block) along axis \(axis) of \(shape)")
    }
    return (0..<count).map { place in
      let (outer, rest) = place.quotientAndRemainder(dividingBy: inner * shape[axis])
      return values[(outer * blocks[axis] + rest / inner / block) * inner + rest % inner]
    }
  }

  /// Numbers over a scale, rounded, plus a zero point, held to the range of its type.
  func quantized(_ values: [Double], _ shape: [Int], scale: Double, zero: GraphTensor) throws -> GraphTensor {
    guard zero.count == 1, zero.type.isInteger, zero.type.bits <= 16 else {
      throw Refusal("a zero point of \(zero.shape)")
    }
    let offset = zero.values(Double.self)[0]
    let range = zero.type.integerRange
    return try make(
      zero.type, shape,
      values.map {
        Int64(
          nearest: min(
            max(($0 / scale).rounded(.toNearestOrEven) + offset, Double(range.lowerBound)), Double(range.upperBound)))
      })
  }
}
