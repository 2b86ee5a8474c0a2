/// Quantiles of a sample.
enum Quantile {
  /// The value that a share of values in ascending order does not exceed, between neighbours by their distance, as numpy has it;
  /// nothing of none.
  static func value(_ share: Double, ofSorted sorted: [Double]) -> Double? {
    guard let last = sorted.last else { return nil }
    let position = max(0, min(1, share)) * Double(sorted.count - 1)
    let index = Int(position)
    guard index + 1 < sorted.count else { return last }
    return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
  }
}
