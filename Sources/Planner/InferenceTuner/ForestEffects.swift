import NumericTypes

extension MainEffects {
  /// The effects of parameters as a forest sees them that learnt trials, where not all points were tried (Hutter, Hoos,
  /// Leyton-Brown: An efficient approach for assessing hyperparameter importance, 2014).
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no trials, and for spaces with ranges, conditions or too many points.
  public static func estimated(
    from trials: [TuningTrial], of space: ParameterSpace, seed: UInt64 = 0
  ) throws(PlannerError) -> MainEffects {
    guard let points = space.points, !space.parameters.contains(where: { $0.condition != nil }) else {
      throw .invalid(
        field: "space", problem: "effects are told of a grid of at most \(ParameterSpace.pointLimit) points")
    }
    var (rows, targets): ([[Double]], [Double]) = ([], [])
    for trial in trials where trial.part == 1 && space.contains(trial.point) {
      rows.append(trial.point.map { $0 ?? 0 })
      targets.append(trial.value)
    }
    var random = Random(seed: seed, stream: 2)
    let forest = try RegressionForest(rows, targets, trees: 64, random: &random)
    return try MainEffects(
      points.map { forest.value($0.map { $0 ?? 0 }) }, space.parameters.map { $0.domain.count ?? 1 })
  }
}
