import Formats
import NumericTypes

// Images read at places that are computed.
extension OperatorLibrary {
  static let sampling: [GraphOperator] = [
    GraphOperator.one("AffineGrid", 2...2) { node in
      let alignsCorners = try node.flag("align_corners", false)
      return { call in
        let (theta, size) = (try call.tensor(0), try call.ints(1))
        let axes = size.count - 2
        guard axes == 2 || axes == 3, theta.shape == [size[0], axes, axes + 1], theta.type.isFloat else {
          throw Refusal("transforms \(theta.shape) for \(size)")
        }
        let extents = Array(size[2...])
        let shape = [size[0]] + extents + [axes]
        try call.reserve(bytesEach: 8, shape)
        let values = theta.values(Double.self)
        let points = Axes.product(extents)
        let strides = Axes.rowMajor(extents)
        var result: [Double] = []
        for n in 0..<size[0] {
          for point in 0..<points {
            // Coordinates from -1 to 1, the last axis first, and 1 for the shift.
            var place: [Double] = []
            for axis in (0..<axes).reversed() {
              let (position, extent) = (Double(point / strides[axis] % extents[axis]), Double(extents[axis]))
              place.append(
                alignsCorners ? (extent > 1 ? -1 + 2 * position / (extent - 1) : 0) : (2 * position + 1) / extent - 1)
            }
            place.append(1)
            for row in 0..<axes {
              result.append((0...axes).reduce(0.0) { $0 + values[(n * axes + row) * (axes + 1) + $1] * place[$1] })
            }
          }
        }
        return try call.make(theta.type, shape, result)
      }
    },
    GraphOperator.one("GridSample", 2...2) { node in
      let mode = try node.word(
        "mode", node.version < 20 ? "bilinear" : "linear", among: ["bilinear", "linear", "nearest", "bicubic", "cubic"])
      let padding = try node.word("padding_mode", "zeros", among: ["zeros", "border", "reflection"])
      let alignsCorners = try node.flag("align_corners", false)
      return { call in
        let (x, grid) = (try call.tensor(0), try call.tensor(1))
        let axes = x.rank - 2
        guard axes >= 1, axes <= 3, grid.rank == x.rank, grid.shape[0] == x.shape[0], grid.shape.last == axes,
          x.type.isFloat, grid.type.isFloat, !x.shape[2...].contains(0)
        else { throw Refusal("places \(grid.shape) in \(x.shape)") }
        let kind: GridSampler.Kind = mode == "nearest" ? .nearest : mode.hasSuffix("cubic") ? .cubic : .linear
        let sampler = GridSampler(
          extents: Array(x.shape[2...]), kind: kind, padding: padding, alignsCorners: alignsCorners)
        let outputs = Array(grid.shape[1..<grid.rank - 1])
        let shape = Array(x.shape[..<2]) + outputs
        try call.reserve(bytesEach: 8, shape)
        let (values, places) = (x.values(Double.self), grid.values(Double.self))
        let (points, volume) = (Axes.product(outputs), Axes.product(x.shape[2...]))
        var result = [Double](repeating: 0, count: Axes.product(shape))
        for n in 0..<x.shape[0] {
          for point in 0..<points {
            let start = (n * points + point) * axes
            // The grid names the last axis first.
            let taps = sampler.taps((0..<axes).map { places[start + axes - 1 - $0] })
            for channel in 0..<x.shape[1] {
              let plane = (n * x.shape[1] + channel) * volume
              result[(n * x.shape[1] + channel) * points + point] =
                taps.reduce(0) { $0 + values[plane + $1.place] * $1.weight }
            }
          }
        }
        return try call.make(x.type, shape, result)
      }
    },
    GraphOperator.one("RoiAlign", 3...3) { node in
      let isMaximum = try node.word("mode", "avg", among: ["avg", "max"]) == "max"
      let (height, width) = (Int(try node.int("output_height", 1)), Int(try node.int("output_width", 1)))
      let ratio = Int(try node.int("sampling_ratio", 0))
      let scale = Double(try node.float("spatial_scale", 1))
      let halfPixel =
        try node.version >= 16
        && node.word("coordinate_transformation_mode", "half_pixel", among: ["half_pixel", "output_half_pixel"])
          == "half_pixel"
      return { call in
        let (x, regions, batches) = (try call.tensor(0), try call.tensor(1), try call.ints(2))
        guard x.rank == 4, regions.rank == 2, regions.shape[1] == 4, batches.count == regions.shape[0], x.type.isFloat,
          height > 0, width > 0, ratio >= 0, ratio <= 128, batches.allSatisfy({ (0..<x.shape[0]).contains($0) }),
          !x.shape.contains(0)
        else { throw Refusal("regions \(regions.shape) of \(x.shape)") }
        let shape = [regions.shape[0], x.shape[1], height, width]
        try call.reserve(bytesEach: 8, shape)
        let (values, corners) = (x.values(Double.self), regions.values(Double.self))
        let (rows, columns) = (x.shape[2], x.shape[3])
        var result: [Double] = []
        for (region, batch) in batches.enumerated() {
          let shift = halfPixel ? 0.5 : 0
          let (x1, y1) = (corners[4 * region] * scale - shift, corners[4 * region + 1] * scale - shift)
          var w = corners[4 * region + 2] * scale - shift - x1
          var h = corners[4 * region + 3] * scale - shift - y1
          // Without the half pixel a region has at least a pixel.
          if !halfPixel { (w, h) = (max(w, 1), max(h, 1)) }
          let (binWidth, binHeight) = (w / Double(width), h / Double(height))
          guard ratio > 0 || binWidth.magnitude < 128 && binHeight.magnitude < 128 else {
            throw Refusal("a region of \(w) by \(h)")
          }
          let gridX = ratio > 0 ? ratio : max(0, Int(binWidth.rounded(.up)))
          let gridY = ratio > 0 ? ratio : max(0, Int(binHeight.rounded(.up)))
          for channel in 0..<x.shape[1] {
            let plane = (batch * x.shape[1] + channel) * rows * columns
            for py in 0..<height {
              for px in 0..<width {
                var (sum, most) = (0.0, -Double.infinity)
                for iy in 0..<gridY {
                  let y = y1 + Double(py) * binHeight + (Double(iy) + 0.5) * binHeight / Double(gridY)
                  for ix in 0..<gridX {
                    let at = x1 + Double(px) * binWidth + (Double(ix) + 0.5) * binWidth / Double(gridX)
                    let parts = bilinear(y, at, rows, columns)
                    for (place, weight) in parts {
                      sum += weight * values[plane + place]
                      most = max(most, weight * values[plane + place])
                    }
                    if parts.isEmpty { most = max(most, 0) }
                  }
                }
                let count = Double(max(gridX * gridY, 1))
                result.append(isMaximum ? (most == -.infinity ? 0 : most) : sum / count)
              }
            }
          }
        }
        return try call.make(x.type, shape, result)
      }
    },
  ]
}

/// The four neighbours of a place with their weights; none where it is outside by more than a pixel.
private func bilinear(_ y: Double, _ x: Double, _ rows: Int, _ columns: Int) -> [(Int, Double)] {
  guard y >= -1, x >= -1, y <= Double(rows), x <= Double(columns) else { return [] }
  let (y, x) = (max(y, 0), max(x, 0))
  let (low, left) = (min(Int(y), rows - 1), min(Int(x), columns - 1))
  let (high, right) = (min(low + 1, rows - 1), min(left + 1, columns - 1))
  let dy = low == rows - 1 ? 0 : y - Double(low)
  let dx = left == columns - 1 ? 0 : x - Double(left)
  return [
    (low * columns + left, (1 - dy) * (1 - dx)), (low * columns + right, (1 - dy) * dx),
    (high * columns + left, dy * (1 - dx)), (high * columns + right, dy * dx),
  ]
}

/// Which elements a place of a grid takes, and by what weights.
struct GridSampler: Sendable {
  enum Kind { case nearest, linear, cubic }
  let extents: [Int]
  let kind: Kind
  let padding: String
  let alignsCorners: Bool

  /// The elements for coordinates from -1 to 1.
  func taps(_ coordinates: [Double]) -> [(place: Int, weight: Double)] {
    var taps: [(place: Int, weight: Double)] = [(0, 1)]
    for (axis, coordinate) in coordinates.enumerated() {
      let extent = extents[axis]
      let own = axisTaps(coordinate, extent)
      taps = taps.flatMap { tap in own.map { (tap.place * extent + $0.0, tap.weight * $0.1) } }
    }
    return taps
  }

  private func axisTaps(_ coordinate: Double, _ extent: Int) -> [(Int, Double)] {
    let length = Double(extent)
    // What is not a number is nowhere; the middle stands for it, as zeros do not change it.
    var x = alignsCorners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2
    guard x.isFinite else { return [] }
    if kind != .cubic { x = moved(x, extent) }
    switch kind {
    case .nearest: return held(x.rounded(.toNearestOrEven), extent).map { [($0, 1)] } ?? []
    case .linear:
      let base = x.rounded(.down)
      return [(base, 1 - (x - base)), (base + 1, x - base)].compactMap { place, weight in
        held(place, extent).map { ($0, weight) }
      }
    case .cubic:
      let base = x.rounded(.down)
      let t = x - base
      let a = -0.75
      func near(_ d: Double) -> Double { ((a + 2) * d - (a + 3)) * d * d + 1 }
      func far(_ d: Double) -> Double { ((a * d - 5 * a) * d + 8 * a) * d - 4 * a }
      return [(base - 1, far(t + 1)), (base, near(t)), (base + 1, near(1 - t)), (base + 2, far(2 - t))].compactMap {
        place, weight in held(moved(place, extent).rounded(), extent).map { ($0, weight) }
      }
    }
  }

  /// The place moved into the image, as the margins ask for.
  private func moved(_ x: Double, _ extent: Int) -> Double {
    let last = Double(extent - 1)
    switch padding {
    case "border": return min(max(x, 0), last)
    case "reflection":
      let (low, high) = alignsCorners ? (0, last) : (-0.5, last + 0.5)
      let span = high - low
      if span <= 0 { return 0 }
      let offset = (x - low).truncatingRemainder(dividingBy: 2 * span)
      let inner = offset < 0 ? offset + 2 * span : offset
      return min(max(low + (inner > span ? 2 * span - inner : inner), 0), last)
    default: return x
    }
  }

  private func held(_ x: Double, _ extent: Int) -> Int? {
    x >= 0 && x <= Double(extent - 1) ? Int(x) : nil
  }
}
