extension Landscape {
  /// Points that are higher than all around them by more than the noise, highest first.
  public var localMaxima: [Int] {
    let band = band
    return values.indices.filter { point in
      values[point] > 0 && neighbours(point).allSatisfy { values[point] - values[$0] > band }
    }.sorted { (values[$1], $0) < (values[$0], $1) }
  }

  /// Points from which one must go down by more than the noise to get higher, highest first: a broad hill has one too, though its
  /// top is no higher than what is around it (its prominence, as of mountains).
  public var summits: [Int] {
    // Points join from the highest down; where two hills meet, the lower one ends.
    var hill = [Int?](repeating: nil, count: values.count)
    func top(_ point: Int) -> Int? {
      guard var place = hill[point] else { return nil }
      while let above = hill[place], above != place { place = above }
      return place
    }
    var (band, found) = (band, Set<Int>())
    // Without noise equals are one hill all the same.
    if band == 0 { band = .leastNonzeroMagnitude }
    for point in values.indices.sorted(by: { (values[$1], $0) < (values[$0], $1) }) where values[point] > 0 {
      let tops = Set(neighbours(point).compactMap(top)).sorted { (values[$1], $0) < (values[$0], $1) }
      guard let highest = tops.first else {
        hill[point] = point
        found.insert(point)
        continue
      }
      hill[point] = highest
      for lower in tops.dropFirst() {
        if values[lower] - values[point] < band { found.remove(lower) }
        hill[lower] = highest
      }
    }
    return found.sorted { (values[$1], $0) < (values[$0], $1) }
  }

  /// The correlation of a value with that one step later on an endless random walk over the grid, −1…1: near 1 the landscape is
  /// smooth, near 0 or below it is rugged (Weinberger: Correlated and uncorrelated fitness landscapes, 1990). Nothing for one that
  /// is flat.
  ///
  /// A walk is at a point as often as that has ways, and takes each way as often: the correlation is a sum over the ways.
  public var walkCorrelation: Double? {
    let ways = values.indices.map { steps($0) }
    let count = Double(ways.reduce(0) { $0 + $1.count })
    guard count > 0 else { return nil }
    let mean = zip(values, ways).reduce(0) { $0 + $1.0 * Double($1.1.count) } / count
    var (product, square) = (0.0, 0.0)
    for (point, ends) in ways.enumerated() {
      let here = values[point] - mean
      square += here * here * Double(ends.count)
      for end in ends { product += here * (values[end] - mean) }
    }
    return square > 0 ? product / square : nil
  }

  /// What each axis alone explains of the values.
  public var effects: MainEffects { MainEffects(checked: values, axes.map(\.labels.count)) }
}
