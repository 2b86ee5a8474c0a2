import Formats

// Operators that put elements elsewhere.
extension OperatorLibrary {
  static let movement: [GraphOperator] = [
    GraphOperator.one("Transpose", 1...1) { node in
      let order = try node.ints("perm")
      return { call in
        let x = try call.tensor(0)
        let order = order ?? (0..<x.rank).reversed()
        guard order.sorted() == Array(0..<x.rank) else { throw Refusal("the order \(order) of \(x.shape)") }
        return try call.transposed(x, order)
      }
    },
    GraphOperator.one("Concat", 1...Int.max) { node in
      let axis = try node.version < 4 ? node.int("axis", 1) : node.int("axis", 0)
      return { call in
        let parts = try call.tensors()
        return try call.concatenated(parts, axis: Axes.resolve(Int(axis), rank: parts[0].rank))
      }
    },
    GraphOperator("Split", inputs: 1...2, outputs: 1 << 16) { node in
      let axis = Int(try node.int("axis", 0))
      let attribute = node.version < 13 ? try node.ints("split") : nil
      let parts = Int(try node.int("num_outputs", Int64(node.outputCount)))
      return { call in
        let x = try call.tensor(0)
        let axis = try Axes.resolve(axis, rank: x.rank)
        var sizes = try attribute ?? call.optionalInts(1) ?? []
        if sizes.isEmpty {
          guard parts > 0, parts <= 1 << 16 else { throw Refusal("\(parts) parts") }
          let each = (x.shape[axis] + parts - 1) / parts
          sizes = (0..<parts).map { max(0, min(each, x.shape[axis] - $0 * each)) }
        }
        return try call.parts(of: x, axis: axis, sizes).map { .tensor($0) }
      }
    },
    GraphOperator.one("Slice", 1...5) { node in
      let attributes =
        node.version < 10 ? (try node.ints("starts"), try node.ints("ends"), try node.ints("axes")) : nil
      return { call in
        let x = try call.tensor(0)
        let starts = try attributes.map { $0.0 ?? [] } ?? call.ints(1)
        let ends = try attributes.map { $0.1 ?? [] } ?? call.ints(2)
        let axes = try Axes.resolve(
          attributes.map { $0.2 ?? Array(starts.indices) } ?? call.optionalInts(3) ?? Array(starts.indices),
          rank: x.rank)
        let steps = try attributes == nil ? call.optionalInts(4) : nil
        guard ends.count == starts.count, axes.count == starts.count, (steps ?? starts).count == starts.count else {
          throw Refusal("starts \(starts), ends \(ends), axes \(axes)")
        }
        var (shape, strides, offset) = (x.shape, Axes.rowMajor(x.shape), 0)
        for (i, axis) in axes.enumerated() {
          let (extent, step) = (x.shape[axis], steps?[i] ?? 1)
          guard step != 0 else { throw Refusal("a step of 0") }
          func held(_ position: Int, _ range: ClosedRange<Int>) -> Int {
            min(max(position < 0 ? position &+ extent : position, range.lowerBound), range.upperBound)
          }
          // An empty axis has no first element to go back from.
          let (first, last) =
            step > 0
            ? (held(starts[i], 0...extent), held(ends[i], 0...extent))
            : (held(starts[i], -1...max(extent - 1, -1)), ends[i] < -extent ? -1 : held(ends[i], -1...extent))
          let distance = step > 0 ? last - first : first - last
          let stride = step.magnitude > UInt(Int.max) ? Int.max : Int(step.magnitude)
          shape[axis] = distance <= 0 ? 0 : (distance - 1) / stride + 1
          if shape[axis] > 0 { offset += first * strides[axis] }
          strides[axis] = shape[axis] > 1 ? strides[axis] * step : 0
        }
        if shape.contains(0) { offset = 0 }
        return try call.gather(x, shape: shape, strides: strides, offset: offset)
      }
    },
    GraphOperator.one("Tile", 2...3) { node in
      let isOld = node.version < 6
      return { call in
        let x = try call.tensor(0)
        var repeats = [Int](repeating: 1, count: x.rank)
        if isOld {
          repeats[try Axes.resolve(call.int(2), rank: x.rank)] = try call.int(1)
        } else {
          repeats = try call.ints(1)
        }
        guard repeats.count == x.rank, repeats.allSatisfy({ $0 >= 0 }) else {
          throw Refusal("repeats \(repeats) of \(x.shape)")
        }
        for (extent, times) in zip(x.shape, repeats) { try call.reserve(x.type, [extent, times]) }
        let strides = Axes.rowMajor(x.shape)
        // Every axis is two: how often, and the axis itself.
        var (shape, steps): ([Int], [Int]) = ([], [])
        for axis in x.shape.indices where repeats[axis] != 1 || x.shape[axis] != 1 {
          shape += [repeats[axis], x.shape[axis]]
          steps += [0, strides[axis]]
        }
        return try call.gather(x, shape: shape, strides: steps)
          .reshaped(zip(x.shape, repeats).map { $0 * $1 })
      }
    },
    GraphOperator.one("Pad", 1...4) { node in
      let mode = try node.word("mode", "constant", among: ["constant", "reflect", "edge", "wrap"])
      let attribute = node.version < 11 ? try node.ints(node.version < 2 ? "paddings" : "pads") ?? [] : nil
      let number = try node.float("value", 0)
      return { call in
        let x = try call.tensor(0)
        let given = try attribute ?? call.ints(1)
        let axes = try Axes.resolve(call.optionalInts(3) ?? Array(0..<x.rank), rank: x.rank)
        guard given.count == 2 * axes.count else { throw Refusal("pads \(given) for \(axes.count) axes") }
        var pads = [(Int, Int)](repeating: (0, 0), count: x.rank)
        for (i, axis) in axes.enumerated() { pads[axis] = (given[i], given[axes.count + i]) }
        let fill = try attribute == nil ? call.optional(2) : call.make(x.type, [], [number])
        if let fill, fill.type != x.type || fill.count != 1 {
          throw Refusal("a fill of \(fill.type.name) \(fill.shape)")
        }
        return try call.padded(x, pads, mode: mode, fill: fill)
      }
    },
    GraphOperator.one("CenterCropPad", 2...2) { node in
      let axes = try node.ints("axes")
      return { call in
        var x = try call.tensor(0)
        let target = try call.ints(1)
        let axes = try Axes.resolve(axes ?? Array(0..<x.rank), rank: x.rank)
        guard target.count == axes.count else { throw Refusal("extents \(target) for \(axes.count) axes") }
        for (axis, extent) in zip(axes, target) {
          guard extent >= 0 else { throw Refusal("an extent of \(extent)") }
          let difference = extent - x.shape[axis]
          if difference < 0 {
            let start = -difference / 2
            x = try call.parts(of: x, axis: axis, [start, extent, -difference - start])[1]
          } else if difference > 0 {
            var pads = [(Int, Int)](repeating: (0, 0), count: x.rank)
            pads[axis] = (difference / 2, difference - difference / 2)
            x = try call.padded(x, pads, mode: "constant", fill: nil)
          }
        }
        return x
      }
    },
    GraphOperator.one("DepthToSpace", 1...1) { node in
      let block = Int(try node.int("blocksize", 0))
      let isColumnMajor = try node.word("mode", "DCR", among: ["DCR", "CRD"]) == "CRD"
      return { call in
        let x = try call.tensor(0)
        guard x.rank == 4, block > 0, block < 1 << 20, x.shape[1] > 0, x.shape[1].isMultiple(of: block * block) else {
          throw Refusal("\(x.shape) in blocks of \(block)")
        }
        let (n, c, h, w) = (x.shape[0], x.shape[1] / (block * block), x.shape[2], x.shape[3])
        let split = x.reshaped(isColumnMajor ? [n, c, block, block, h, w] : [n, block, block, c, h, w])
        return try call.transposed(split, isColumnMajor ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2])
          .reshaped([n, c, h * block, w * block])
      }
    },
    GraphOperator.one("SpaceToDepth", 1...1) { node in
      let block = Int(try node.int("blocksize", 0))
      return { call in
        let x = try call.tensor(0)
        guard x.rank == 4, block > 0, block < 1 << 20, x.shape[2].isMultiple(of: block),
          x.shape[3].isMultiple(of: block), block <= max(x.shape[2], x.shape[3], 1)
        else {
          throw Refusal("\(x.shape) in blocks of \(block)")
        }
        let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2] / block, x.shape[3] / block)
        return try call.transposed(x.reshaped([n, c, h, block, w, block]), [0, 3, 5, 1, 2, 4])
          .reshaped([n, c * block * block, h, w])
      }
    },
    GraphOperator.one("ReverseSequence", 2...2) { node in
      let (time, batch) = (Int(try node.int("time_axis", 0)), Int(try node.int("batch_axis", 1)))
      return { call in
        let (x, lengths) = (try call.tensor(0), try call.ints(1))
        guard Set([time, batch]) == [0, 1], x.rank >= 2, lengths.count == x.shape[batch],
          lengths.allSatisfy({ (0...x.shape[time]).contains($0) })
        else { throw Refusal("lengths \(lengths) of \(x.shape), time axis \(time), batch axis \(batch)") }
        let inner = Axes.product(x.shape[2...])
        var places: [Int] = []
        for i in 0..<x.shape[0] {
          for j in 0..<x.shape[1] {
            let (t, b) = time == 0 ? (i, j) : (j, i)
            let other = t < lengths[b] ? lengths[b] - 1 - t : t
            let row = time == 0 ? other * x.shape[1] + b : b * x.shape[1] + other
            for k in 0..<inner { places.append(row * inner + k) }
          }
        }
        return try call.pick(x, shape: x.shape, places)
      }
    },
    GraphOperator.one("Trilu", 1...2) { node in
      let isUpper = try node.flag("upper", true)
      return { call in
        let x = try call.tensor(0)
        let diagonal = try call.optional(1) == nil ? 0 : call.int(1)
        guard x.rank >= 2 else { throw Refusal("a triangle of \(x.shape)") }
        let (rows, columns) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
        // Beyond the corners a diagonal keeps all or nothing.
        let held = max(-rows, min(diagonal, columns))
        let places = (0..<x.count).map { place in
          let (column, row) = (place % columns, place / columns % rows)
          return (isUpper ? column >= row + held : column <= row + held) ? place : -1
        }
        return try call.pick(x, shape: x.shape, places)
      }
    },
  ]
}

extension GraphCall {
  /// The tensor cut along an axis into parts of the given extents.
  func parts(of x: GraphTensor, axis: Int, _ sizes: [Int]) throws -> [GraphTensor] {
    var total = 0
    for size in sizes {
      guard size >= 0, size <= x.shape[axis] - total else { throw Refusal("parts \(sizes) of \(x.shape)") }
      total += size
    }
    guard total == x.shape[axis] else { throw Refusal("parts \(sizes) of \(x.shape) along axis \(axis)") }
    let strides = Axes.rowMajor(x.shape)
    var start = 0
    return try sizes.map { size in
      var shape = x.shape
      shape[axis] = size
      defer { start += size }
      return try gather(x, shape: shape, strides: strides, offset: shape.contains(0) ? 0 : start * strides[axis])
    }
  }

  /// The tensor with a margin; a margin below 0 cuts.
  func padded(
    _ x: GraphTensor, _ pads: [(Int, Int)], mode: String, fill: GraphTensor?
  ) throws -> GraphTensor {
    var shape = x.shape
    // For each axis, from where a place of the result takes its element; -1 for the fill.
    var sources: [[Int]] = []
    for (axis, (before, after)) in pads.enumerated() {
      let extent = x.shape[axis]
      let size = extent.addingReportingOverflow(before).partialValue.addingReportingOverflow(after).partialValue
      guard before.magnitude <= 1 << 40, after.magnitude <= 1 << 40, size >= 0 else {
        throw Refusal("margins \(before) and \(after) of an extent of \(extent)")
      }
      try reserve(.int64, [size])
      shape[axis] = size
      guard extent > 0 || mode == "constant" || size == 0 else { throw Refusal("nothing to fill a margin with") }
      sources.append(
        (0..<size).map { position in
          let place = position - before
          if place >= 0, place < extent { return place }
          switch mode {
          case "edge": return place < 0 ? 0 : extent - 1
          case "wrap": return ((place % extent) + extent) % extent
          case "reflect":
            let period = max(1, 2 * (extent - 1))
            let inner = ((place % period) + period) % period
            return inner < extent ? inner : period - inner
          default: return -1
          }
        })
    }
    let count = try reserve(bytesEach: 8 + x.type.storedBytes, shape)
    let strides = Axes.rowMajor(x.shape)
    var places: [Int] = []
    places.reserveCapacity(count)
    var index = [Int](repeating: 0, count: shape.count)
    for _ in 0..<count {
      var place = 0
      for axis in shape.indices {
        let source = sources[axis][index[axis]]
        if source < 0 { place = -1; break }
        place += source * strides[axis]
      }
      places.append(place)
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
    return try pick(x, shape: shape, places, fill: fill)
  }
}
