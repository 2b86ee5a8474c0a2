import Formats

// Operators that change or tell shapes without touching elements.
extension OperatorLibrary {
  static let shapes: [GraphOperator] = [
    GraphOperator("Identity", inputs: 1...1) { _ in { call in [call.inputs[0]] } },
    GraphOperator.one("Reshape", 1...2) { node in
      let allowsZero = try node.flag("allowzero", false)
      let attribute = node.version < 5 ? try node.ints("shape") : nil
      return { call in
        let x = try call.tensor(0)
        let wanted = try attribute ?? call.ints(1)
        var shape = try wanted.enumerated().map { axis, extent in
          guard extent == 0, !allowsZero else { return extent }
          guard axis < x.rank else { throw Refusal("shape \(wanted) keeps axis \(axis) of \(x.shape)") }
          return x.shape[axis]
        }
        if let open = shape.firstIndex(of: -1) {
          shape[open] = 1
          let known = try call.reserve(.bool, shape)
          guard known > 0, x.count.isMultiple(of: known) else { throw Refusal("\(x.shape) does not become \(wanted)") }
          shape[open] = x.count / known
        }
        guard try call.reserve(.bool, shape) == x.count else { throw Refusal("\(x.shape) does not become \(wanted)") }
        return x.reshaped(shape)
      }
    },
    GraphOperator.one("Flatten", 1...1) { node in
      let axis = Int(try node.int("axis", 1))
      return { call in
        let x = try call.tensor(0)
        let axis = axis < 0 ? axis + x.rank : axis
        guard axis >= 0, axis <= x.rank else { throw Refusal("axis \(axis) of \(x.shape)") }
        return x.reshaped([Axes.product(x.shape[..<axis]), Axes.product(x.shape[axis...])])
      }
    },
    GraphOperator.one("Squeeze", 1...2) { node in
      let attribute = node.version < 13 ? try node.ints("axes") : nil
      return { call in
        let x = try call.tensor(0)
        let given = try attribute ?? call.optionalInts(1)
        let axes = try given.map { try Axes.resolve($0, rank: x.rank) } ?? x.shape.indices.filter { x.shape[$0] == 1 }
        guard axes.allSatisfy({ x.shape[$0] == 1 }) else {
          throw Refusal("axes \(axes) of \(x.shape) are not of extent 1")
        }
        return x.reshaped(x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
      }
    },
    GraphOperator.one("Unsqueeze", 1...2) { node in
      let attribute = node.version < 13 ? try node.ints("axes") : nil
      return { call in
        let x = try call.tensor(0)
        let given = try attribute ?? call.ints(1)
        guard given.count + x.rank <= 64 else { throw Refusal("\(given.count) new axes") }
        let axes = try Axes.resolve(given, rank: x.rank + given.count)
        var rest = x.shape[...]
        return x.reshaped((0..<x.rank + axes.count).map { axes.contains($0) ? 1 : rest.removeFirst() })
      }
    },
    GraphOperator.one("Shape", 1...1) { node in
      let (start, end) = (try node.int("start", 0), try node.int("end"))
      return { call in
        let shape = try call.tensor(0).shape
        func held(_ position: Int64) -> Int {
          Int(min(max(position < 0 ? position &+ Int64(shape.count) : position, 0), Int64(shape.count)))
        }
        let (first, last) = (held(start), held(end ?? Int64(shape.count)))
        return try call.make(ints: first < last ? Array(shape[first..<last]) : [])
      }
    },
    GraphOperator.one("Size", 1...1) { _ in { call in try call.make(.int64, [], [Int64(call.tensor(0).count)]) } },
    GraphOperator.one("Expand", 2...2) { _ in
      { call in
        let (x, shape) = (try call.tensor(0), try call.ints(1))
        try call.reserve(x.type, shape)
        return try call.expanded(x, to: Axes.broadcast(x.shape, shape))
      }
    },
  ]
}
