import Formats
import NumericTypes
import Tensors

// Convolutions, transposed ones, and the columns they are made of.
extension OperatorLibrary {
  static let convolutions: [GraphOperator] = [
    GraphOperator.one("Conv", 2...3) { node in
      let attributes = try WindowAttributes(node)
      let groups = Int(try node.int("group", 1))
      return { call in
        try call.convolution(call.tensor(0), call.tensor(1), bias: call.optional(2), attributes, groups: groups)
      }
    },
    GraphOperator.one("ConvInteger", 2...4) { node in
      let attributes = try WindowAttributes(node)
      let groups = Int(try node.int("group", 1))
      return { call in
        let x = try call.centred(call.tensor(0), zero: call.optional(2), axis: nil)
        let w = try call.centred(call.tensor(1), zero: call.optional(3), axis: 0)
        let sum = try call.convolution(x, w, bias: nil, attributes, groups: groups)
        return try call.make(.int32, sum.shape, sum.values(Double.self).map { Int64(nearest: $0.rounded()) })
      }
    },
    GraphOperator.one("QLinearConv", 8...9) { node in
      let attributes = try WindowAttributes(node)
      let groups = Int(try node.int("group", 1))
      return { call in
        let x = try call.centred(call.tensor(0), zero: call.tensor(2), axis: nil)
        let w = try call.centred(call.tensor(3), zero: call.tensor(5), axis: 0)
        let sum = try call.convolution(x, w, bias: nil, attributes, groups: groups)
        var values = sum.values(Double.self)
        let xScale = try call.number(1)
        let wScales = try call.tensor(4).values(Double.self)
        let (channels, plane) = (sum.shape[1], Axes.product(sum.shape[2...]))
        let bias = try call.optional(8)?.values(Double.self)
        guard wScales.count == 1 || wScales.count == channels, (bias.map { $0.count == channels } ?? true) else {
          throw Refusal("\(wScales.count) scales and \(bias?.count ?? 0) biases for \(channels) channels")
        }
        for i in values.indices {
          let channel = i / plane % channels
          values[i] = (values[i] + (bias?[channel] ?? 0)) * xScale * wScales[wScales.count == 1 ? 0 : channel]
        }
        let zero = try call.tensor(7)
        return try call.quantized(values, sum.shape, scale: call.number(6), zero: zero)
      }
    },
    GraphOperator.one("ConvTranspose", 2...3) { node in
      let attributes = try WindowAttributes(node)
      let groups = Int(try node.int("group", 1))
      let (extra, shape) = (try node.ints("output_padding"), try node.ints("output_shape"))
      return { call in
        try call.transposedConvolution(
          call.tensor(0), call.tensor(1), bias: call.optional(2), attributes, groups: groups, extra: extra,
          wanted: shape)
      }
    },
    GraphOperator.one("Col2Im", 3...3) { node in
      let attributes = try WindowAttributes(node)
      return { call in
        let (x, extents, kernel) = (try call.tensor(0), try call.ints(1), try call.ints(2))
        let window = try attributes.window(extents, kernel: kernel)
        let filled = [Int](repeating: 1, count: 3 - extents.count) + extents
        let outputs = (0..<3).map { window.outputs(filled[$0], axis: $0) }
        try call.reserve(bytesEach: 1, outputs)
        guard x.rank == 3, x.shape[1].isMultiple(of: window.taps), x.shape[2] == Axes.product(outputs) else {
          throw Refusal("columns \(x.shape) for an image of \(extents) and a kernel of \(kernel)")
        }
        let channels = x.shape[1] / window.taps
        try call.reserve(bytesEach: 8, [x.shape[0], channels] + filled)
        let values = try call.images(
          x.values(Double.self), count: x.shape[0] * channels, window, extents: filled, outputs: outputs)
        return try call.make(x.type, [x.shape[0], channels] + extents, values)
      }
    },
    GraphOperator.one("DeformConv", 3...5) { node in
      let attributes = try WindowAttributes(node)
      let (groups, offsetGroups) = (Int(try node.int("group", 1)), Int(try node.int("offset_group", 1)))
      return { call in
        let (x, w, offsets) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
        guard x.rank == 4, w.rank == 4, offsets.rank == 4, groups > 0, offsetGroups > 0,
          x.shape[1] == w.shape[1].multipliedClamped(by: groups), w.shape[0].isMultiple(of: groups),
          x.shape[1].isMultiple(of: offsetGroups), offsetGroups <= max(x.shape[1], 1)
        else { throw Refusal("\(x.shape) with \(w.shape), offsets \(offsets.shape)") }
        let window = try attributes.window(Array(x.shape[2...]), kernel: Array(w.shape[2...]))
        let outputs = [window.outputs(x.shape[2], axis: 1), window.outputs(x.shape[3], axis: 2)]
        let taps = window.taps
        guard offsets.shape == [x.shape[0], offsetGroups * 2 * taps] + outputs else {
          throw Refusal("offsets \(offsets.shape) for outputs \(outputs)")
        }
        let mask = try call.optional(4)
        if let mask, mask.shape != [x.shape[0], offsetGroups * taps] + outputs {
          throw Refusal("a mask of \(mask.shape)")
        }
        let bias = try call.optional(3)?.values(Float.self)
        guard bias.map({ $0.count == w.shape[0] }) ?? true else { throw Refusal("a bias of \(bias?.count ?? 0)") }
        return try call.deformed(
          x, w, offsets, mask: mask, bias: bias, window, outputs, groups: groups, offsetGroups: offsetGroups)
      }
    },
  ]
}

extension GraphCall {
  /// Integers as f64 less their zero points, one for all or one for each slice of `axis`.
  func centred(_ x: GraphTensor, zero: GraphTensor?, axis: Int?) throws -> GraphTensor {
    try x.expect("numbers", \.isNumber)
    var values = x.values(Double.self)
    let axis = axis.flatMap { x.shape.indices.contains($0) ? $0 : nil }
    if let zero {
      let zeros = zero.values(Double.self)
      let width = axis.map { Axes.product(x.shape[($0 + 1)...]) } ?? 1
      guard zeros.count == 1 || axis.map({ zeros.count == x.shape[$0] }) ?? false else {
        throw Refusal("\(zeros.count) zero points for \(x.shape)")
      }
      for i in values.indices {
        values[i] -= zeros.count == 1 ? zeros[0] : zeros[i / width % zeros.count]
      }
    }
    return try make(.float64, x.shape, values)
  }

  func convolution(
    _ x: GraphTensor, _ w: GraphTensor, bias: GraphTensor?, _ attributes: WindowAttributes, groups: Int
  ) throws -> GraphTensor {
    try x.expect("floating-point numbers", \.isFloat)
    let (image, extents) = try x.image()
    let (kernel, kernelExtents) = try w.image()
    guard groups > 0, x.type == w.type, image.shape[1] == kernel.shape[1].multipliedClamped(by: groups),
      kernel.shape[0].isMultiple(of: groups), (attributes.kernel ?? kernelExtents) == kernelExtents,
      kernelExtents.count == extents.count
    else { throw Refusal("\(x.shape) with \(w.shape) in \(groups) groups") }
    if let bias, bias.shape != [w.shape[0]] { throw Refusal("a bias of \(bias.shape) for \(w.shape[0]) channels") }
    let window = try attributes.window(extents, kernel: kernelExtents)
    let outputs = (0..<3).map { window.outputs(image.shape[2 + $0], axis: $0) }
    let shape = [x.shape[0], w.shape[0]] + outputs[(3 - extents.count)...]
    try reserve(x.type, shape)
    if x.type != .float64 {
      let y = context.convolution(
        try engine(image), try engine(kernel), bias: try bias.map { try engine($0) }, window: window, groups: groups)
      return try convert(wrap(y), to: x.type).reshaped(shape)
    }
    return try make(
      .float64, shape, doubleConvolution(image, kernel, bias?.values(Double.self), window, outputs, groups: groups))
  }

  /// The convolution in double precision, term by term.
  private func doubleConvolution(
    _ x: GraphTensor, _ w: GraphTensor, _ bias: [Double]?, _ window: Window, _ outputs: [Int], groups: Int
  ) throws -> [Double] {
    let (image, kernel) = (x.values(Double.self), w.values(Double.self))
    let (channels, rows) = (w.shape[1], w.shape[0] / groups)
    let extents = Array(x.shape[2...])
    let (volume, each, taps) = (Axes.product(extents), Axes.product(outputs), window.taps)
    var result = [Double](repeating: 0, count: x.shape[0] * w.shape[0] * each)
    // For each output and element of the kernel, the place in the image, or -1 in the margin.
    try reserve(bytesEach: 8, outputs + [taps])
    let places = Self.places(window, extents: extents, outputs: outputs)
    for n in 0..<x.shape[0] {
      for m in 0..<w.shape[0] {
        let group = m / rows
        for o in 0..<each {
          var sum = bias?[m] ?? 0
          for c in 0..<channels {
            let plane = (n * x.shape[1] + group * channels + c) * volume
            for t in 0..<taps where places[o * taps + t] >= 0 {
              sum += image[plane + places[o * taps + t]] * kernel[(m * channels + c) * taps + t]
            }
          }
          result[(n * w.shape[0] + m) * each + o] = sum
        }
      }
    }
    return result
  }

  /// For each output and each element of the kernel, the place in the image; -1 in the margin.
  static func places(_ window: Window, extents: [Int], outputs: [Int]) -> [Int] {
    var places: [Int] = []
    places.reserveCapacity(Axes.product(outputs) * window.taps)
    for oz in 0..<outputs[0] {
      for oy in 0..<outputs[1] {
        for ox in 0..<outputs[2] {
          for kz in 0..<window.kernel[0] {
            let z = oz * window.strides[0] - window.before[0] + kz * window.dilations[0]
            for ky in 0..<window.kernel[1] {
              let y = oy * window.strides[1] - window.before[1] + ky * window.dilations[1]
              for kx in 0..<window.kernel[2] {
                let x = ox * window.strides[2] - window.before[2] + kx * window.dilations[2]
                let isInside =
                  z >= 0 && z < extents[0] && y >= 0 && y < extents[1] && x >= 0 && x < extents[2]
                places.append(isInside ? (z * extents[1] + y) * extents[2] + x : -1)
              }
            }
          }
        }
      }
    }
    return places
  }

  /// Adds columns [count, taps, outputs] up to images [count, extents].
  func images(
    _ columns: [Double], count: Int, _ window: Window, extents: [Int], outputs: [Int]
  ) throws -> [Double] {
    let (volume, each, taps) = (Axes.product(extents), Axes.product(outputs), window.taps)
    try reserve(bytesEach: 8, [each, taps])
    let places = Self.places(window, extents: extents, outputs: outputs)
    var result = [Double](repeating: 0, count: count * volume)
    for plane in 0..<count {
      for t in 0..<taps {
        let row = (plane * taps + t) * each
        for o in 0..<each where places[o * taps + t] >= 0 {
          result[plane * volume + places[o * taps + t]] += columns[row + o]
        }
      }
    }
    return result
  }

  func transposedConvolution(
    _ x: GraphTensor, _ w: GraphTensor, bias: GraphTensor?, _ attributes: WindowAttributes, groups: Int, extra: [Int]?,
    wanted: [Int]?
  ) throws -> GraphTensor {
    try x.expect("floating-point numbers", \.isFloat)
    let (image, extents) = try x.image()
    let (kernel, kernelExtents) = try w.image()
    guard groups > 0, x.type == w.type, x.shape[1] == w.shape[0], x.shape[1].isMultiple(of: groups),
      groups <= max(x.shape[1], 1), (attributes.kernel ?? kernelExtents) == kernelExtents,
      kernelExtents.count == extents.count,
      (extra ?? extents).count == extents.count, (extra ?? []).allSatisfy({ $0 >= 0 && $0 <= 1 << 30 })
    else { throw Refusal("\(x.shape) with \(w.shape) in \(groups) groups") }
    let channels = w.shape[1].multipliedClamped(by: groups)
    if let bias, bias.shape != [channels] { throw Refusal("a bias of \(bias.shape) for \(channels) channels") }
    var window = try attributes.window(extents, kernel: kernelExtents)
    let missing = 3 - extents.count
    // The result's extents are those for which a convolution with this window gives the image's.
    var result = [1, 1, 1]
    for axis in extents.indices {
      let place = axis + missing
      let span = window.dilations[place] * (window.kernel[place] - 1) + 1
      let whole = (max(extents[axis], 1) - 1) * window.strides[place] + span + (extra?[axis] ?? 0)
      if let wanted {
        guard let extent = wanted.suffix(extents.count).dropFirst(axis).first, wanted.count >= extents.count,
          extent >= 0, extent <= 1 << 40
        else { throw Refusal("a result of \(wanted)") }
        let total = max(0, whole - extent)
        window.before[place] = attributes.automatic == "SAME_UPPER" ? total / 2 : total - total / 2
        window.after[place] = total - window.before[place]
        result[place] = extent
      } else if attributes.automatic == "SAME_UPPER" || attributes.automatic == "SAME_LOWER" {
        result[place] = extents[axis] * window.strides[place]
        let total = max(0, whole - result[place])
        window.before[place] = attributes.automatic == "SAME_UPPER" ? total / 2 : total - total / 2
        window.after[place] = total - window.before[place]
      } else {
        result[place] = whole - window.before[place] - window.after[place]
      }
    }
    guard result.allSatisfy({ $0 >= 0 }), extents.allSatisfy({ $0 > 0 }) else {
      throw Refusal("\(x.shape) with \(w.shape) gives \(result)")
    }
    let shape = [x.shape[0], channels] + result[missing...]
    try reserve(bytesEach: 8, shape)
    let outputs = Array(image.shape[2...])
    let (each, taps, inner) = (Axes.product(outputs), window.taps, x.shape[1] / groups)
    try reserve(bytesEach: 12, [w.shape[1], taps, each])
    var values: [Double] = []
    let biases = bias?.values(Double.self)
    let (input, weights) = (try engine(image), try engine(kernel))
    for n in 0..<x.shape[0] {
      for group in 0..<groups {
        let a = weights.sliced(axis: 0, group * inner..<(group + 1) * inner).reshaped([inner, w.shape[1] * taps])
        let b = input.sliced(axis: 0, n..<n + 1).sliced(axis: 1, group * inner..<(group + 1) * inner)
        let columns = wrap(context.matmul(a.transposed(), context.contiguous(b).reshaped([inner, each])))
        values += try images(
          columns.values(Double.self), count: w.shape[1], window, extents: result, outputs: outputs)
      }
    }
    if let biases {
      let volume = Axes.product(result)
      for i in values.indices { values[i] += biases[i / volume % channels] }
    }
    return try make(x.type, shape, values)
  }

  func deformed(
    _ x: GraphTensor, _ w: GraphTensor, _ offsets: GraphTensor, mask: GraphTensor?, bias: [Float]?, _ window: Window,
    _ outputs: [Int], groups: Int, offsetGroups: Int
  ) throws -> GraphTensor {
    let (image, kernel, moves) = (x.values(Float.self), w.values(Float.self), offsets.values(Float.self))
    let masks = mask?.values(Float.self)
    let (height, width) = (x.shape[2], x.shape[3])
    let (channels, rows, taps) = (w.shape[1], w.shape[0] / groups, window.taps)
    let each = outputs[0] * outputs[1]
    let shape = [x.shape[0], w.shape[0]] + outputs
    try reserve(bytesEach: 8, shape)
    var result = [Float](repeating: 0, count: Axes.product(shape))
    func sample(_ plane: Int, _ y: Float, _ x: Float) -> Float {
      guard y > -1, x > -1, y < Float(height), x < Float(width) else { return 0 }
      let (y0, x0) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
      let (dy, dx) = (y - Float(y0), x - Float(x0))
      func at(_ i: Int, _ j: Int) -> Float {
        i >= 0 && j >= 0 && i < height && j < width ? image[plane + i * width + j] : 0
      }
      return (1 - dy) * ((1 - dx) * at(y0, x0) + dx * at(y0, x0 + 1))
        + dy * ((1 - dx) * at(y0 + 1, x0) + dx * at(y0 + 1, x0 + 1))
    }
    for n in 0..<x.shape[0] {
      for m in 0..<w.shape[0] {
        for o in 0..<each {
          var sum = bias?[m] ?? 0
          for c in 0..<channels {
            let channel = m / rows * channels + c
            let group = channel / (x.shape[1] / offsetGroups)
            for t in 0..<taps {
              let row = (n * offsetGroups + group) * 2 * taps + 2 * t
              let y = Float(
                o / outputs[1] * window.strides[1] - window.before[1] + t / window.kernel[2] * window.dilations[1])
              let x0 = Float(
                o % outputs[1] * window.strides[2] - window.before[2] + t % window.kernel[2] * window.dilations[2])
              let scale = masks?[((n * offsetGroups + group) * taps + t) * each + o] ?? 1
              sum +=
                kernel[(m * channels + c) * taps + t] * scale
                * sample(
                  (n * x.shape[1] + channel) * height * width, y + moves[row * each + o],
                  x0 + moves[(row + 1) * each + o])
            }
          }
          result[(n * w.shape[0] + m) * each + o] = sum
        }
      }
    }
    return try make(x.type, shape, result)
  }
}
