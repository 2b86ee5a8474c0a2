import Formats
import NumericTypes

/// Shapes and axes as the operators of the standard count them.
enum Axes {
  /// An axis of a tensor; negative ones count from the end.
  static func resolve(_ axis: Int, rank: Int) throws -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    guard resolved >= 0, resolved < rank else { throw Refusal("axis \(axis) is outside of a rank of \(rank)") }
    return resolved
  }

  /// Axes, each once.
  static func resolve(_ axes: [Int], rank: Int) throws -> [Int] {
    let resolved = try axes.map { try resolve($0, rank: rank) }
    guard Set(resolved).count == resolved.count else { throw Refusal("axes \(axes) name one twice") }
    return resolved
  }

  /// The shape two operands broadcast to.
  static func broadcast(_ a: [Int], _ b: [Int]) throws -> [Int] {
    if a == b { return a }
    do { return try Shape(a).broadcast(with: Shape(b)).dimensions } catch { throw Refusal(error.description) }
  }

  static func broadcast(_ shapes: [[Int]]) throws -> [Int] {
    var result: [Int] = []
    for shape in shapes { result = try broadcast(result, shape) }
    return result
  }

  /// The strides, in elements, of a tensor of `shape` stretched to `target`.
  static func strides(_ shape: [Int], in target: [Int]) -> [Int] {
    let own = rowMajor(shape)
    let missing = target.count - shape.count
    return target.indices.map { $0 < missing || shape[$0 - missing] == 1 ? 0 : own[$0 - missing] }
  }

  static func rowMajor(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return strides
  }

  /// The product of extents.
  static func product(_ extents: some Sequence<Int>) -> Int { extents.reduce(1, *) }

  /// Calls `body` with the offsets of each row (the last axis left out) of operands with the given strides.
  static func rows(_ shape: [Int], _ strides: [[Int]], _ body: (_ row: Int, _ offsets: [Int]) -> Void) {
    if shape.contains(0) { return }
    let outer = shape.count - 1
    var index = [Int](repeating: 0, count: max(outer, 0))
    var offsets = [Int](repeating: 0, count: strides.count)
    var row = 0
    while true {
      body(row, offsets)
      row += 1
      var axis = outer - 1
      while axis >= 0 {
        index[axis] += 1
        for operand in strides.indices { offsets[operand] += strides[operand][axis] }
        if index[axis] < shape[axis] { break }
        for operand in strides.indices { offsets[operand] -= strides[operand][axis] * shape[axis] }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Applies a function to pairs of elements, broadcast.
  static func combine<A, B, Result>(
    _ a: [A], _ aShape: [Int], _ b: [B], _ bShape: [Int], _ shape: [Int], _ body: (A, B) -> Result
  ) -> [Result] {
    let count = product(shape)
    return [Result](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = count
      guard count > 0, let out = buffer.baseAddress else { return }
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          if aShape == bShape {
            for i in 0..<count { (out + i).initialize(to: body(a[i], b[i])) }
            return
          }
          let (left, right) = (strides(aShape, in: shape), strides(bShape, in: shape))
          let width = shape.last ?? 1
          let (aStep, bStep) = (left.last ?? 0, right.last ?? 0)
          rows(shape, [left, right]) { row, offsets in
            let target = out + row * width
            var (i, j) = (offsets[0], offsets[1])
            for column in 0..<width {
              (target + column).initialize(to: body(a[i], b[j]))
              i += aStep
              j += bStep
            }
          }
        }
      }
    }
  }
}

extension GraphCall {
  /// Copies elements from anywhere: element (i0, i1, ...) of the result is the one `offset + Σ i·stride` of `x`.
  ///
  /// The places must lie within `x`.
  func gather(
    _ x: GraphTensor, shape: [Int], strides: [Int], offset: Int = 0
  ) throws -> GraphTensor {
    let count = try reserve(x.type, shape)
    let width = shape.last ?? 1
    let step = strides.last ?? 0
    func copy<Element>(_ from: UnsafePointer<Element>, _ to: UnsafeMutablePointer<Element>) {
      Axes.rows(shape, [strides]) { row, offsets in
        let source = from + offset + offsets[0]
        let target = to + row * width
        if step == 1 {
          target.initialize(from: source, count: width)
        } else {
          for i in 0..<width { (target + i).initialize(to: source[i * step]) }
        }
      }
    }
    if let strings = x.strings {
      let gathered = [String](unsafeUninitializedCapacity: count) { buffer, filled in
        strings.withUnsafeBufferPointer { source in
          if let from = source.baseAddress, let to = buffer.baseAddress, count > 0 { copy(from, to) }
        }
        filled = count
      }
      return GraphTensor(strings: gathered, shape: shape)
    }
    return try make(x.type, shape) { target in
      x.withBytes { source in
        switch x.type.storedBytes {
        case 1: copy(source.assumingMemoryBound(to: UInt8.self), target.assumingMemoryBound(to: UInt8.self))
        case 2: copy(source.assumingMemoryBound(to: UInt16.self), target.assumingMemoryBound(to: UInt16.self))
        case 4: copy(source.assumingMemoryBound(to: UInt32.self), target.assumingMemoryBound(to: UInt32.self))
        case 8: copy(source.assumingMemoryBound(to: UInt64.self), target.assumingMemoryBound(to: UInt64.self))
        default: copy(source.assumingMemoryBound(to: Wide.self), target.assumingMemoryBound(to: Wide.self))
        }
      }
    }
  }

  /// Takes elements by their places in `x`; -1 takes `fill`'s.
  func pick(_ x: GraphTensor, shape: [Int], _ places: [Int], fill: GraphTensor? = nil) throws -> GraphTensor {
    try reserve(x.type, shape)
    if let strings = x.strings {
      let missing = fill?.strings?.first ?? ""
      return try make(shape, strings: places.map { $0 < 0 ? missing : strings[$0] })
    }
    let size = x.type.storedBytes
    return try make(x.type, shape) { target in
      x.withBytes { source in
        func copy<Element>(_: Element.Type, _ zero: Element) {
          let from = source.assumingMemoryBound(to: Element.self)
          let to = target.assumingMemoryBound(to: Element.self)
          let missing = fill.map { $0.withBytes { $0.loadUnaligned(as: Element.self) } } ?? zero
          for (position, place) in places.enumerated() { to[position] = place < 0 ? missing : from[place] }
        }
        switch size {
        case 1: copy(UInt8.self, 0)
        case 2: copy(UInt16.self, 0)
        case 4: copy(UInt32.self, 0)
        case 8: copy(UInt64.self, 0)
        default: copy(Wide.self, Wide(low: 0, high: 0))
        }
      }
    }
  }

  /// The axes in another order.
  func transposed(_ x: GraphTensor, _ order: [Int]) throws -> GraphTensor {
    if order == Array(0..<x.rank) { return x }
    let strides = Axes.rowMajor(x.shape)
    return try gather(x, shape: order.map { x.shape[$0] }, strides: order.map { strides[$0] })
  }

  /// The tensor stretched to a shape.
  func expanded(_ x: GraphTensor, to shape: [Int]) throws -> GraphTensor {
    if x.shape == shape { return x }
    try reserve(x.type, shape)
    guard try Axes.broadcast(x.shape, shape) == shape else { throw Refusal("\(x.shape) does not stretch to \(shape)") }
    return try gather(x, shape: shape, strides: Axes.strides(x.shape, in: shape))
  }

  /// Places along an axis: the parts one behind the other.
  func concatenated(_ parts: [GraphTensor], axis: Int) throws -> GraphTensor {
    guard let first = parts.first, axis < first.rank else {
      throw Refusal("nothing to put together along axis \(axis)")
    }
    var shape = first.shape
    shape[axis] = 0
    for part in parts {
      var other = part.shape
      guard other.count == shape.count, part.type == first.type else {
        throw Refusal("\(part.type.name) \(part.shape) beside \(first.type.name) \(first.shape)")
      }
      shape[axis] += other[axis]
      other[axis] = shape[axis]
      guard other == shape else { throw Refusal("\(part.shape) beside \(first.shape) along axis \(axis)") }
    }
    let outer = Axes.product(shape[..<axis])
    if first.type == .string {
      var result: [String] = []
      let rows = parts.map { Axes.product($0.shape[axis...]) }
      for row in 0..<outer {
        for (part, width) in zip(parts, rows) {
          result += (part.strings ?? [])[row * width..<(row + 1) * width]
        }
      }
      return try make(shape, strings: result)
    }
    let size = first.type.storedBytes
    let stride = Axes.product(shape[axis...]) * size
    return try make(first.type, shape) { target in
      var start = 0
      for part in parts {
        let bytes = Axes.product(part.shape[axis...]) * size
        part.withBytes { source in
          for row in 0..<(bytes == 0 ? 0 : outer) {
            (target + row * stride + start).copyMemory(from: source + row * bytes, byteCount: bytes)
          }
        }
        start += bytes
      }
    }
  }
}

/// Sixteen bytes.
struct Wide {
  var low: UInt64
  var high: UInt64
}
