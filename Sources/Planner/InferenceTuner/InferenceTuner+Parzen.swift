import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension InferenceTuner {
  /// The point out of some drawn where good trials were for which good ones are most likely against bad ones.
  func parzen(_ trials: [TuningTrial]) -> ParameterSpace.Point? {
    guard trials.count >= options.first else { return untried(trials) }
    let ranked = trials.enumerated().sorted { ($1.element.value, $0.offset) < ($0.element.value, $1.offset) }
    let count = max(1, Int((options.goodShare * Double(trials.count)).rounded(.up)))
    let good = densities(ranked.prefix(count).map(\.element.point))
    let bad = densities(ranked.dropFirst(count).map(\.element.point))
    let known = space.points == nil ? [] : Set(trials.map(\.point))
    var random = random(trials.count)
    var best: (point: ParameterSpace.Point, score: Double)?
    var left = options.candidates
    // Where points can be counted none is tried twice; when most near the good ones are known, more must be drawn.
    for _ in 0..<(space.points == nil ? 1 : 16) * options.candidates where left > 0 {
      let point = space.fill { good[$0].draw(using: &random) }
      if known.contains(point) { continue }
      left -= 1
      let score = score(point, good, bad, trials.count)
      if score > best?.score ?? -.infinity { best = (point, score) }
    }
    return best?.point ?? untried(trials)
  }

  private func densities(_ points: [ParameterSpace.Point]) -> [ParzenDensity] {
    space.parameters.indices.map { index in
      ParzenDensity(space.parameters[index].domain, points.compactMap { $0[index] })
    }
  }

  /// The logarithm of good by bad, and of what the prior promises: that counts less and less, as trials come (Hvarfner et al.:
  /// πBO, 2022).
  private func score(
    _ point: ParameterSpace.Point, _ good: [ParzenDensity], _ bad: [ParzenDensity], _ trials: Int
  ) -> Double {
    var score = 0.0
    for (index, value) in point.enumerated() {
      if let value { score += good[index].logarithm(value) - bad[index].logarithm(value) }
    }
    guard let prior else { return score }
    let predicted = prior(point)
    return predicted > 0 ? score + options.priorTrials / Double(trials) * log(predicted) : -1e300
  }
}
