import Formats
import NumericTypes

// Images in another size: each axis is a product with a sparse matrix of weights.
extension OperatorLibrary {
  static let resizing: [GraphOperator] = [
    GraphOperator.one("Resize", 1...4) { node in
      let isOld = node.version < 11
      let rule = try ResizeRule(node, isOld: isOld)
      let (axes, policy) = (
        try node.ints("axes"),
        try node.word("keep_aspect_ratio_policy", "stretch", among: ["stretch", "not_larger", "not_smaller"])
      )
      return { call in
        let x = try call.tensor(0)
        let axes = try Axes.resolve(axes ?? Array(0..<x.rank), rank: x.rank)
        let scales = try call.optional(isOld ? 1 : 2)?.values(Double.self) ?? []
        let sizes = try isOld ? nil : call.optionalInts(3)
        let roi = try rule.usesRegion ? call.optional(1)?.values(Double.self) ?? [] : []
        return try call.resized(x, axes, scales: scales, sizes: sizes ?? [], roi: roi, policy: policy, rule)
      }
    },
    GraphOperator.one("Upsample", 1...2) { node in
      let rule = try ResizeRule(node, isOld: true)
      let fixed = try node.floats("scales")
      return { call in
        let x = try call.tensor(0)
        let scales = try fixed.map { $0.map { Double($0) } } ?? call.tensor(1).values(Double.self)
        return try call.resized(x, Array(0..<x.rank), scales: scales, sizes: [], roi: [], policy: "stretch", rule)
      }
    },
  ]
}

/// How places of the result are found in the image, and what is taken there.
struct ResizeRule: Sendable {
  let mode: String
  let coordinates: String
  let nearest: String
  let cubic: Double
  let excludesOutside: Bool
  let extrapolation: Double
  let antialiases: Bool

  init(_ node: GraphNode, isOld: Bool) throws {
    mode = try node.word("mode", "nearest", among: ["nearest", "linear", "cubic", "bilinear"])
    coordinates =
      isOld
      ? "asymmetric"
      : try node.word(
        "coordinate_transformation_mode", "half_pixel",
        among: [
          "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
          "tf_crop_and_resize",
          "tf_half_pixel_for_nn",
        ])
    nearest =
      isOld
      ? "floor"
      : try node.word(
        "nearest_mode", "round_prefer_floor", among: ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
    cubic = Double(try node.float("cubic_coeff_a", -0.75))
    excludesOutside = try node.flag("exclude_outside", false)
    extrapolation = Double(try node.float("extrapolation_value", 0))
    antialiases = try node.flag("antialias", false)
  }

  var usesRegion: Bool { coordinates == "tf_crop_and_resize" }

  /// Where a place of the result lies in the image.
  func origin(_ position: Int, extent: Int, scale: Double, size: Int, region: (Double, Double)) -> Double {
    let x = Double(position)
    // What the scale says, which need not be whole.
    let length = scale * Double(extent)
    switch coordinates {
    case "align_corners": return length == 1 ? 0 : x * Double(extent - 1) / (length - 1)
    case "asymmetric": return x / scale
    case "tf_half_pixel_for_nn": return (x + 0.5) / scale
    case "tf_crop_and_resize":
      let last = Double(extent - 1)
      return size > 1
        ? region.0 * last + x * (region.1 - region.0) * last / Double(size - 1) : 0.5 * (region.0 + region.1) * last
    case "pytorch_half_pixel": return size > 1 ? (x + 0.5) / scale - 0.5 : -0.5
    case "half_pixel_symmetric":
      let adjustment = Double(size) / length
      return Double(extent) / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
    default: return (x + 0.5) / scale - 0.5
    }
  }

  /// The weights of the image's places for a place of the result.
  func weights(at origin: Double, extent: Int, scale: Double) -> [(place: Int, weight: Double)] {
    // What is far outside takes the edge all the same.
    let origin = min(max(origin, -4 * Double(extent) - 8), 5 * Double(extent) + 8)
    let base = origin.rounded(.down)
    let ratio = origin - base
    if mode == "nearest" {
      let up =
        switch nearest {
        case "round_prefer_floor": ratio > 0.5
        case "round_prefer_ceil": ratio >= 0.5
        case "floor": false
        default: ratio > 0
        }
      return [(hold(base + (up ? 1 : 0), extent), 1)]
    }
    // Downsizing with antialiasing widens the kernel.
    let factor = antialiases ? min(scale, 1) : 1
    let reach = (mode == "cubic" ? 2 : 1) / factor
    let first = (origin - reach).rounded(.down) + 1
    let last = (origin + reach).rounded(.up) - 1
    var weights: [(place: Int, weight: Double)] = []
    var total = 0.0
    var place = first
    while place <= last {
      let weight = kernel((place - origin) * factor)
      let isOutside = place < 0 || place > Double(extent - 1)
      if !(excludesOutside && isOutside) {
        weights.append((hold(place, extent), weight))
        total += weight
      }
      place += 1
    }
    if antialiases || excludesOutside, total != 0 { for i in weights.indices { weights[i].weight /= total } }
    return weights
  }

  private func hold(_ place: Double, _ extent: Int) -> Int { Int(max(0, min(place, Double(extent - 1)))) }

  private func kernel(_ distance: Double) -> Double {
    let x = abs(distance)
    if mode != "cubic" { return max(0, 1 - x) }
    if x <= 1 { return ((cubic + 2) * x - (cubic + 3)) * x * x + 1 }
    return x < 2 ? ((cubic * x - 5 * cubic) * x + 8 * cubic) * x - 4 * cubic : 0
  }
}

extension GraphCall {
  func resized(
    _ x: GraphTensor, _ axes: [Int], scales: [Double], sizes: [Int], roi: [Double], policy: String, _ rule: ResizeRule
  ) throws -> GraphTensor {
    try x.expect("numbers", \.isNumber)
    guard !x.shape.contains(0) else { throw Refusal("an image of \(x.shape)") }
    guard (scales.isEmpty != sizes.isEmpty), scales.isEmpty || scales.count == axes.count,
      sizes.isEmpty || sizes.count == axes.count
    else { throw Refusal("\(scales.count) scales and \(sizes.count) sizes for \(axes.count) axes") }
    guard roi.allSatisfy(\.isFinite), roi.isEmpty || roi.count == 2 * axes.count, !rule.usesRegion || !roi.isEmpty
    else {
      throw Refusal("a region of \(roi.count) numbers for \(axes.count) axes")
    }
    var (shape, factors) = (x.shape, [Double](repeating: 1, count: x.rank))
    for (i, axis) in axes.enumerated() {
      let extent = Double(x.shape[axis])
      let scale = sizes.isEmpty ? scales[i] : Double(sizes[i]) / extent
      guard scale.isFinite, scale > 0, scale * extent < 0x1p40 else { throw Refusal("a scale of \(scale)") }
      factors[axis] = scale
      shape[axis] = sizes.isEmpty ? Int((scale * extent).rounded(.down)) : sizes[i]
    }
    if policy != "stretch", !sizes.isEmpty {
      let all = axes.map { factors[$0] }
      let scale = (policy == "not_larger" ? all.min() : all.max()) ?? 1
      for axis in axes {
        factors[axis] = scale
        guard scale * Double(x.shape[axis]) < 0x1p40 else { throw Refusal("a scale of \(scale)") }
        shape[axis] = Int(scale * Double(x.shape[axis]) + 0.5)
      }
    }
    try reserve(bytesEach: 8, shape)
    var (values, current) = (x.values(Float.self), x.shape)
    var isOutside = [[Bool]](repeating: [], count: x.rank)
    for axis in 0..<x.rank where shape[axis] != x.shape[axis] || axes.contains(axis) && rule.usesRegion {
      let place = axes.firstIndex(of: axis)
      let region = rule.usesRegion ? (roi[place ?? 0], roi[axes.count + (place ?? 0)]) : (0, 1)
      let origins = (0..<shape[axis]).map {
        rule.origin($0, extent: x.shape[axis], scale: factors[axis], size: shape[axis], region: region)
      }
      if rule.usesRegion { isOutside[axis] = origins.map { $0 < 0 || $0 > Double(x.shape[axis] - 1) } }
      let weights = origins.map { origin in
        rule.weights(at: origin, extent: x.shape[axis], scale: factors[axis]).map { ($0.place, Float($0.weight)) }
      }
      let (outer, inner, extent) = (Axes.product(current[..<axis]), Axes.product(current[(axis + 1)...]), current[axis])
      current[axis] = shape[axis]
      try reserve(bytesEach: 8, current)
      let source = values
      values = [Float](repeating: 0, count: Axes.product(current))
      values.withUnsafeMutableBufferPointer { target in
        nonisolated(unsafe) let out = target.baseAddress
        guard let out else { return }
        source.withUnsafeBufferPointer { from in
          parallel(outer * shape[axis], grain: max(1, 8192 / max(inner, 1))) { range in
            for row in range {
              let (block, position) = row.quotientAndRemainder(dividingBy: shape[axis])
              for (place, weight) in weights[position] {
                let start = (block * extent + place) * inner
                for i in 0..<inner { out[row * inner + i] += weight * from[start + i] }
              }
            }
          }
        }
      }
    }
    if rule.usesRegion {
      let strides = Axes.rowMajor(shape)
      for place in values.indices {
        for axis in axes where !isOutside[axis].isEmpty && isOutside[axis][place / strides[axis] % shape[axis]] {
          values[place] = Float(rule.extrapolation)
          break
        }
      }
    }
    if x.type.isInteger {
      let range = x.type.integerRange
      return try make(
        x.type, shape,
        values.map {
          Int64(nearest: min(max(Double($0).rounded(.towardZero), Double(range.lowerBound)), Double(range.upperBound)))
        })
    }
    return try make(x.type, shape, values)
  }
}
