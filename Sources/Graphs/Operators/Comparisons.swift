import Formats
import Tensors

// Truth values: comparisons, logic and choice.
extension OperatorLibrary {
  static let comparisons: [GraphOperator] = [
    comparison("Equal") { Ordering.equal },
    comparison("Greater") { .greater },
    comparison("GreaterOrEqual") { .greaterOrEqual },
    comparison("Less") { .less },
    comparison("LessOrEqual") { .lessOrEqual },
    logic("And") { $0 & $1 }, logic("Or") { $0 | $1 }, logic("Xor") { $0 ^ $1 },
    GraphOperator.one("Where", 3...3) { _ in
      { call in
        let (condition, a, b) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
        try condition.expect("truth values") { $0 == .bool }
        guard a.type == b.type else { throw Refusal("\(a.type.name) and \(b.type.name)") }
        let shape = try Axes.broadcast([condition.shape, a.shape, b.shape])
        try call.reserve(bytesEach: 16 + a.type.storedBytes, shape)
        let (left, right) = (try call.expanded(a, to: shape), try call.expanded(b, to: shape))
        let truths = try call.expanded(condition, to: shape)
        if let first = left.strings, let second = right.strings {
          let chosen = truths.values(Int64.self).enumerated().map { $1 != 0 ? first[$0] : second[$0] }
          return try call.make(shape, strings: chosen)
        }
        let size = a.type.storedBytes
        return try call.make(a.type, shape) { target in
          truths.withBytes { truths in
            let truths = truths.assumingMemoryBound(to: UInt8.self)
            left.withBytes { left in
              right.withBytes { right in
                for i in 0..<Axes.product(shape) {
                  (target + i * size).copyMemory(from: (truths[i] != 0 ? left : right) + i * size, byteCount: size)
                }
              }
            }
          }
        }
      }
    },
  ]

  private enum Ordering {
    case equal, greater, greaterOrEqual, less, lessOrEqual

    func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
      switch self {
      case .equal: a == b
      case .greater: a > b
      case .greaterOrEqual: a >= b
      case .less: a < b
      case .lessOrEqual: a <= b
      }
    }
  }

  private static func comparison(_ name: String, _ ordering: @escaping @Sendable () -> Ordering) -> GraphOperator {
    GraphOperator.one(name, 2...2) { _ in
      { call in
        let (a, b) = (try call.tensor(0), try call.tensor(1))
        guard a.type == b.type else { throw Refusal("\(a.type.name) and \(b.type.name)") }
        let shape = try Axes.broadcast(a.shape, b.shape)
        try call.reserve(bytesEach: 24, shape)
        let ordering = ordering()
        if let x = a.strings, let y = b.strings {
          return try call.make(shape, Axes.combine(x, a.shape, y, b.shape, shape) { ordering.holds($0, $1) })
        }
        func each<Number: Lane>(_: Number.Type) throws -> GraphTensor {
          try call.make(
            shape,
            Axes.combine(a.values(Number.self), a.shape, b.values(Number.self), b.shape, shape) {
              ordering.holds($0, $1)
            })
        }
        switch a.type.lane {
        case .float: return try each(Float.self)
        case .double: return try each(Double.self)
        case .unsigned: return try each(UInt64.self)
        case .signed: return try each(Int64.self)
        case .none: throw Refusal("\(a.type.name) has no order")
        }
      }
    }
  }

  private static func logic(_ name: String, _ body: @escaping @Sendable (Int64, Int64) -> Int64) -> GraphOperator {
    GraphOperator.one(name, 2...2) { _ in
      { call in
        let (a, b) = (try call.tensor(0), try call.tensor(1))
        try a.expect("truth values") { $0 == .bool }
        try b.expect("truth values") { $0 == .bool }
        let shape = try Axes.broadcast(a.shape, b.shape)
        try call.reserve(bytesEach: 24, shape)
        return try call.make(
          .bool, shape, Axes.combine(a.values(Int64.self), a.shape, b.values(Int64.self), b.shape, shape, body))
      }
    }
  }
}
