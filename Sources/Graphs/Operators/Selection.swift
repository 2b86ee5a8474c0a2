import Formats

// Order and choice: the largest, the different, those that are not zero, boxes that do not overlap.
extension OperatorLibrary {
  static let selection: [GraphOperator] = [
    GraphOperator("TopK", inputs: 1...2, outputs: 2) { node in
      let axis = Int(try node.int("axis", -1))
      let isLargest = try node.flag("largest", true)
      let fixed = node.version < 10 ? try node.int("k", 0) : nil
      return { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        let axis = try Axes.resolve(axis, rank: x.rank)
        let k = try fixed.map { Int($0) } ?? call.int(1)
        guard k >= 0, k <= x.shape[axis] else { throw Refusal("the first \(k) of \(x.shape[axis])") }
        let (rows, width) = try call.rows(x, [axis])
        func order<Number: Lane>(_: Number.Type) -> [Int] {
          let values = rows.values(Number.self)
          return (0..<(width == 0 ? 0 : values.count / width)).flatMap { row in
            let start = row * width
            let sorted = (0..<width).sorted { i, j in
              let (a, b) = (values[start + i], values[start + j])
              // NaN counts as larger than any number.
              if !a.isNumber || !b.isNumber {
                return a.isNumber == b.isNumber ? i < j : isLargest ? !a.isNumber : a.isNumber
              }
              return a == b ? i < j : isLargest ? a > b : a < b
            }
            return sorted.prefix(k).map { start + $0 }
          }
        }
        let places: [Int] =
          switch x.type.lane {
          case .float, .double: order(Double.self)
          case .unsigned: order(UInt64.self)
          default: order(Int64.self)
          }
        // The axis comes back to where it was.
        let inner = rows.shape.dropLast() + [k]
        var back = Array(0..<x.rank - 1)
        back.insert(x.rank - 1, at: axis)
        let best = try call.pick(rows, shape: Array(inner), places)
        let positions = try call.make(.int64, Array(inner), places.map { Int64($0 % max(width, 1)) })
        return [.tensor(try call.transposed(best, back)), .tensor(try call.transposed(positions, back))]
      }
    },
    GraphOperator.one("NonZero", 1...1) { _ in
      { call in
        let x = try call.tensor(0)
        try x.expect("numbers") { $0.lane != .none }
        let places = x.values(Double.self).enumerated().filter { $0.element != 0 }.map(\.offset)
        let strides = Axes.rowMajor(x.shape)
        let values = x.shape.indices.flatMap { axis in places.map { Int64($0 / strides[axis] % x.shape[axis]) } }
        return try call.make(.int64, [x.rank, places.count], values)
      }
    },
    GraphOperator("Unique", inputs: 1...1, outputs: 4) { node in
      let axis = try node.int("axis")
      let isSorted = try node.flag("sorted", true)
      return { call in
        let whole = try call.tensor(0)
        var x = whole
        if axis == nil { x = x.reshaped([x.count]) }
        let axis = try Axes.resolve(Int(axis ?? 0), rank: x.rank)
        // Slices along the axis become rows.
        var order = Array(0..<x.rank)
        order.remove(at: axis)
        let rows = try call.transposed(x, [axis] + order)
        let (count, width) = (x.shape[axis], Axes.product(order.map { x.shape[$0] }))
        let compare = rows.rowOrder(width: width)
        let sorted = (0..<count).sorted { i, j in
          let order = compare(i, j)
          return order == 0 ? i < j : order < 0
        }
        // Of equal rows the first one stands for all.
        var groups: [(first: Int, count: Int)] = []
        var group = [Int](repeating: 0, count: count)
        for (position, row) in sorted.enumerated() {
          if position > 0, compare(sorted[position - 1], row) == 0 {
            groups[groups.count - 1].count += 1
          } else {
            groups.append((row, 1))
          }
          group[row] = groups.count - 1
        }
        var ranks = Array(groups.indices)
        if !isSorted { ranks.sort { groups[$0].first < groups[$1].first } }
        var position = [Int](repeating: 0, count: groups.count)
        for (place, rank) in ranks.enumerated() { position[rank] = place }
        let places = ranks.flatMap { rank in (0..<width).map { groups[rank].first * width + $0 } }
        let shape = [groups.count] + order.map { x.shape[$0] }
        var back = Array(1..<max(x.rank, 1))
        back.insert(0, at: axis)
        let result = try call.transposed(call.pick(rows, shape: shape, places), back)
        return [
          .tensor(result), .tensor(try call.make(ints: ranks.map { groups[$0].first })),
          .tensor(try call.make(ints: group.map { position[$0] })),
          .tensor(try call.make(ints: ranks.map { groups[$0].count })),
        ]
      }
    },
    GraphOperator.one("NonMaxSuppression", 2...5) { node in
      let isCentered = try node.flag("center_point_box", false)
      return { call in
        let (boxes, scores) = (try call.tensor(0), try call.tensor(1))
        guard boxes.rank == 3, boxes.shape[2] == 4, scores.rank == 3, scores.shape[0] == boxes.shape[0],
          scores.shape[2] == boxes.shape[1], boxes.type.isFloat, scores.type.isFloat
        else { throw Refusal("boxes \(boxes.shape) and scores \(scores.shape)") }
        let most = try call.optional(2) == nil ? 0 : call.int(2)
        let overlap = try call.optional(3) == nil ? 0 : call.number(3)
        let least = try call.optional(4) == nil ? nil : try call.number(4)
        let suppression = NonMaxSuppression(boxes.values(Float.self), isCentered: isCentered, overlap: overlap)
        let (batches, count, classes) = (boxes.shape[0], boxes.shape[1], scores.shape[1])
        let values = scores.values(Float.self)
        var chosen: [Int64] = []
        for batch in 0..<batches {
          for kind in 0..<classes {
            let row = Array(values[(batch * classes + kind) * count..<(batch * classes + kind + 1) * count])
            for box in suppression.select(row, firstBox: batch * count, most: most, least: least) {
              chosen += [Int64(batch), Int64(kind), Int64(box)]
            }
          }
        }
        return try call.make(.int64, [chosen.count / 3, 3], chosen)
      }
    },
  ]
}

extension GraphTensor {
  /// How rows of `width` elements compare: below 0, 0 or above 0.
  func rowOrder(width: Int) -> (Int, Int) -> Int {
    func order<Value: Comparable>(_ values: [Value]) -> (Int, Int) -> Int {
      { i, j in
        for k in 0..<width {
          let (a, b) = (values[i * width + k], values[j * width + k])
          if a < b { return -1 }
          if b < a { return 1 }
        }
        return 0
      }
    }
    if let strings { return order(strings.map { Array($0.utf8) }.map(Bytes.init)) }
    return switch type.lane {
    case .unsigned: order(values(UInt64.self))
    case .signed: order(values(Int64.self))
    default: order(values(Double.self))
    }
  }

  /// Text by its bytes.
  private struct Bytes: Comparable {
    let bytes: [UInt8]
    static func < (a: Bytes, b: Bytes) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
  }
}

/// Greedy choice of boxes by score, none overlapping another by more than a share of their union.
struct NonMaxSuppression {
  private let corners: [(y1: Float, x1: Float, y2: Float, x2: Float)]
  private let overlap: Double

  init(_ boxes: [Float], isCentered: Bool, overlap: Double) {
    self.overlap = overlap
    corners = (0..<boxes.count / 4).map { i in
      let (a, b, c, d) = (boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3])
      return isCentered
        ? (b - d / 2, a - c / 2, b + d / 2, a + c / 2) : (min(a, c), min(b, d), max(a, c), max(b, d))
    }
  }

  func select(_ scores: [Float], firstBox: Int, most: Int, least: Double?) -> [Int] {
    var waiting = scores.indices.filter { least == nil || Double(scores[$0]) > least ?? 0 }
    waiting.sort { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
    var chosen: [Int] = []
    for box in waiting {
      if chosen.count >= most { break }
      if chosen.allSatisfy({ share(firstBox + $0, firstBox + box) <= overlap }) { chosen.append(box) }
    }
    return chosen
  }

  private func share(_ i: Int, _ j: Int) -> Double {
    let (a, b) = (corners[i], corners[j])
    let height = min(a.y2, b.y2) - max(a.y1, b.y1)
    let width = min(a.x2, b.x2) - max(a.x1, b.x1)
    if height <= 0 || width <= 0 { return 0 }
    let common = height * width
    let union = (a.y2 - a.y1) * (a.x2 - a.x1) + (b.y2 - b.y1) * (b.x2 - b.x1) - common
    return union <= 0 ? 0 : Double(common / union)
  }
}
