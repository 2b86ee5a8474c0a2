/// The values of one graph while it runs; graphs inside of it see them too.
final class GraphScope {
  var values: [GraphValue?]
  let outer: GraphScope?

  init(count: Int, outer: GraphScope?) {
    values = [GraphValue?](repeating: nil, count: count)
    self.outer = outer
  }

  /// A value `level` graphs further out.
  func value(_ place: GraphPlace) -> GraphValue? {
    var scope = self
    for _ in 0..<place.level {
      guard let outer = scope.outer else { return nil }
      scope = outer
    }
    return scope.values[place.slot]
  }
}

/// Where a value is: in this graph or in one around it.
struct GraphPlace: Sendable, Equatable {
  let level: Int
  let slot: Int
}
