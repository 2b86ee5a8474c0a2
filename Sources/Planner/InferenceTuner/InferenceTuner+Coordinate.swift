extension InferenceTuner {
  /// The next point of coordinate descent: the descent is gone through again with what is known, up to the first point that is not.
  func coordinate(_ trials: [TuningTrial]) -> ParameterSpace.Point? {
    var values: [ParameterSpace.Point: Double] = [:]
    for trial in trials where values[trial.point] == nil { values[trial.point] = trial.value }
    var (place, restart) = (options.start ?? middle, 0)
    while true {
      guard var best = values[place] else { return place }
      var isBetter = true
      while isBetter {
        isBetter = false
        for index in space.parameters.indices where space.isActive(index, at: place) {
          for value in line(index) where value != place[index] {
            let point = space.changed(place, index, to: value)
            guard let found = values[point] else { return point }
            if found > best { (best, place, isBetter) = (found, point, true) }
          }
        }
      }
      // Each restart is at a point that nobody has tried, so this ends.
      restart += 1
      guard let next = fresh(values, restart) else { return nil }
      place = next
      if values[place] == nil { return place }
    }
  }

  /// Where the descent begins the next time: what it begun with before is known by now.
  private func fresh(_ values: [ParameterSpace.Point: Double], _ restart: Int) -> ParameterSpace.Point? {
    guard let order, let points = space.points else {
      var random = random(restart)
      return space.random(using: &random)
    }
    // Of the order every point is begun with in its turn; those that are known lead nowhere new or are gone through again.
    return restart <= order.count ? points[order[restart - 1]] : nil
  }

  private var middle: ParameterSpace.Point {
    space.fill { index in
      switch space.parameters[index].domain {
      case .continuous(let range): (range.lowerBound + range.upperBound) / 2
      case .ordered(let count): Double(count / 2)
      case .choice: 0
      }
    }
  }

  /// The values of a parameter that are tried.
  private func line(_ index: Int) -> [Double] {
    switch space.parameters[index].domain {
    case .ordered(let count), .choice(let count): return (0..<count).map(Double.init)
    case .continuous(let range):
      let step = (range.upperBound - range.lowerBound) / Double(max(1, options.places - 1))
      return (0..<options.places).map { min(range.upperBound, range.lowerBound + Double($0) * step) }
    }
  }
}
