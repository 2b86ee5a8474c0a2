import Costs
import NumericTypes

/// How to walk operands of one shape but different strides: axes that every operand runs through without a gap are
/// joined, the innermost one left is walked by a kernel and the rest are rows.
struct ElementWalk: Sendable {
  /// The number of elements.
  let count: Int
  /// The length of a row.
  let inner: Int
  /// The distance between neighbours in a row, for each operand.
  let innerStrides: [Int]
  private let extents: [Int]
  private let strides: [[Int]]

  /// A walk over `shape`; every operand has one stride for each axis.
  init(_ shape: Shape, _ operands: [[Int]]) {
    count = shape.count
    var extents: [Int] = []
    var strides = [[Int]](repeating: [], count: operands.count)
    for axis in 0..<shape.rank where shape[axis] != 1 {
      let extent = shape[axis]
      let joins =
        !extents.isEmpty
        && operands.indices.allSatisfy { strides[$0][strides[$0].count - 1] == operands[$0][axis] * extent }
      if joins {
        extents[extents.count - 1] *= extent
        for operand in operands.indices { strides[operand][strides[operand].count - 1] = operands[operand][axis] }
      } else {
        extents.append(extent)
        for operand in operands.indices { strides[operand].append(operands[operand][axis]) }
      }
    }
    inner = extents.popLast() ?? 1
    innerStrides = strides.map { $0.last ?? 0 }
    self.extents = extents
    self.strides = strides.map { Array($0.dropLast()) }
  }

  /// The offset of a row's first element, in elements.
  func offset(_ operand: Int, row: Int) -> Int {
    var rest = row
    var offset = 0
    var axis = extents.count - 1
    while axis >= 0 {
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: extents[axis])
      offset += remainder * strides[operand][axis]
      rest = quotient
      axis -= 1
    }
    return offset
  }

  /// Cuts `range` of the flat positions at the ends of rows.
  func spans(_ range: Range<Int>, _ body: (_ position: Int, _ length: Int, _ row: Int, _ column: Int) -> Void) {
    var position = range.lowerBound
    while position < range.upperBound {
      let (row, column) = position.quotientAndRemainder(dividingBy: inner)
      let length = min(inner - column, range.upperBound - position)
      body(position, length, row, column)
      position += length
    }
  }
}

extension Context {
  /// Runs `body` over all spans of a walk, in parallel where each thread gets at least `grain` elements.
  func performSpans(
    _ walk: ElementWalk, grain: Int, _ kind: OperatorKind, _ cost: OperationCost,
    _ body: @escaping (_ position: Int, _ length: Int, _ row: Int, _ column: Int) -> Void
  ) {
    performRanges(walk.count, grain: grain, kind, cost) { walk.spans($0, body) }
  }

  /// Cuts `0..<count` into ranges of at least `grain` (but for the last) and runs `body` over them.
  package func performRanges(
    _ count: Int, grain: Int, _ kind: OperatorKind, _ cost: OperationCost, _ body: @escaping (Range<Int>) -> Void
  ) {
    if count == 0 { return }
    let items = workers.items(count, grain: grain)
    let each = (count + items - 1) / items
    let workers = workers
    let job = WorkerJob { item, _ in body(item * each..<min(count, (item + 1) * each)) }
    perform(kind, cost: OperatorCost(cost)) { workers.run((count + each - 1) / each, job) }
  }
}
