import ArgumentParser

/// Counts of tokens separated by commas, where `4k` is 4000 and `1m` is 1,000,000.
struct TokenCounts: ExpressibleByArgument, Sendable, Equatable {
  /// The counts, in the order given.
  var values: [Int]

  init(_ values: [Int]) { self.values = values }

  init?(argument: String) {
    var values: [Int] = []
    for part in argument.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
      let unit = part.last == "k" ? 1000 : part.last == "m" ? 1_000_000 : 1
      guard let number = Double(unit == 1 ? part : part.dropLast()), number >= 0, number * Double(unit) <= 1e12,
        (number * Double(unit)).rounded() == number * Double(unit)
      else { return nil }
      values.append(Int(number * Double(unit)))
    }
    guard !values.isEmpty, values.count <= 4096 else { return nil }
    self.values = values
  }

  var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
