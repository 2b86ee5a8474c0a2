/// Unicode's normalization forms and small letters, from tables that are unpacked at first use.
/// See Unicode Standard Annex 15.
struct UnicodeForms: Sendable {
  /// One set of tables for the whole process.
  static let shared = UnicodeForms()

  private let canonical: PointMap
  private let compatible: PointMap
  private let small: PointMap
  private let classes: [UInt32: UInt8]
  /// Two characters, the first in the high half, and what they compose to.
  private let compositions: [UInt64: UInt32]

  private init() {
    let (canonical, composes) = PointMap.canonical(unicodeCanonicalDecompositions)
    self.canonical = canonical
    compatible = PointMap(unicodeCompatibilityDecompositions)
    small = PointMap(unicodeLowercase)
    var classes: [UInt32: UInt8] = [:]
    var point: UInt32 = 0
    var kind: UInt8 = 0
    for word in HexWords.parse(unicodeCombiningClasses) {
      let next = point + word >> 8
      if kind != 0 { for point in point..<next { classes[point] = kind } }
      (point, kind) = (next, UInt8(truncatingIfNeeded: word))
    }
    self.classes = classes
    var compositions: [UInt64: UInt32] = [:]
    // A character of three parts composes from one of two.
    for length in 2...4 {
      for (point, parts) in composes where parts.count == length {
        var first = parts[0]
        for part in parts[1..<length - 1] { first = compositions[UInt64(first) << 32 | UInt64(part)] ?? 0 }
        compositions[UInt64(first) << 32 | UInt64(parts[length - 1])] = point
      }
    }
    self.compositions = compositions
  }

  /// The small form of a character.
  func appendLowercase(_ point: UInt32, to output: inout [UInt32]) {
    if point < 0x80 {
      output.append(point &- 0x41 < 26 ? point | 0x20 : point)
    } else if let form = small[point] {
      output.append(contentsOf: form)
    } else {
      output.append(point)
    }
  }

  /// Decomposed and in canonical order: NFD, or NFKD if `compatibly`.
  func decomposed(_ points: [UInt32], compatibly: Bool) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(points.count)
    for point in points { append(point, compatibly, to: &output) }
    order(&output)
    return output
  }

  private func append(_ point: UInt32, _ compatibly: Bool, to output: inout [UInt32]) {
    if point < 0xA0 { return output.append(point) }
    if point &- Hangul.first < Hangul.count { return Hangul.append(point, to: &output) }
    if compatibly, let form = compatible[point] { return output.append(contentsOf: form) }
    if let form = canonical[point] { return output.append(contentsOf: form) }
    output.append(point)
  }

  /// Sorts each run of marks by class, equal ones as they stand.
  private func order(_ points: inout [UInt32]) {
    var start = 0
    while start < points.count {
      guard points[start] >= 0x300, classes[points[start]] != nil else {
        start += 1
        continue
      }
      var end = start
      while end < points.count, classes[points[end]] != nil { end += 1 }
      if end - start > 1 {
        let marks = points[start..<end].enumerated().map { ($1, classes[$1] ?? 0, $0) }
          .sorted { ($0.1, $0.2) < ($1.1, $1.2) }
        for (offset, mark) in marks.enumerated() { points[start + offset] = mark.0 }
      }
      start = end
    }
  }

  /// Composed again: NFC of NFD, NFKC of NFKD.
  func composed(_ points: [UInt32]) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(points.count)
    /// Where the last starter stands in the output, and the class of the last mark behind it that stayed.
    var starter: Int?
    var last: UInt8 = 0
    for point in points {
      let kind = point < 0x300 ? 0 : classes[point] ?? 0
      if let place = starter, last < kind || last == 0 && place == output.count - 1,
        let composite = compose(output[place], point)
      {
        output[place] = composite
        continue
      }
      if kind == 0 { starter = output.count }
      last = kind
      output.append(point)
    }
    return output
  }

  private func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if second < 0x300 { return nil }
    return Hangul.compose(first, second) ?? compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
