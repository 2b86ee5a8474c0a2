import Formats

// Tensors from nothing or from sizes.
extension OperatorLibrary {
  static let generators: [GraphOperator] = [
    GraphOperator.one("Constant", 0...0) { node in
      let value: Constant
      if let tensor = try node.tensor("value") {
        value = .tensor(tensor)
      } else if let number = try node.float("value_float") {
        value = .floats([number], isScalar: true)
      } else if let numbers = try node.floats("value_floats") {
        value = .floats(numbers, isScalar: false)
      } else if let number = try node.int("value_int") {
        value = .ints([number], isScalar: true)
      } else if let numbers = try node.ints("value_ints") {
        value = .ints(numbers.map { Int64($0) }, isScalar: false)
      } else if let strings = try node.strings("value_strings") {
        value = .tensor(GraphTensor(strings: strings, shape: [strings.count]))
      } else if node.has("value_string") {
        value = .tensor(GraphTensor(strings: [try node.string("value_string", "")], shape: []))
      } else {
        throw Refusal("a constant without a value")
      }
      return { call in
        switch value {
        case .tensor(let tensor): tensor
        case .floats(let numbers, let isScalar): try call.make(.float32, isScalar ? [] : [numbers.count], numbers)
        case .ints(let numbers, let isScalar): try call.make(.int64, isScalar ? [] : [numbers.count], numbers)
        }
      }
    },
    GraphOperator.one("ConstantOfShape", 1...1) { node in
      let value = try node.tensor("value")
      if let value, value.count != 1 { throw Refusal("a value of shape \(value.shape)") }
      return { call in
        let shape = try call.ints(0)
        let value = try value ?? call.make(.float32, [], [Float(0)])
        try call.reserve(value.type, shape)
        return try call.expanded(value.reshaped([]), to: shape)
      }
    },
    GraphOperator.one("Range", 3...3) { _ in
      { call in
        let start = try call.tensor(0)
        try start.expect("numbers", \.isNumber)
        let (first, last, step) = (try call.number(0), try call.number(1), try call.number(2))
        let count = ((last - first) / step).rounded(.up)
        guard step != 0, count.isFinite, count < 0x1p40 else { throw Refusal("from \(first) to \(last) by \(step)") }
        let length = Int(max(0, count))
        try call.reserve(bytesEach: 16, [length])
        if start.type.isInteger {
          let (first, step) = (try call.int(0), try call.int(2))
          return try call.make(start.type, [length], (0..<length).map { Int64(first &+ $0 &* step) })
        }
        return try call.make(start.type, [length], (0..<length).map { first + Double($0) * step })
      }
    },
    GraphOperator.one("EyeLike", 1...1) { node in
      let (dtype, k) = (try node.elementType("dtype"), Int(try node.int("k", 0)))
      return { call in
        let x = try call.tensor(0)
        guard x.rank == 2 else { throw Refusal("a unit matrix like \(x.shape)") }
        let columns = x.shape[1]
        try call.reserve(bytesEach: 16, x.shape)
        let values = (0..<x.count).map {
          ($0 % columns).subtractingReportingOverflow($0 / columns).partialValue == k ? Int64(1) : 0
        }
        return try call.convert(call.make(.int64, x.shape, values), to: dtype ?? x.type)
      }
    },
    GraphOperator.one("OneHot", 3...3) { node in
      let axis = Int(try node.int("axis", -1))
      return { call in
        let (indices, values) = (try call.tensor(0), try call.tensor(2))
        try indices.expect("numbers", \.isNumber)
        let depthTensor = try call.tensor(1)
        guard depthTensor.count == 1, depthTensor.type.isNumber, values.count == 2 else {
          throw Refusal("depth \(depthTensor.shape) and values \(values.shape)")
        }
        let depth = Int(depthTensor.values(Int64.self)[0])
        let axis = try Axes.resolve(axis, rank: indices.rank + 1)
        var shape = indices.shape
        shape.insert(depth, at: axis)
        try call.reserve(bytesEach: 8 + values.type.storedBytes, shape)
        let inner = Axes.product(shape[(axis + 1)...])
        let hot = indices.values(Int64.self).map { $0 < 0 ? $0 &+ Int64(depth) : $0 }
        let places = (0..<Axes.product(shape)).map { place in
          let (position, column) = (place / inner % depth, place % inner)
          return hot[place / (inner * depth) * inner + column] == Int64(position) ? 1 : 0
        }
        return try call.pick(values.reshaped([2]), shape: shape, places)
      }
    },
  ]

  private enum Constant {
    case tensor(GraphTensor)
    case floats([Float], isScalar: Bool)
    case ints([Int64], isScalar: Bool)
  }
}
