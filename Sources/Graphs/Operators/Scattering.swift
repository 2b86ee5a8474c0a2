import Formats

// Writing at indices into a copy.
extension OperatorLibrary {
  static let scattering: [GraphOperator] = [
    elements("Scatter"), elements("ScatterElements"),
    GraphOperator.one("ScatterND", 3...3) { node in
      let reduction = try Self.reduction(node)
      return { call in
        let (x, indices, updates) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
        guard let depth = indices.shape.last, depth <= x.rank,
          updates.shape == Array(indices.shape.dropLast()) + Array(x.shape[depth...])
        else { throw Refusal("indices \(indices.shape) and updates \(updates.shape) into \(x.shape)") }
        let inner = Axes.product(x.shape[depth...])
        let starts = try call.vectorPlaces(x.shape, indices, batch: 0, depth: depth)
        return try call.scattered(
          x, updates, starts.flatMap { start in (0..<inner).map { start + $0 } }, reduction)
      }
    },
    GraphOperator.one("TensorScatter", 2...3) { node in
      let axis = Int(try node.int("axis", -2))
      let isCircular = try node.word("mode", "linear", among: ["linear", "circular"]) == "circular"
      return { call in
        let (past, update) = (try call.tensor(0), try call.tensor(1))
        guard past.type == update.type, past.rank == update.rank, past.rank >= 2 else {
          throw Refusal("an update \(update.shape) of \(past.shape)")
        }
        let axis = try Axes.resolve(axis, rank: past.rank)
        let (extent, length) = (past.shape[axis], update.shape[axis])
        guard axis > 0, length <= extent,
          past.shape.indices.allSatisfy({ $0 == axis || past.shape[$0] == update.shape[$0] })
        else { throw Refusal("an update \(update.shape) of \(past.shape) along axis \(axis)") }
        let starts = try call.optionalInts(2) ?? [Int](repeating: 0, count: past.shape[0])
        guard starts.count == past.shape[0],
          starts.allSatisfy({ $0 >= 0 && $0 < max(extent, 1) && (isCircular || $0 + length <= extent) })
        else { throw Refusal("starts \(starts) for \(length) of \(extent)") }
        let own = Axes.rowMajor(update.shape)
        let strides = Axes.rowMajor(past.shape)
        let places = (0..<update.count).map { item in
          var place = 0
          for other in past.shape.indices {
            var coordinate = item / own[other] % update.shape[other]
            if other == axis { coordinate = (coordinate + starts[item / own[0]]) % extent }
            place += coordinate * strides[other]
          }
          return place
        }
        return try call.scattered(past, update, places, "none")
      }
    },
  ]

  private static func reduction(_ node: GraphNode) throws -> String {
    try node.word("reduction", "none", among: ["none", "add", "mul", "max", "min"])
  }

  private static func elements(_ name: String) -> GraphOperator {
    GraphOperator.one(name, 3...3) { node in
      let axis = Int(try node.int("axis", 0))
      let reduction = try Self.reduction(node)
      return { call in
        let (x, indices, updates) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
        guard updates.shape == indices.shape else { throw Refusal("updates \(updates.shape) at \(indices.shape)") }
        let places = try call.elementPlaces(x.shape, indices, axis: Axes.resolve(axis, rank: x.rank))
        return try call.scattered(x, updates, places, reduction)
      }
    }
  }
}

extension GraphCall {
  /// A copy of `x` with `updates` written at `places`, in order.
  func scattered(
    _ x: GraphTensor, _ updates: GraphTensor, _ places: [Int], _ reduction: String
  ) throws -> GraphTensor {
    guard x.type == updates.type else { throw Refusal("updates of \(updates.type.name) into \(x.type.name)") }
    if reduction == "none" {
      if var strings = x.strings, let other = updates.strings {
        for (item, place) in places.enumerated() { strings[place] = other[item] }
        return try make(x.shape, strings: strings)
      }
      let size = x.type.storedBytes
      return try make(x.type, x.shape) { target in
        x.withBytes { target.copyMemory(from: $0, byteCount: x.count * size) }
        updates.withBytes { source in
          for (item, place) in places.enumerated() {
            (target + place * size).copyMemory(from: source + item * size, byteCount: size)
          }
        }
      }
    }
    let operation: Numeric =
      switch reduction {
      case "add": .add
      case "mul": .multiply
      case "max": .maximum
      default: .minimum
      }
    func each<Number: Lane>(_: Number.Type) throws -> GraphTensor {
      var values = x.values(Number.self)
      let updates = updates.values(Number.self)
      for (item, place) in places.enumerated() { values[place] = operation.of(values[place], updates[item]) }
      return try make(x.type, x.shape, values)
    }
    switch x.type.lane {
    case .float: return try each(Float.self)
    case .double: return try each(Double.self)
    case .unsigned: return try each(UInt64.self)
    case .signed: return try each(Int64.self)
    case .none: throw Refusal("\(x.type.name) cannot be combined")
    }
  }
}
