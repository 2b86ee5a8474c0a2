import Formats
import NumericTypes
import Tensors

// Matrix products and what is made of them.
extension OperatorLibrary {
  static let products: [GraphOperator] = [
    GraphOperator.one("MatMul", 2...2) { _ in { call in try call.matmul(call.tensor(0), call.tensor(1)) } },
    GraphOperator.one("MatMulInteger", 2...4) { _ in
      { call in
        let (a, b) = (try call.tensor(0), try call.tensor(1))
        // A zero point for each row of A or each column of B.
        let left = try call.centred(a, zero: call.optional(2), axis: a.rank - 2)
        let right = try call.centred(b, zero: call.optional(3), axis: b.rank - 1)
        let product = try call.matmul(left, right)
        return try call.make(.int32, product.shape, product.values(Double.self).map { Int64(nearest: $0) })
      }
    },
    GraphOperator.one("Gemm", 2...3) { node in
      let (alpha, beta) = (try node.float("alpha", 1), try node.float("beta", 1))
      let (transposesA, transposesB) = (try node.flag("transA", false), try node.flag("transB", false))
      return { call in
        let (a, b) = (try call.tensor(0), try call.tensor(1))
        guard a.rank == 2, b.rank == 2, a.type == b.type else { throw Refusal("\(a.shape) · \(b.shape)") }
        try a.expect("numbers", \.isNumber)
        let inner = (a.shape[transposesA ? 0 : 1], b.shape[transposesB ? 1 : 0])
        guard inner.0 == inner.1 else { throw Refusal("\(a.shape) · \(b.shape)") }
        let shape = [a.shape[transposesA ? 1 : 0], b.shape[transposesB ? 0 : 1]]
        let bias = try call.optional(2)
        if let bias, try bias.type != a.type || Axes.broadcast(bias.shape, shape) != shape {
          throw Refusal("a bias \(bias.type.name) \(bias.shape) for \(shape)")
        }
        try call.reserve(a.type, shape)
        guard a.type == .float32, let x = a.tensor, let y = b.tensor else {
          let product = try call.matmul(
            transposesA ? call.transposed(a, [1, 0]) : a, transposesB ? call.transposed(b, [1, 0]) : b)
          let scale = try call.convert(call.make(.float64, [], [Double(alpha)]), to: a.type)
          let scaled = try call.combine(product, scale, .multiply)
          guard let bias else { return scaled }
          let share = try call.convert(call.make(.float64, [], [Double(beta)]), to: a.type)
          return try call.combine(scaled, call.combine(bias, share, .multiply), .add)
        }
        var result = call.context.matmul(transposesA ? x.transposed() : x, transposesB ? y.transposed() : y)
        if alpha != 1 { result = call.context.multiply(result, Double(alpha)) }
        if var c = bias?.tensor {
          if beta != 1 { c = call.context.multiply(c, Double(beta)) }
          result = call.context.add(result, c)
        }
        return call.wrap(result)
      }
    },
    GraphOperator.one("Einsum", 1...26) { node in
      let equation = try EinsumEquation(node.string("equation", ""))
      return { call in try call.einsum(equation, call.tensors()) }
    },
    GraphOperator.one("Det", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        guard x.rank >= 2, x.shape[x.rank - 1] == x.shape[x.rank - 2] else {
          throw Refusal("determinants of \(x.shape)")
        }
        let n = x.shape[x.rank - 1]
        let values = x.values(Double.self)
        let shape = Array(x.shape.dropLast(2))
        let results = (0..<Axes.product(shape)).map { determinant(Array(values[$0 * n * n..<($0 + 1) * n * n]), n) }
        return try call.make(x.type, shape, results)
      }
    },
  ]
}

/// The determinant by elimination with row exchange.
private func determinant(_ matrix: [Double], _ n: Int) -> Double {
  var a = matrix
  var result = 1.0
  for column in 0..<n {
    let pivot = (column..<n).max { abs(a[$0 * n + column]) < abs(a[$1 * n + column]) } ?? column
    if a[pivot * n + column] == 0 { return 0 }
    if pivot != column {
      for k in 0..<n { a.swapAt(pivot * n + k, column * n + k) }
      result = -result
    }
    result *= a[column * n + column]
    for row in column + 1..<max(n, column + 1) {
      let factor = a[row * n + column] / a[column * n + column]
      for k in column..<n { a[row * n + k] -= factor * a[column * n + k] }
    }
  }
  return result
}

extension GraphCall {
  /// The product with numpy's rules: a vector becomes a row on the left, a column on the right.
  func matmul(_ a: GraphTensor, _ b: GraphTensor) throws -> GraphTensor {
    guard a.type == b.type, a.rank >= 1, b.rank >= 1 else {
      throw Refusal("\(a.type.name) \(a.shape) · \(b.type.name) \(b.shape)")
    }
    try a.expect("numbers", \.isNumber)
    let left = a.rank == 1 ? a.reshaped([1] + a.shape) : a
    let right = b.rank == 1 ? b.reshaped(b.shape + [1]) : b
    var shape: [Int]
    do { shape = try Shape(left.shape).matmul(with: Shape(right.shape)).dimensions } catch {
      throw Refusal(error.description)
    }
    try reserve(a.type, shape)
    let product = try matrices(left, right, shape)
    if b.rank == 1 { shape.removeLast() }
    if a.rank == 1 { shape.remove(at: shape.count - (b.rank == 1 ? 1 : 2)) }
    return product.reshaped(shape)
  }

  private func matrices(_ a: GraphTensor, _ b: GraphTensor, _ shape: [Int]) throws -> GraphTensor {
    if a.type.lane == .float {
      return try convert(wrap(context.matmul(try engine(a), try engine(b))), to: a.type)
    }
    let (m, n, k) = (shape[shape.count - 2], shape[shape.count - 1], a.shape[a.rank - 1])
    let leading = Array(shape.dropLast(2))
    let left = try expanded(a, to: leading + [m, k])
    let right = try expanded(b, to: leading + [k, n])
    func each<Number: Lane>(_: Number.Type) throws -> GraphTensor {
      let (x, y) = (left.values(Number.self), right.values(Number.self))
      var result = [Number](repeating: .nothing, count: Axes.product(shape))
      for matrix in 0..<Axes.product(leading) {
        for i in 0..<m {
          let row = (matrix * m + i) * n
          for p in 0..<k {
            let factor = x[(matrix * m + i) * k + p]
            let other = (matrix * k + p) * n
            for j in 0..<n { result[row + j] = .plus(result[row + j], .times(factor, y[other + j])) }
          }
        }
      }
      return try make(a.type, shape, result)
    }
    switch a.type.lane {
    case .double: return try each(Double.self)
    case .unsigned: return try each(UInt64.self)
    default: return try each(Int64.self)
    }
  }
}

/// Which letters each operand's axes and the result's have.
struct EinsumEquation: Sendable {
  let operands: [[Character]]
  /// Nothing where the result's letters follow from the operands'.
  let result: [Character]?

  /// Reads `ij,jk->ik`; an ellipsis is kept as one `.`.
  init(_ text: String) throws {
    let parts = text.filter { $0 != " " }.replacing("...", with: ".").split(
      separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
    var left = parts[0]
    if parts.count == 2 {
      guard left.last == "-" else { throw Refusal("the equation '\(text)'") }
      left.removeLast()
      result = Array(parts[1])
    } else {
      result = nil
    }
    operands = left.split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    for term in operands + [result ?? []] {
      guard term.allSatisfy({ $0 == "." || $0.isASCII && $0.isLetter }), term.count(where: { $0 == "." }) <= 1,
        term.count <= 64
      else { throw Refusal("the equation '\(text)'") }
    }
  }
}

extension GraphCall {
  /// The sum over all letters that the result does not have, two operands at a time.
  func einsum(_ equation: EinsumEquation, _ tensors: [GraphTensor]) throws -> GraphTensor {
    guard equation.operands.count == tensors.count else {
      throw Refusal("\(tensors.count) operands for \(equation.operands.count) terms")
    }
    // An ellipsis becomes letters of its own, the same from the right in every operand.
    var extents: [String: Int] = [:]
    var terms: [[String]] = []
    var widest = 0
    for (term, tensor) in zip(equation.operands, tensors) {
      let free = tensor.rank - term.count(where: { $0 != "." })
      guard free == 0 || free > 0 && term.contains(".") else {
        throw Refusal("a term of \(term.count) for \(tensor.shape)")
      }
      widest = max(widest, free)
      terms.append(term.flatMap { $0 == "." ? (0..<free).map { ".\(free - 1 - $0)" } : [String($0)] })
    }
    for (term, tensor) in zip(terms, tensors) {
      for (letter, extent) in zip(term, tensor.shape) {
        let known = extents[letter] ?? 1
        guard known == extent || known == 1 || extent == 1 else {
          throw Refusal("'\(letter)' is \(known) and \(extent)")
        }
        extents[letter] = known == 1 ? extent : known
      }
    }
    let dots = (0..<widest).map { ".\(widest - 1 - $0)" }
    let counts = Dictionary(terms.joined().map { ($0, 1) }, uniquingKeysWith: +)
    let result =
      equation.result.map { $0.flatMap { $0 == "." ? dots : [String($0)] } }
      ?? dots + counts.filter { $0.value == 1 && !$0.key.hasPrefix(".") }.keys.sorted()
    guard Set(result).count == result.count, result.allSatisfy({ extents[$0] != nil }) else {
      throw Refusal("a result of \(result)")
    }
    let type = tensors[0].type
    guard tensors.allSatisfy({ $0.type == type }) else { throw Refusal("operands of different types") }
    var (term, value) = (terms[0], tensors[0])
    (term, value) = try diagonal(term, value)
    for i in 1..<max(terms.count, 1) {
      let (other, next) = try diagonal(terms[i], tensors[i])
      let later = Set(terms[(i + 1)...].joined()).union(result)
      (term, value) = try contract(term, value, other, next, keeping: later, extents)
    }
    // Letters that are left but not in the result are summed; the rest is put in order.
    let summed = term.indices.filter { !result.contains(term[$0]) }
    if !summed.isEmpty {
      value = try reduce(value, summed, keeps: false, .sum)
      term = term.filter { result.contains($0) }
    }
    return try expanded(
      transposed(value, result.map { letter in term.firstIndex(of: letter) ?? 0 }), to: result.map { extents[$0] ?? 1 })
  }

  /// A letter that occurs twice in a term means the diagonal.
  private func diagonal(_ term: [String], _ x: GraphTensor) throws -> ([String], GraphTensor) {
    if Set(term).count == term.count { return (term, x) }
    var (letters, shape, strides): ([String], [Int], [Int]) = ([], [], [])
    for (axis, stride) in Axes.rowMajor(x.shape).enumerated() {
      if let known = letters.firstIndex(of: term[axis]) {
        guard shape[known] == x.shape[axis] else { throw Refusal("a diagonal of \(x.shape)") }
        strides[known] += stride
      } else {
        letters.append(term[axis])
        shape.append(x.shape[axis])
        strides.append(stride)
      }
    }
    return (letters, try gather(x, shape: shape, strides: strides))
  }

  /// Sums the product of two operands over the letters that nobody needs later, as a product of matrices.
  private func contract(
    _ a: [String], _ x: GraphTensor, _ b: [String], _ y: GraphTensor, keeping: Set<String>, _ extents: [String: Int]
  ) throws -> ([String], GraphTensor) {
    let shared = a.filter { b.contains($0) }
    let batch = shared.filter { keeping.contains($0) }
    let summed = shared.filter { !keeping.contains($0) }
    let left = a.filter { !shared.contains($0) }
    let right = b.filter { !shared.contains($0) }
    func size(_ letters: [String]) -> Int { Axes.product(letters.map { extents[$0] ?? 1 }) }
    func place(_ term: [String], _ tensor: GraphTensor, _ order: [String]) throws -> GraphTensor {
      let moved = try transposed(tensor, order.map { letter in term.firstIndex(of: letter) ?? 0 })
      return try expanded(moved, to: order.map { extents[$0] ?? 1 })
    }
    for letters in [batch + left + summed, batch + summed + right, batch + left + right] {
      try reserve(x.type, letters.map { extents[$0] ?? 1 })
    }
    let p = try place(a, x, batch + left + summed).reshaped([size(batch), size(left), size(summed)])
    let q = try place(b, y, batch + summed + right).reshaped([size(batch), size(summed), size(right)])
    let letters = batch + left + right
    return (letters, try matmul(p, q).reshaped(letters.map { extents[$0] ?? 1 }))
  }
}
