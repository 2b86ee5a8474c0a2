import Formats
import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Poolings by windows, over everything, and back.
extension OperatorLibrary {
  static let poolings: [GraphOperator] = [
    GraphOperator("MaxPool", inputs: 1...1, outputs: 2) { node in
      let attributes = try WindowAttributes(node)
      let roundsUp = try node.flag("ceil_mode", false)
      let isColumnMajor = try node.flag("storage_order", false)
      let wantsPlaces = node.uses(output: 1)
      return { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        let pooling = try call.pooling(x, attributes, roundsUp: roundsUp)
        // Small integers are exact as f32.
        guard x.type != .float64, x.type.storedBytes <= 2 || x.type.isFloat else {
          throw Refusal("the maximum of \(x.type.name) windows")
        }
        let image = try call.engine(pooling.image)
        let values = call.context.maxPool(image, window: pooling.window, outputs: pooling.outputs)
        let result = try call.convert(call.wrap(values), to: x.type).reshaped(pooling.shape)
        guard wantsPlaces else { return [.tensor(result)] }
        let places = call.context.maxPoolPlaces(image, window: pooling.window, outputs: pooling.outputs)
        let extents = Array(pooling.image.shape[2...])
        let volume = Axes.product(extents)
        let each = Axes.product(pooling.outputs)
        let positions = call.wrap(places).values(Int64.self).enumerated().map { item, place in
          let plane = Int64(item / max(each, 1) * volume)
          guard isColumnMajor, place >= 0 else { return plane + place }
          let (z, y, x) = (
            Int(place) / (extents[1] * extents[2]), Int(place) / extents[2] % extents[1], Int(place) % extents[2]
          )
          // The last axis first, where there are three.
          return plane + Int64((x * extents[1] + y) * extents[0] + z)
        }
        return [.tensor(result), .tensor(try call.make(.int64, pooling.shape, positions))]
      }
    },
    GraphOperator.one("AveragePool", 1...1) { node in
      let attributes = try WindowAttributes(node)
      let (roundsUp, countsMargin) = (try node.flag("ceil_mode", false), try node.flag("count_include_pad", false))
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers") { $0.isFloat && $0 != .float64 }
        let pooling = try call.pooling(x, attributes, roundsUp: roundsUp)
        let y = call.context.averagePool(
          try call.engine(pooling.image), window: pooling.window, outputs: pooling.outputs, countsMargin: countsMargin)
        return try call.convert(call.wrap(y), to: x.type).reshaped(pooling.shape)
      }
    },
    GraphOperator.one("LpPool", 1...1) { node in
      let attributes = try WindowAttributes(node)
      let roundsUp = try node.flag("ceil_mode", false)
      let p = node.version < 2 ? Double(try node.float("p", 2)) : Double(try node.int("p", 2))
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        let pooling = try call.pooling(x, attributes, roundsUp: roundsUp)
        let values = pooling.image.values(Double.self)
        let extents = Array(pooling.image.shape[2...])
        let (volume, each, taps) = (Axes.product(extents), Axes.product(pooling.outputs), pooling.window.taps)
        try call.reserve(bytesEach: 8, [each, taps])
        let places = GraphCall.places(pooling.window, extents: extents, outputs: pooling.outputs)
        let result = (0..<x.shape[0] * x.shape[1]).flatMap { plane in
          (0..<each).map { o in
            let sum = (0..<taps).reduce(0.0) { sum, t in
              let place = places[o * taps + t]
              return place < 0 ? sum : sum + pow(abs(values[plane * volume + place]), p)
            }
            return pow(sum, 1 / p)
          }
        }
        return try call.make(x.type, pooling.shape, result)
      }
    },
    global("GlobalAveragePool") { .mean }, global("GlobalMaxPool") { .maximum },
    GraphOperator.one("GlobalLpPool", 1...1) { node in
      let p = Double(try node.int("p", 2))
      return { call in
        let x = try call.tensor(0)
        guard x.rank >= 3 else { throw Refusal("an image of \(x.shape)") }
        let powers = try call.map(x) { pow(abs($0), p) }
        return try call.map(call.reduce(powers, Array(2..<x.rank), keeps: true, .sum)) { pow($0, 1 / p) }
      }
    },
    GraphOperator.one("MaxUnpool", 2...3) { node in
      let attributes = try WindowAttributes(node)
      return { call in
        let (x, places) = (try call.tensor(0), try call.tensor(1))
        let (_, extents) = try x.image()
        guard places.shape == x.shape, places.type == .int64, let kernel = attributes.kernel else {
          throw Refusal("places \(places.shape) for \(x.shape)")
        }
        let window = try attributes.window(extents, kernel: kernel)
        let inferred = extents.indices.map { axis in
          let place = axis + 3 - extents.count
          return (extents[axis] - 1) * window.strides[place] - window.before[place] - window.after[place]
            + window.kernel[place]
        }
        // Places count in the inferred shape; a larger one that is asked for has them in its corner.
        let shape = Array(x.shape[..<2]) + inferred
        let target = try call.optionalInts(2) ?? shape
        guard target.count == shape.count, zip(target, shape).allSatisfy({ $0 >= $1 && $1 >= 0 }) else {
          throw Refusal("a result of \(target) for \(shape)")
        }
        let count = try call.reserve(bytesEach: 8, target)
        let (own, wide) = (Axes.rowMajor(shape), Axes.rowMajor(target))
        var result = [Float](repeating: 0, count: count)
        let values = x.values(Float.self)
        let size = Axes.product(shape)
        for (item, place) in places.values(Int64.self).enumerated() {
          guard place >= 0, place < size else { throw Refusal("a place of \(place) in \(shape)") }
          var position = 0
          for axis in shape.indices { position += Int(place) / own[axis] % shape[axis] * wide[axis] }
          result[position] = values[item]
        }
        return try call.make(x.type, target, result)
      }
    },
  ]

  private static func global(_ name: String, _ kind: @escaping @Sendable () -> Reduction) -> GraphOperator {
    GraphOperator.one(name, 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        guard x.rank >= 3 else { throw Refusal("an image of \(x.shape)") }
        return try call.reduce(x, Array(2..<x.rank), keeps: true, kind())
      }
    }
  }
}

extension GraphCall {
  /// A pooling over an image: the window over three axes, and the shape of what comes out.
  struct Pooling {
    let image: GraphTensor
    let window: Window
    let outputs: [Int]
    let shape: [Int]
  }

  func pooling(_ x: GraphTensor, _ attributes: WindowAttributes, roundsUp: Bool) throws -> Pooling {
    let (image, extents) = try x.image()
    guard let kernel = attributes.kernel else { throw Refusal("the attribute 'kernel_shape' is missing") }
    let window = try attributes.window(extents, kernel: kernel)
    let outputs = (0..<3).map { window.outputs(image.shape[2 + $0], axis: $0, roundsUp: roundsUp) }
    let shape = Array(x.shape[..<2]) + outputs[(3 - extents.count)...]
    try reserve(bytesEach: 16, shape)
    return Pooling(image: image, window: window, outputs: outputs, shape: shape)
  }
}
