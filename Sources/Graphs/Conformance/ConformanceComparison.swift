import Formats

/// How a value differs from what is expected.
struct ConformanceComparison {
  let tolerance: Double
  /// Whether only types and shapes are compared, as of random values.
  let shapesOnly: Bool

  /// The first difference in words; nothing where there is none.
  func difference(_ found: GraphValue, _ expected: GraphValue) -> String? {
    switch (found, expected) {
    case (.tensor(let a), .tensor(let b)): return difference(a, b)
    case (.sequence(let a), .sequence(let b)):
      if a.count != b.count { return "a sequence of \(a.count), expected \(b.count)" }
      for (position, pair) in zip(a, b).enumerated() {
        if let difference = difference(pair.0, pair.1) { return "element \(position): \(difference)" }
      }
      return nil
    case (.optional(nil), .optional(nil)): return nil
    case (.optional(let a?), .optional(let b?)): return difference(a, b)
    // A value that is there is a full optional.
    case (let a, .optional(let b?)): return difference(a, b)
    default: return "\(found.kind), expected \(expected.kind)"
    }
  }

  private func difference(_ a: GraphTensor, _ b: GraphTensor) -> String? {
    guard a.type == b.type, a.shape == b.shape else {
      return "\(a.type.name) \(a.shape), expected \(b.type.name) \(b.shape)"
    }
    if shapesOnly { return nil }
    if let x = a.strings, let y = b.strings {
      return zip(x, y).enumerated().first { $0.element.0 != $0.element.1 }.map {
        "element \($0.offset) is '\($0.element.0)', expected '\($0.element.1)'"
      }
    }
    if a.type.isFloat {
      for (position, (x, y)) in zip(a.values(Double.self), b.values(Double.self)).enumerated() {
        if x == y || x.isNaN && y.isNaN { continue }
        guard abs(x - y) <= 1e-7 + tolerance * abs(y) else { return "element \(position) is \(x), expected \(y)" }
      }
      return nil
    }
    for (position, (x, y)) in zip(a.values(Int64.self), b.values(Int64.self)).enumerated() where x != y {
      return "element \(position) is \(x), expected \(y)"
    }
    return nil
  }
}
