import ArgumentParser

/// Numbers separated by commas, as llama-bench takes them: `64,512`. Ranges `1-4` give every number.
package struct CountList: ExpressibleByArgument, Sendable, Equatable {
  /// The numbers, in the order given.
  package var values: [Int]

  /// A list of numbers.
  package init(_ values: [Int]) { self.values = values }

  package init?(argument: String) {
    var values: [Int] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      switch ends.count {
      case 1:
        guard let value = ends[0], value >= 0 else { return nil }
        values.append(value)
      case 2:
        guard let low = ends[0], let high = ends[1], low >= 0, low <= high, high - low < 1024 else { return nil }
        values += low...high
      default: return nil
      }
    }
    if values.isEmpty || values.count > 4096 { return nil }
    self.values = values
  }

  package var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }

  /// Refuses numbers outside of `range`.
  ///
  /// - Throws: `ValidationError` naming the option.
  package func check(_ option: String, _ range: ClosedRange<Int>) throws {
    if values.allSatisfy(range.contains) { return }
    throw ValidationError(
      "\(option) \(defaultValueDescription): must be from \(range.lowerBound) to \(range.upperBound)")
  }
}
