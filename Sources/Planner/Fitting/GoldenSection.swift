/// Finds the least value of a function that falls and then rises (Kiefer: Sequential minimax search, 1953).
enum GoldenSection {
  /// The place in `range` where `function` is least, and its value there.
  static func minimum<E: Error>(
    in range: ClosedRange<Double>, _ function: (Double) throws(E) -> Double
  ) throws(E) -> (place: Double, value: Double) {
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (range.lowerBound, range.upperBound)
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (atLeft, atRight) = (try function(left), try function(right))
    // Each step leaves 0.618 of the range: after 80 it is below a double's resolution.
    for _ in 0..<80 {
      if atLeft <= atRight {
        (high, right, atRight) = (right, left, atLeft)
        left = high - ratio * (high - low)
        atLeft = try function(left)
      } else {
        (low, left, atLeft) = (left, right, atRight)
        right = low + ratio * (high - low)
        atRight = try function(right)
      }
    }
    return atLeft <= atRight ? (left, atLeft) : (right, atRight)
  }

  /// The same for a function that may have several valleys: `count` places first, evenly spaced, then around the best.
  static func minimum<E: Error>(
    in range: ClosedRange<Double>, places count: Int, _ function: (Double) throws(E) -> Double
  ) throws(E) -> (place: Double, value: Double) {
    let step = (range.upperBound - range.lowerBound) / Double(max(1, count - 1))
    var best = (index: 0, value: Double.infinity)
    for index in 0..<max(1, count) {
      let value = try function(range.lowerBound + Double(index) * step)
      if value < best.value { best = (index, value) }
    }
    let low = max(range.lowerBound, range.lowerBound + Double(best.index - 1) * step)
    let high = min(range.upperBound, range.lowerBound + Double(best.index + 1) * step)
    let found = try minimum(in: low...max(low, high), function)
    return found.value <= best.value ? found : (range.lowerBound + Double(best.index) * step, best.value)
  }
}
