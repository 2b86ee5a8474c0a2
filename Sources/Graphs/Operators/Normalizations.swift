import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Norms, softmax and dropout.
extension OperatorLibrary {
  static let normalizations: [GraphOperator] = [
    softmax("Softmax") { $0.softmax($1) }, softmax("LogSoftmax") { $0.logSoftmax($1) },
    GraphOperator("BatchNormalization", inputs: 5...5, outputs: 5) { node in
      let (epsilon, momentum) = (try node.float("epsilon", 1e-5), try node.float("momentum", 0.9))
      // Before version 14 a node trained when it had more outputs than one.
      let trains =
        node.version >= 14
        ? try node.flag("training_mode", false)
        : node.version < 7 ? !(try node.flag("is_test", false)) && node.outputCount > 1 : node.outputCount > 1
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        guard x.rank >= 2 else { throw Refusal("batches of \(x.shape)") }
        let channels = x.shape[1]
        let parts = try (1...4).map { try call.tensor($0) }
        for part in parts where part.shape != [channels] { throw Refusal("\(part.shape) for \(channels) channels") }
        let (scale, bias) = (parts[0].values(Double.self), parts[1].values(Double.self))
        var (mean, variance) = (parts[2].values(Double.self), parts[3].values(Double.self))
        let plane = Axes.product(x.shape[2...])
        let count = Double(x.shape[0] * plane)
        var running: [GraphTensor] = []
        if trains {
          let values = x.values(Double.self)
          var (means, squares) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
          for i in values.indices { means[i / max(plane, 1) % channels] += values[i] / count }
          for i in values.indices {
            let difference = values[i] - means[i / max(plane, 1) % channels]
            squares[i / max(plane, 1) % channels] += difference * difference / count
          }
          let m = Double(momentum)
          running = [
            try call.make(parts[2].type, [channels], zip(mean, means).map { $0 * m + $1 * (1 - m) }),
            try call.make(parts[3].type, [channels], zip(variance, squares).map { $0 * m + $1 * (1 - m) }),
          ]
          (mean, variance) = (means, squares)
        }
        let factors = (0..<channels).map { scale[$0] / (variance[$0] + Double(epsilon)).squareRoot() }
        let offsets = (0..<channels).map { bias[$0] - mean[$0] * factors[$0] }
        let y = try call.affine(x, factors, offsets, plane: plane)
        return [.tensor(y)] + running.map { .tensor($0) }
      }
    },
    GraphOperator.one("InstanceNormalization", 3...3) { node in
      let epsilon = try node.float("epsilon", 1e-5)
      return { call in
        let x = try call.tensor(0)
        guard x.rank >= 3 else { throw Refusal("an image of \(x.shape)") }
        return try call.groupNorm(
          x, groups: x.shape[1], scale: call.tensor(1), bias: call.tensor(2), epsilon: Double(epsilon), perGroup: false)
      }
    },
    GraphOperator.one("GroupNormalization", 3...3) { node in
      let epsilon = try node.float("epsilon", 1e-5)
      let groups = Int(try node.int("num_groups", 1))
      // Until version 20 scale and bias were given for each group.
      let perGroup = node.version < 21
      return { call in
        let x = try call.tensor(0)
        guard x.rank >= 3, groups > 0, x.shape[1].isMultiple(of: groups) else {
          throw Refusal("\(groups) groups of \(x.shape)")
        }
        return try call.groupNorm(
          x, groups: groups, scale: call.tensor(1), bias: call.tensor(2), epsilon: Double(epsilon), perGroup: perGroup)
      }
    },
    GraphOperator("LayerNormalization", inputs: 2...3, outputs: 3) { node in
      let (axis, epsilon) = (Int(try node.int("axis", -1)), try node.float("epsilon", 1e-5))
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        let axis = try Axes.resolve(axis, rank: x.rank)
        let (outer, inner) = (Array(x.shape[..<axis]), Array(x.shape[axis...]))
        let width = Axes.product(inner)
        let scale = try call.expanded(call.tensor(1), to: inner).values(Double.self)
        let bias = try call.optional(2).map { try call.expanded($0, to: inner).values(Double.self) }
        try call.reserve(bytesEach: 16, x.shape)
        var values = x.values(Double.self)
        var (means, inverses): ([Double], [Double]) = ([], [])
        for row in 0..<Axes.product(outer) {
          let range = row * width..<(row + 1) * width
          let mean = values[range].reduce(0, +) / Double(width)
          let variance = values[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
          let inverse = 1 / (variance + Double(epsilon)).squareRoot()
          for i in 0..<width {
            values[range.lowerBound + i] = (values[range.lowerBound + i] - mean) * inverse * scale[i] + (bias?[i] ?? 0)
          }
          means.append(mean)
          inverses.append(inverse)
        }
        let shape = outer + [Int](repeating: 1, count: inner.count)
        return [
          .tensor(try call.make(x.type, x.shape, values)), .tensor(try call.make(.float32, shape, means)),
          .tensor(try call.make(.float32, shape, inverses)),
        ]
      }
    },
    GraphOperator.one("RMSNormalization", 2...2) { node in
      let (axis, epsilon) = (Int(try node.int("axis", -1)), try node.float("epsilon", 1e-5))
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        let axis = try Axes.resolve(axis, rank: x.rank)
        let inner = Array(x.shape[axis...])
        let width = Axes.product(inner)
        let scale = try call.expanded(call.tensor(1), to: inner)
        if x.type == .float32, scale.type == .float32, width > 0,
          let rows = x.reshaped([x.count / width, width]).tensor,
          let weight = scale.tensor
        {
          try call.reserve(x.type, x.shape)
          return call.wrap(call.context.rmsNorm(rows, weight: weight, epsilon: epsilon)).reshaped(x.shape)
        }
        let factors = scale.values(Double.self)
        var values = x.values(Double.self)
        for row in 0..<(width == 0 ? 0 : values.count / width) {
          let range = row * width..<(row + 1) * width
          let mean = values[range].reduce(0) { $0 + $1 * $1 } / Double(width)
          let inverse = 1 / (mean + Double(epsilon)).squareRoot()
          for i in 0..<width { values[row * width + i] *= inverse * factors[i] }
        }
        return try call.make(x.type, x.shape, values)
      }
    },
    GraphOperator.one("LRN", 1...1) { node in
      let (alpha, beta) = (Double(try node.float("alpha", 1e-4)), Double(try node.float("beta", 0.75)))
      let (bias, size) = (Double(try node.float("bias", 1)), Int(try node.int("size", 1)))
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        guard x.rank >= 3, size > 0, size <= 1 << 20 else { throw Refusal("\(size) channels of \(x.shape)") }
        let (channels, plane) = (x.shape[1], Axes.product(x.shape[2...]))
        try call.reserve(bytesEach: 16, x.shape)
        let values = x.values(Float.self)
        let result = [Float](unsafeUninitializedCapacity: values.count) { buffer, filled in
          filled = values.count
          guard let out = buffer.baseAddress else { return }
          call.parallel(x.shape[0] * channels, grain: max(1, 2048 / max(plane, 1))) { range in
            for row in range {
              let (image, channel) = row.quotientAndRemainder(dividingBy: channels)
              let nearby = max(0, channel - (size - 1) / 2)..<min(channels, channel + size / 2 + 1)
              for i in 0..<plane {
                var sum = 0.0
                for other in nearby {
                  let value = Double(values[(image * channels + other) * plane + i])
                  sum += value * value
                }
                let place = row * plane + i
                (out + place).initialize(
                  to: Float(Double(values[place]) / pow(bias + alpha / Double(size) * sum, beta)))
              }
            }
          }
        }
        return try call.make(x.type, x.shape, result)
      }
    },
    GraphOperator.one("MeanVarianceNormalization", 1...1) { node in
      let axes = try node.ints("axes") ?? [0, 2, 3]
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        let axes = try Axes.resolve(axes, rank: x.rank)
        let mean = try call.reduce(x, axes, keeps: true, .mean)
        let centred = try call.combine(x, mean, .subtract)
        let variance = try call.reduce(call.combine(centred, centred, .multiply), axes, keeps: true, .mean)
        let deviation = try call.map(variance) { $0.squareRoot() + 1e-9 }
        return try call.combine(centred, deviation, .divide)
      }
    },
    GraphOperator.one("LpNormalization", 1...1) { node in
      let (axis, p) = (Int(try node.int("axis", -1)), try node.int("p", 2))
      guard p == 1 || p == 2 else { throw Refusal("a norm of order \(p)") }
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        let norm = try call.reduce(x, [Axes.resolve(axis, rank: x.rank)], keeps: true, p == 1 ? .absolute : .norm)
        // A vector of zeros stays one.
        return try call.combine(x, call.map(norm) { $0 == 0 ? 1 : $0 }, .divide)
      }
    },
    GraphOperator("Dropout", inputs: 1...3, outputs: 2) { node in
      let (seed, fixed) = (try node.int("seed", 0), node.version < 12 ? try node.float("ratio", 0.5) : nil)
      let trainsAlways = node.version < 7 ? !(try node.flag("is_test", false)) : false
      return { call in
        let x = try call.tensor(0)
        let ratio = try fixed.map { Double($0) } ?? (call.optional(1) == nil ? 0.5 : call.number(1))
        let trains = try fixed == nil ? call.optional(2) != nil && call.number(2) != 0 : trainsAlways
        guard ratio >= 0, ratio < 1 else { throw Refusal("a ratio of \(ratio)") }
        guard trains, ratio > 0 else {
          return [.tensor(x), .tensor(try call.make(x.shape, [Bool](repeating: true, count: x.count)))]
        }
        call.run.drewRandomNumbers = true
        var random = Random(seed: UInt64(bitPattern: seed))
        let mask = (0..<x.count).map { _ in random.uniform() >= ratio }
        let values = zip(x.values(Double.self), mask).map { $1 ? $0 / (1 - ratio) : 0 }
        return [.tensor(try call.make(x.type, x.shape, values)), .tensor(try call.make(x.shape, mask))]
      }
    },
  ]

  private static func softmax(
    _ name: String, _ body: @escaping @Sendable (Context, Tensor) -> Tensor
  ) -> GraphOperator {
    GraphOperator.one(name, 1...1) { node in
      let axis = Int(try node.int("axis", node.version < 13 ? 1 : -1))
      let isFlat = node.version < 13
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        if x.rank == 0 || x.count == 0 {
          return try call.make(x.type, x.shape, [Double](repeating: name == "Softmax" ? 1 : 0, count: x.count))
        }
        let (rows, width, restore) = try call.softmaxRows(x, axis: axis, isFlat: isFlat)
        try call.reserve(bytesEach: 8, x.shape)
        if x.type == .float64 {
          var values = rows.values(Double.self)
          for row in 0..<values.count / width {
            let range = row * width..<(row + 1) * width
            let top = values[range].max() ?? 0
            let sum = values[range].reduce(0) { $0 + exp($1 - top) }
            for i in range { values[i] = name == "Softmax" ? exp(values[i] - top) / sum : values[i] - top - log(sum) }
          }
          return try restore(call.make(x.type, rows.shape, values), call)
        }
        let result = body(call.context, try call.engine(rows.reshaped([rows.count / width, width])))
        return try restore(call.convert(call.wrap(result).reshaped(rows.shape), to: x.type), call)
      }
    }
  }
}

extension GraphCall {
  /// The rows that softmax works on, and the way back: one axis, or before version 13 all axes from the given one.
  func softmaxRows(
    _ x: GraphTensor, axis: Int, isFlat: Bool
  ) throws -> (GraphTensor, width: Int, (GraphTensor, GraphCall) throws -> GraphTensor) {
    let axis = try Axes.resolve(axis, rank: x.rank)
    if isFlat || axis == x.rank - 1 {
      return (x, isFlat ? Axes.product(x.shape[axis...]) : x.shape[axis], { result, _ in result })
    }
    let (moved, width) = try rows(x, [axis])
    var back = Array(0..<x.rank - 1)
    back.insert(x.rank - 1, at: axis)
    return (moved, width, { result, call in try call.transposed(result, back) })
  }

  /// x · factor + offset, by channel.
  func affine(_ x: GraphTensor, _ factors: [Double], _ offsets: [Double], plane: Int) throws -> GraphTensor {
    guard x.type == .float32, plane > 0 else {
      let values = x.values(Double.self)
      let channels = factors.count
      return try make(
        x.type, x.shape,
        values.indices.map {
          values[$0] * factors[$0 / max(plane, 1) % channels] + offsets[$0 / max(plane, 1) % channels]
        })
    }
    let (a, b) = (factors.map { Float($0) }, offsets.map { Float($0) })
    return try make(x.type, x.shape) { target in
      x.withBytes { source in
        let (from, to) = (source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self))
        parallel(x.count / plane, grain: max(1, 32768 / plane)) { range in
          for row in range {
            let (factor, offset) = (a[row % a.count], b[row % a.count])
            let (from, to) = (from + row * plane, to + row * plane)
            for i in 0..<plane { to[i] = from[i] * factor + offset }
          }
        }
      }
    }
  }

  /// Each group of channels less its mean, over its deviation, times the scale, plus the bias.
  func groupNorm(
    _ x: GraphTensor, groups: Int, scale: GraphTensor, bias: GraphTensor, epsilon: Double, perGroup: Bool
  ) throws -> GraphTensor {
    try x.expect("floating-point numbers", \.isFloat)
    let channels = x.shape[1]
    guard scale.shape == [perGroup ? groups : channels], bias.shape == scale.shape else {
      throw Refusal("scales \(scale.shape) and biases \(bias.shape) for \(channels) channels in \(groups) groups")
    }
    let (scales, biases) = (scale.values(Double.self), bias.values(Double.self))
    let plane = Axes.product(x.shape[2...])
    let each = channels / max(groups, 1)
    let width = each * plane
    try reserve(bytesEach: 16, x.shape)
    var values = x.values(Double.self)
    for group in 0..<(width == 0 ? 0 : values.count / width) {
      let range = group * width..<(group + 1) * width
      let mean = values[range].reduce(0, +) / Double(width)
      let variance = values[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      let inverse = 1 / (variance + epsilon).squareRoot()
      for i in range {
        let channel = i / plane % channels
        let place = perGroup ? channel / each : channel
        values[i] = (values[i] - mean) * inverse * scales[place] + biases[place]
      }
    }
    return try make(x.type, x.shape, values)
  }
}
