import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Reductions over axes, and running sums.
extension OperatorLibrary {
  static let reductions: [GraphOperator] = [
    reduction("ReduceSum", axesFrom: 13) { .sum }, reduction("ReduceMean") { .mean },
    reduction("ReduceMax") { .maximum },
    reduction("ReduceMin") { .minimum }, reduction("ReduceProd") { .product }, reduction("ReduceL1") { .absolute },
    reduction("ReduceL2") { .norm }, reduction("ReduceLogSum") { .logSum }, reduction("ReduceLogSumExp") { .logSumExp },
    reduction("ReduceSumSquare") { .squares },
    extremum("ArgMax", isLargest: true), extremum("ArgMin", isLargest: false),
    running("CumSum", .add), running("CumProd", .multiply),
    GraphOperator.one("Hardmax", 1...1) { node in
      let axis = Int(try node.int("axis", node.version < 13 ? 1 : -1))
      let isFlat = node.version < 13
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        let (rows, width, restore) = try call.softmaxRows(x, axis: axis, isFlat: isFlat)
        let values = rows.values(Double.self)
        var result = [Double](repeating: 0, count: values.count)
        for row in 0..<(width == 0 ? 0 : values.count / width) {
          let best = (row * width..<(row + 1) * width).max {
            values[$0] < values[$1] || ($0 > $1 && values[$0] == values[$1])
          }
          if let best { result[best] = 1 }
        }
        return try restore(call.make(x.type, rows.shape, result), call)
      }
    },
  ]

  enum Reduction {
    case sum, mean, maximum, minimum, product, absolute, norm, logSum, logSumExp, squares
  }

  private static func reduction(
    _ name: String, axesFrom: Int64 = 18, _ kind: @escaping @Sendable () -> Reduction
  ) -> GraphOperator {
    GraphOperator.one(name, 1...2) { node in
      let keeps = try node.flag("keepdims", true)
      let noneIsNone = try node.flag("noop_with_empty_axes", false)
      let attribute = node.version < axesFrom ? try node.ints("axes") : nil
      return { call in
        let x = try call.tensor(0)
        let given = try attribute ?? call.optionalInts(1) ?? []
        if given.isEmpty, noneIsNone { return x }
        let axes = given.isEmpty ? Array(0..<x.rank) : try Axes.resolve(given, rank: x.rank)
        return try call.reduce(x, axes, keeps: keeps, kind())
      }
    }
  }

  private static func extremum(_ name: String, isLargest: Bool) -> GraphOperator {
    GraphOperator.one(name, 1...1) { node in
      let axis = Int(try node.int("axis", 0))
      let (keeps, takesLast) = (try node.flag("keepdims", true), try node.flag("select_last_index", false))
      return { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        let axis = try Axes.resolve(axis, rank: x.rank)
        guard x.shape[axis] > 0 else { throw Refusal("the best of nothing: \(x.shape)") }
        let (rows, width) = try call.rows(x, [axis])
        func each<Number: Lane>(_: Number.Type) -> [Int64] {
          let values = rows.values(Number.self)
          return (0..<values.count / width).map { row in
            var best = 0
            for i in 1..<max(width, 1) {
              let (a, b) = (values[row * width + i], values[row * width + best])
              if isLargest ? a > b : a < b { best = i } else if takesLast, a == b { best = i }
            }
            return Int64(best)
          }
        }
        let indices: [Int64] =
          switch x.type.lane {
          case .float, .double: each(Double.self)
          case .unsigned: each(UInt64.self)
          default: each(Int64.self)
          }
        return try call.make(.int64, call.reducedShape(x.shape, [axis], keeps: keeps), indices)
      }
    }
  }

  private static func running(_ name: String, _ operation: Numeric) -> GraphOperator {
    GraphOperator.one(name, 2...2) { node in
      let (isExclusive, isReverse) = (try node.flag("exclusive", false), try node.flag("reverse", false))
      return { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        let axis = try Axes.resolve(call.int(1), rank: x.rank)
        let width = x.shape[axis]
        let step = Axes.product(x.shape[(axis + 1)...])
        try call.reserve(bytesEach: 16, x.shape)
        func each<Number: Lane>(_: Number.Type) throws -> GraphTensor {
          let values = x.values(Number.self)
          var result = values
          for start in 0..<(width == 0 ? 0 : values.count / width) {
            let first = start / step * step * width + start % step
            var total = operation == .add ? Number.nothing : .unit
            for i in 0..<width {
              let place = first + (isReverse ? width - 1 - i : i) * step
              if isExclusive { result[place] = total }
              total = operation.of(total, values[place])
              if !isExclusive { result[place] = total }
            }
          }
          return try call.make(x.type, x.shape, result)
        }
        switch x.type.lane {
        case .float: return try each(Float.self)
        case .double: return try each(Double.self)
        case .unsigned: return try each(UInt64.self)
        default: return try each(Int64.self)
        }
      }
    }
  }
}

extension GraphCall {
  func reducedShape(_ shape: [Int], _ axes: [Int], keeps: Bool) -> [Int] {
    shape.indices.compactMap { axis in axes.contains(axis) ? (keeps ? 1 : nil) : shape[axis] }
  }

  /// The tensor with the given axes innermost, and how many elements they have together.
  func rows(_ x: GraphTensor, _ axes: [Int]) throws -> (GraphTensor, width: Int) {
    let rest = (0..<x.rank).filter { !axes.contains($0) }
    return (try transposed(x, rest + axes.sorted()), Axes.product(axes.map { x.shape[$0] }))
  }

  func reduce(
    _ x: GraphTensor, _ axes: [Int], keeps: Bool, _ kind: OperatorLibrary.Reduction
  ) throws -> GraphTensor {
    try x.expect("numbers") { $0.lane != .none }
    let shape = reducedShape(x.shape, axes, keeps: keeps)
    let (rows, width) = try rows(x, axes)
    let count = Axes.product(shape)
    try reserve(bytesEach: 8, x.shape)
    if x.type == .float32, width > 0, count > 0, let tensor = rows.reshaped([count, width]).tensor {
      let fast: Tensor? =
        switch kind {
        case .sum: context.sum(tensor, axis: 1)
        case .mean: context.mean(tensor, axis: 1)
        case .maximum: context.maximum(tensor, axis: 1)
        case .minimum: context.minimum(tensor, axis: 1)
        default: nil
        }
      if let fast { return wrap(fast).reshaped(shape) }
    }
    func each<Number: Lane>(_ body: (ArraySlice<Number>) -> Number) throws -> GraphTensor {
      let values = rows.values(Number.self)
      return try make(x.type, shape, (0..<count).map { body(values[$0 * width..<($0 + 1) * width]) })
    }
    func whole<Number: Lane>(_: Number.Type, _ least: Number, _ most: Number) throws -> GraphTensor {
      switch kind {
      case .sum: return try each { (row: ArraySlice<Number>) in row.reduce(.nothing, Number.plus) }
      case .product: return try each { (row: ArraySlice<Number>) in row.reduce(.unit, Number.times) }
      case .maximum: return try each { (row: ArraySlice<Number>) in row.reduce(least, max) }
      case .minimum: return try each { (row: ArraySlice<Number>) in row.reduce(most, min) }
      default: return try each { (row: ArraySlice<Number>) in Number(nearest: Self.real(kind, row.map(\.double))) }
      }
    }
    switch x.type.lane {
    case .float, .double: return try each { (row: ArraySlice<Double>) in Self.real(kind, Array(row)) }
    case .unsigned: return try whole(UInt64.self, .min, .max)
    default: return try whole(Int64.self, x.type.integerRange.lowerBound, x.type.integerRange.upperBound)
    }
  }

  private static func real(_ kind: OperatorLibrary.Reduction, _ row: [Double]) -> Double {
    switch kind {
    case .sum: row.reduce(0, +)
    case .mean: row.reduce(0, +) / Double(row.count)
    case .maximum: row.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
    case .minimum: row.reduce(.infinity) { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }
    case .product: row.reduce(1, *)
    case .absolute: row.reduce(0) { $0 + abs($1) }
    case .norm: row.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .squares: row.reduce(0) { $0 + $1 * $1 }
    case .logSum: log(row.reduce(0, +))
    case .logSumExp: logSumExp(row)
    }
  }

  private static func logSumExp(_ row: [Double]) -> Double {
    guard let top = row.max(), top.isFinite else {
      return row.isEmpty ? -.infinity : log(row.reduce(0) { $0 + exp($1) })
    }
    return top + log(row.reduce(0) { $0 + exp($1 - top) })
  }
}
