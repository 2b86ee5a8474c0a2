/// Finds where a function that rises or falls all along its range has a value.
enum Bisection {
  /// The place in `range`, by default that of fractions, where `function` is `target`, or the end that comes nearest to it.
  static func solve<E: Error>(
    in range: ClosedRange<Double> = 0.01...1, for target: Double, _ function: (Double) throws(E) -> Double
  ) throws(E) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    let rising = try function(high) >= function(low)
    // Each step halves the range: after 60 it is below a double's resolution.
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if (try function(middle) < target) == rising { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
