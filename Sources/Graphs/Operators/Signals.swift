import Formats
import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Transforms of signals and the windows that cut them.
extension OperatorLibrary {
  static let signals: [GraphOperator] = [
    GraphOperator.one("DFT", 1...3) { node in
      let (inverse, isOneSided) = (try node.flag("inverse", false), try node.flag("onesided", false))
      let fixed = node.version < 20 ? Int(try node.int("axis", 1)) : nil
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        guard x.rank >= 2, let parts = x.shape.last, parts == 1 || parts == 2 else {
          throw Refusal("signals \(x.shape)")
        }
        let axis = try Axes.resolve(fixed ?? (call.optional(2) == nil ? -2 : call.int(2)), rank: x.rank)
        guard axis < x.rank - 1 else { throw Refusal("axis \(axis) of \(x.shape)") }
        let makesReal = inverse && isOneSided
        let natural = makesReal ? 2 * (x.shape[axis] - 1) : x.shape[axis]
        let length = try call.optional(1) == nil ? natural : call.int(1)
        guard length > 0, length <= 1 << 30 else { throw Refusal("a transform of length \(length)") }
        return try call.transformed(
          x, axis: axis, length: length, inverse: inverse, isOneSided: isOneSided, makesReal: makesReal)
      }
    },
    GraphOperator.one("STFT", 2...4) { node in
      let isOneSided = try node.flag("onesided", true)
      return { call in
        let (x, step) = (try call.tensor(0), try call.int(1))
        let window = try call.optional(2)
        try x.expect("floating-point numbers", \.isFloat)
        guard x.rank == 3, x.shape[2] == 1 || x.shape[2] == 2, step > 0 else {
          throw Refusal("signals \(x.shape), step \(step)")
        }
        let total = x.shape[1]
        let length = try call.optional(3) == nil ? window?.count ?? total : call.int(3)
        guard length > 0, length <= total, (window?.count ?? length) <= length else {
          throw Refusal("frames of \(length) in \(total), a window of \(window?.count ?? 0)")
        }
        let frames = 1 + (total - length) / step
        let parts = x.shape[2]
        try call.reserve(bytesEach: 24, [x.shape[0], frames, length, 2])
        let (values, weights) = (x.values(Double.self), window?.values(Double.self))
        var cut: [Double] = []
        for n in 0..<x.shape[0] {
          for frame in 0..<frames {
            for i in 0..<length {
              let weight = weights.map { i < $0.count ? $0[i] : 0 } ?? 1
              for part in 0..<parts { cut.append(values[(n * total + frame * step + i) * parts + part] * weight) }
            }
          }
        }
        let signal = try call.make(x.type, [x.shape[0], frames, length, parts], cut)
        return try call.transformed(
          signal, axis: 2, length: length, inverse: false, isOneSided: isOneSided && parts == 1, makesReal: false)
      }
    },
    window("HannWindow") { 0.5 - 0.5 * cos($0) }, window("HammingWindow") { 25.0 / 46 - 21.0 / 46 * cos($0) },
    window("BlackmanWindow") { 0.42 - 0.5 * cos($0) + 0.08 * cos(2 * $0) },
    GraphOperator.one("MelWeightMatrix", 5...5) { node in
      let type = try node.elementType("output_datatype") ?? .float32
      return { call in
        let (bands, length, rate) = (try call.int(0), try call.int(1), try call.number(2))
        let (low, high) = (try call.number(3), try call.number(4))
        guard bands > 0, bands <= 1 << 20, length > 0, length <= 1 << 30, rate > 0, low >= 0, high >= low, high < 1e9
        else {
          throw Refusal("\(bands) bands of \(length) at \(rate), from \(low) to \(high)")
        }
        let rows = length / 2 + 1
        let count = try call.reserve(bytesEach: 16, [rows, bands])
        func mel(_ hertz: Double) -> Double { 2595 * log10(1 + hertz / 700) }
        let step = (mel(high) - mel(low)) / Double(bands + 2)
        let bins = (0..<bands + 2).map { i in
          let hertz = 700 * (pow(10, (Double(i) * step + mel(low)) / 2595) - 1)
          return Int(Int64(nearest: (Double(length + 1) * hertz / rate).rounded(.down)))
        }
        guard bins.allSatisfy({ $0 >= 0 && $0 < rows }) else { throw Refusal("bands up to \(high) at \(rate)") }
        var result = [Double](repeating: 0, count: count)
        for band in 0..<bands {
          let (first, middle, last) = (bins[band], bins[band + 1], bins[band + 2])
          if first == middle {
            result[middle * bands + band] = 1
          } else {
            for j in first...middle { result[j * bands + band] = Double(j - first) / Double(middle - first) }
          }
          for j in middle..<max(middle, last) { result[j * bands + band] = Double(last - j) / Double(last - middle) }
        }
        return try call.make(type, [rows, bands], result)
      }
    },
  ]

  private static func window(_ name: String, _ body: @escaping @Sendable (Double) -> Double) -> GraphOperator {
    GraphOperator.one(name, 1...1) { node in
      let isPeriodic = try node.flag("periodic", true)
      let type = try node.elementType("output_datatype") ?? .float32
      return { call in
        let size = try call.int(0)
        guard size >= 0 else { throw Refusal("a window of \(size)") }
        try call.reserve(bytesEach: 16, [size])
        let turn = 2 * Double.pi / Double(max(isPeriodic ? size : size - 1, 1))
        return try call.make(type, [size], (0..<size).map { body(Double($0) * turn) })
      }
    }
  }
}

extension GraphCall {
  /// The transform along an axis of numbers [.., 1 or 2], cut or filled up with zeros to `length`.
  func transformed(
    _ x: GraphTensor, axis: Int, length: Int, inverse: Bool, isOneSided: Bool, makesReal: Bool
  ) throws -> GraphTensor {
    let parts = x.shape[x.rank - 1]
    let extent = x.shape[axis]
    // The parts and then the axis come last.
    let order = (0..<x.rank).filter { $0 != axis && $0 != x.rank - 1 } + [x.rank - 1, axis]
    let values = try transposed(x, order).values(Double.self)
    let leading = order.dropLast(2).map { x.shape[$0] }
    let kept = isOneSided && !inverse ? length / 2 + 1 : length
    try reserve(bytesEach: 32, leading + [max(kept, length), 2])
    try reserve(bytesEach: 320, [length])
    let plan = FourierTransform(length)
    var result: [Double] = []
    for row in 0..<Axes.product(leading) {
      func part(_ index: Int) -> [Double] {
        guard index < parts else { return [Double](repeating: 0, count: length) }
        let start = (row * parts + index) * extent
        let given = values[start..<start + min(extent, length)]
        return given + [Double](repeating: 0, count: length - given.count)
      }
      var (real, imaginary) = (part(0), part(1))
      if makesReal {
        // The missing half mirrors the given one.
        for k in stride(from: length / 2 + 1, to: length, by: 1) {
          (real[k], imaginary[k]) = (real[length - k], -imaginary[length - k])
        }
        imaginary[0] = 0
        if length.isMultiple(of: 2) { imaginary[length / 2] = 0 }
      }
      plan.transform(&real, &imaginary, isInverse: inverse)
      result += real[..<kept]
      if !makesReal { result += imaginary[..<kept] }
    }
    let outputs = makesReal ? 1 : 2
    let made = try make(x.type, leading + [outputs, kept], result)
    // Back to where the axes were.
    let back = (0..<x.rank).map { original in order.firstIndex(of: original) ?? 0 }
    return try transposed(made, back)
  }
}
