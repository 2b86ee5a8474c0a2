import ArgumentParser

/// Several values of one field: `batch=1,2,4,8`.
struct Sweep: ExpressibleByArgument {
  /// The field.
  let field: String
  /// Its values, at most 1000.
  let values: [Double]

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
    let parts = argument[argument.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Double($0) }.filter(\.isFinite)
    guard values.count == parts.count, (1...1000).contains(values.count) else { return nil }
    field = String(argument[..<equals])
    self.values = values
  }
}
