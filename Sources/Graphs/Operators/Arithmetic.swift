import Formats
import NumericTypes
import Tensors

// Operators of two or more tensors, element by element with broadcasting. What the engine has goes to its kernels.
extension OperatorLibrary {
  static let arithmetic: [GraphOperator] = [
    binary("Add", \.isNumber) {
      $0.add($1, $2)
    } _: {
      Numeric.add
    },
    binary("Sub", \.isNumber) {
      $0.subtract($1, $2)
    } _: {
      Numeric.subtract
    },
    binary("Mul", \.isNumber) {
      $0.multiply($1, $2)
    } _: {
      Numeric.multiply
    },
    binary("Div", \.isNumber) {
      $0.divide($1, $2)
    } _: {
      Numeric.divide
    },
    GraphOperator.one("Mod", 2...2) { node in
      let isTruncated = try node.flag("fmod", false)
      return { call in
        let (a, b) = (try call.tensor(0), try call.tensor(1))
        return try call.combine(a, b, isTruncated ? .remainder : .modulo)
      }
    },
    GraphOperator.one("Pow", 2...2) { _ in
      { call in
        let (a, b) = (try call.tensor(0), try call.tensor(1))
        try a.expect("numbers", \.isNumber)
        try b.expect("numbers", \.isNumber)
        if a.type == b.type, a.type == .float32, let x = a.tensor, let y = b.tensor {
          try call.reserve(.float32, Axes.broadcast(a.shape, b.shape))
          return call.wrap(call.context.power(x, y))
        }
        let shape = try Axes.broadcast(a.shape, b.shape)
        try call.reserve(bytesEach: 24, shape)
        let powers = b.values(Double.self)
        switch a.type.lane {
        case .float, .double:
          return try call.make(
            a.type, shape, Axes.combine(a.values(Double.self), a.shape, powers, b.shape, shape) { Double.power($0, $1) }
          )
        case .unsigned:
          return try call.make(
            a.type, shape, Axes.combine(a.values(UInt64.self), a.shape, powers, b.shape, shape) { UInt64.power($0, $1) }
          )
        default:
          return try call.make(
            a.type, shape, Axes.combine(a.values(Int64.self), a.shape, powers, b.shape, shape) { Int64.power($0, $1) })
        }
      }
    },
    many("Sum", .add),
    many("Max", .maximum),
    many("Min", .minimum),
    GraphOperator.one("Mean", 1...Int.max) { _ in
      { call in
        let sum = try call.reduceInputs(.add)
        let count = try call.make(sum.type, [], [Double(call.inputs.count)])
        return try call.combine(sum, count, .divide)
      }
    },
    GraphOperator.one("BitShift", 2...2) { node in
      let isLeft = try node.word("direction", "", among: ["LEFT", "RIGHT"]) == "LEFT"
      return { call in
        try call.bitwise { a, b in b > 63 ? 0 : isLeft ? a << b : a >> b }
      }
    },
    GraphOperator.one("BitwiseAnd", 2...2) { _ in { call in try call.bitwise { $0 & $1 } } },
    GraphOperator.one("BitwiseOr", 2...2) { _ in { call in try call.bitwise { $0 | $1 } } },
    GraphOperator.one("BitwiseXor", 2...2) { _ in { call in try call.bitwise { $0 ^ $1 } } },
    GraphOperator.one("PRelu", 2...2) { node in
      let isByChannel = node.version < 7
      return { call in
        let x = try call.tensor(0)
        var slope = try call.tensor(1)
        if isByChannel, slope.rank == 1, x.rank > 2 {
          slope = slope.reshaped([slope.count] + [Int](repeating: 1, count: x.rank - 2))
        }
        guard try Axes.broadcast(x.shape, slope.shape) == x.shape else {
          throw Refusal("slopes \(slope.shape) for \(x.shape)")
        }
        return try call.combine(x, slope, .slope)
      }
    },
  ]

  /// An operator of two tensors that the engine has for its types.
  private static func binary(
    _ name: String, _ takes: @escaping @Sendable (ONNXElementType) -> Bool,
    _ engine: @escaping @Sendable (Context, Tensor, Tensor) -> Tensor, _ other: @escaping @Sendable () -> Numeric
  ) -> GraphOperator {
    GraphOperator.one(name, 2...2) { node in
      // Before version 7 the second tensor was stretched only when asked, at an axis.
      let axis = node.version < 7 ? try node.int("axis") : nil
      return { call in
        let a = try call.tensor(0)
        var b = try call.tensor(1)
        if let axis {
          let trailing = a.rank - (try Axes.resolve(Int(axis), rank: max(a.rank, 1))) - b.rank
          if trailing > 0 { b = b.reshaped(b.shape + [Int](repeating: 1, count: trailing)) }
        }
        try a.expect("numbers", takes)
        guard a.type == b.type else { throw Refusal("\(a.type.name) and \(b.type.name)") }
        if let x = a.tensor, let y = b.tensor {
          try call.reserve(a.type, Axes.broadcast(a.shape, b.shape))
          return call.wrap(engine(call.context, x, y))
        }
        return try call.combine(a, b, other())
      }
    }
  }

  private static func many(_ name: String, _ operation: Numeric) -> GraphOperator {
    GraphOperator.one(name, 1...Int.max) { _ in { call in try call.reduceInputs(operation) } }
  }
}

/// A function of two numbers that is defined for every lane.
enum Numeric {
  case add, subtract, multiply, divide, remainder, modulo, minimum, maximum, slope

  @inline(__always)
  func of<Number: Lane>(_ a: Number, _ b: Number) -> Number {
    switch self {
    case .add: .plus(a, b)
    case .subtract: .minus(a, b)
    case .multiply: .times(a, b)
    case .divide: .over(a, b)
    case .remainder: .remainder(a, b)
    case .modulo: .modulo(a, b)
    case .minimum: !a.isNumber ? a : !b.isNumber ? b : min(a, b)
    case .maximum: !a.isNumber ? a : !b.isNumber ? b : max(a, b)
    case .slope: a < .nothing ? .times(a, b) : a
    }
  }
}

extension GraphCall {
  /// A function of pairs of elements of two tensors of one type, broadcast.
  func combine(_ a: GraphTensor, _ b: GraphTensor, _ operation: Numeric) throws -> GraphTensor {
    guard a.type == b.type, a.type.lane != .none else { throw Refusal("\(a.type.name) and \(b.type.name)") }
    let shape = try Axes.broadcast(a.shape, b.shape)
    try reserve(bytesEach: 24, shape)
    func each<Number: Lane>(_: Number.Type) throws -> GraphTensor {
      try make(
        a.type, shape,
        Axes.combine(a.values(Number.self), a.shape, b.values(Number.self), b.shape, shape) { operation.of($0, $1) })
    }
    if operation == .minimum || operation == .maximum, let x = a.tensor, let y = b.tensor {
      return wrap(operation == .minimum ? context.minimum(x, y) : context.maximum(x, y))
    }
    switch a.type.lane {
    case .float: return try each(Float.self)
    case .double: return try each(Double.self)
    case .unsigned: return try each(UInt64.self)
    default: return try each(Int64.self)
    }
  }

  /// A function of all inputs, two at a time.
  func reduceInputs(_ operation: Numeric) throws -> GraphTensor {
    let tensors = try tensors()
    var result = tensors[0]
    for next in tensors.dropFirst() {
      if operation == .add, result.type == next.type, let x = result.tensor, let y = next.tensor {
        try reserve(result.type, Axes.broadcast(result.shape, next.shape))
        result = wrap(context.add(x, y))
      } else {
        result = try combine(result, next, operation)
      }
    }
    return result
  }

  /// A function of the bits of pairs of whole numbers.
  func bitwise(_ operation: (UInt64, UInt64) -> UInt64) throws -> GraphTensor {
    let (a, b) = (try tensor(0), try tensor(1))
    try a.expect("whole numbers", \.isInteger)
    guard a.type == b.type else { throw Refusal("\(a.type.name) and \(b.type.name)") }
    let shape = try Axes.broadcast(a.shape, b.shape)
    try reserve(bytesEach: 24, shape)
    let values = Axes.combine(bits(a), a.shape, bits(b), b.shape, shape, operation)
    return try make(a.type, shape, values.map { Int64(bitPattern: $0) })
  }

  func bits(_ x: GraphTensor) -> [UInt64] { x.values(Int64.self).map { UInt64(bitPattern: $0) } }
}
