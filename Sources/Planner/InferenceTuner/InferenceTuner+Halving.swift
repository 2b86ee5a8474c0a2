extension InferenceTuner {
  /// Points on the lowest rung: as many as the budget pays for when each rung has half of the points of that below.
  public var firstPoints: Int {
    func cost(_ points: Int) -> Int {
      var (sum, left) = (0, points)
      for _ in options.rungs {
        sum += left
        left = (left + 1) / 2
      }
      return sum
    }
    var points = 1
    while points < options.budget, cost(points + 1) <= options.budget { points += 1 }
    return space.count.map { min($0, points) } ?? points
  }

  /// The next point of successive halving: rungs are filled one after the other, each with the better half of that below.
  func halving(_ trials: [TuningTrial]) -> TuningProposal? {
    var values: [Double: [ParameterSpace.Point: Double]] = [:]
    for trial in trials where values[trial.part]?[trial.point] == nil {
      values[trial.part, default: [:]][trial.point] = trial.value
    }
    var points = entrants
    for part in options.rungs {
      let known = values[part] ?? [:]
      for point in points where known[point] == nil { return TuningProposal(point, part: part) }
      // Of points alike those stay that came first.
      let ranked = points.enumerated().sorted {
        (known[$1.element] ?? 0, $0.offset) < (known[$0.element] ?? 0, $1.offset)
      }
      points = ranked.prefix((points.count + 1) / 2).map(\.element)
    }
    return nil
  }

  /// The points of the lowest rung.
  private var entrants: [ParameterSpace.Point] {
    if let order, let points = space.points { return order.prefix(firstPoints).map { points[$0] } }
    return (0..<firstPoints).map { number in
      var random = random(number)
      return space.random(using: &random)
    }
  }
}
