import Formats

// Gathering by index. Indices are checked against the extents here; negative ones count from the end.
extension OperatorLibrary {
  static let indexing: [GraphOperator] = [
    GraphOperator.one("Gather", 2...2) { node in
      let axis = Int(try node.int("axis", 0))
      return { call in
        let (x, indices) = (try call.tensor(0), try call.tensor(1))
        let axis = try Axes.resolve(axis, rank: x.rank)
        let positions = try call.positions(indices, extent: x.shape[axis])
        let outer = Axes.product(x.shape[..<axis])
        let inner = Axes.product(x.shape[(axis + 1)...])
        let shape = Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...])
        try call.reserve(x.type, shape)
        if x.type != .string {
          let bytes = inner * x.type.storedBytes
          return try call.make(x.type, shape) { target in
            x.withBytes { source in
              for row in 0..<outer {
                for (i, position) in positions.enumerated() {
                  (target + (row * positions.count + i) * bytes).copyMemory(
                    from: source + (row * x.shape[axis] + position) * bytes, byteCount: bytes)
                }
              }
            }
          }
        }
        let places = (0..<outer).flatMap { row in
          positions.flatMap { position in (0..<inner).map { (row * x.shape[axis] + position) * inner + $0 } }
        }
        return try call.pick(x, shape: shape, places)
      }
    },
    GraphOperator.one("GatherElements", 2...2) { node in
      let axis = Int(try node.int("axis", 0))
      return { call in
        let (x, indices) = (try call.tensor(0), try call.tensor(1))
        let places = try call.elementPlaces(x.shape, indices, axis: Axes.resolve(axis, rank: x.rank))
        return try call.pick(x, shape: indices.shape, places)
      }
    },
    GraphOperator.one("GatherND", 2...2) { node in
      let batch = Int(try node.int("batch_dims", 0))
      return { call in
        let (x, indices) = (try call.tensor(0), try call.tensor(1))
        guard batch >= 0, batch < min(x.rank, indices.rank), let depth = indices.shape.last,
          Array(x.shape[..<batch]) == Array(indices.shape[..<batch]), batch + depth <= x.rank
        else { throw Refusal("indices \(indices.shape) into \(x.shape), \(batch) batch axes") }
        let rest = Array(x.shape[(batch + depth)...])
        let shape = Array(indices.shape.dropLast()) + rest
        try call.reserve(bytesEach: 8 + x.type.storedBytes, shape)
        let inner = Axes.product(rest)
        let starts = try call.vectorPlaces(x.shape, indices, batch: batch, depth: depth)
        return try call.pick(x, shape: shape, starts.flatMap { start in (0..<inner).map { start + $0 } })
      }
    },
    GraphOperator.one("Compress", 2...2) { node in
      let axis = try node.int("axis")
      return { call in
        var x = try call.tensor(0)
        let condition = try call.tensor(1)
        guard condition.type == .bool, condition.rank == 1 else { throw Refusal("a condition of \(condition.shape)") }
        if axis == nil { x = x.reshaped([x.count]) }
        let axis = try Axes.resolve(Int(axis ?? 0), rank: x.rank)
        let chosen = condition.values(Int64.self).enumerated().filter { $0.element != 0 }.map(\.offset)
        guard chosen.allSatisfy({ $0 < x.shape[axis] }) else { throw Refusal("a condition beyond \(x.shape)") }
        let outer = Axes.product(x.shape[..<axis])
        let inner = Axes.product(x.shape[(axis + 1)...])
        var shape = x.shape
        shape[axis] = chosen.count
        let places = (0..<outer).flatMap { row in
          chosen.flatMap { position in (0..<inner).map { (row * x.shape[axis] + position) * inner + $0 } }
        }
        return try call.pick(x, shape: shape, places)
      }
    },
  ]
}

extension GraphCall {
  /// Indices as positions within an extent.
  func positions(_ indices: GraphTensor, extent: Int) throws -> [Int] {
    try indices.expect("indices", \.isInteger)
    try reserve(.int64, indices.shape)
    return try indices.values(Int64.self).map { index in
      let position = index < 0 ? Int(index) &+ extent : Int(index)
      guard position >= 0, position < extent else { throw Refusal("index \(index) of an extent of \(extent)") }
      return position
    }
  }

  /// For indices of the same rank as `shape`, the place of each: its own coordinates but for `axis`.
  func elementPlaces(_ shape: [Int], _ indices: GraphTensor, axis: Int) throws -> [Int] {
    guard indices.rank == shape.count,
      shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= shape[$0] })
    else { throw Refusal("indices \(indices.shape) into \(shape)") }
    var positions = try positions(indices, extent: shape[axis])
    let strides = Axes.rowMajor(shape)
    let own = Axes.rowMajor(indices.shape)
    for item in positions.indices {
      var place = positions[item] * strides[axis]
      for other in shape.indices where other != axis {
        place += item / own[other] % indices.shape[other] * strides[other]
      }
      positions[item] = place
    }
    return positions
  }

  /// For vectors of indices, the place where each one's slice begins.
  func vectorPlaces(_ shape: [Int], _ indices: GraphTensor, batch: Int, depth: Int) throws -> [Int] {
    try indices.expect("indices", \.isInteger)
    let strides = Axes.rowMajor(shape)
    let values = indices.values(Int64.self)
    let vectors = Axes.product(indices.shape.dropLast())
    let perBatch = Axes.product(indices.shape[batch...].dropLast())
    let batchSize = Axes.product(shape[batch...])
    return try (0..<vectors).map { vector in
      var place = perBatch == 0 ? 0 : vector / perBatch * batchSize
      for i in 0..<depth {
        let (index, extent) = (values[vector * depth + i], shape[batch + i])
        let position = index < 0 ? Int(index) &+ extent : Int(index)
        guard position >= 0, position < extent else { throw Refusal("index \(index) of an extent of \(extent)") }
        place += position * strides[batch + i]
      }
      return place
    }
  }
}
