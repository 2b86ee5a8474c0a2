import Planner
import Plots
import Profiling

/// Fast and Accurate Model Scaling, 2021, arXiv 2103.06877.
///
/// Counts of the authors' nets, what scaling does to them, and times on a V100 of nets that nothing was fitted on.
public struct FastCompoundScaling: Reproduction {
  /// The sheet's number.
  public static let number = 45

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "scaled nets run on this machine: time beside activations and operations, mostly wide ones beside uniform ones",
    "scaled nets trained: accuracy beside uniform scaling", "the engine's own models as nets to scale",
  ]

  /// The experiment.
  public init() {}

  /// Times of 24 nets on a V100.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try FastCompoundScalingPrediction.predictions() }

  /// The sheet's oracle.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: counts")
    return [
      try Check("operations, weights and activations of the authors' nets are theirs to the last one") {
        let nets = try PublishedNet.all()
        let wrong = nets.filter { $0.net.complexity != $0.complexity }
        return (wrong.isEmpty && nets.count == 36, "\(nets.count) nets, \(wrong.count) wrong")
      },
      try Check("exponents of the table, and of the fast family") {
        var worst = 0.0
        let table: [(ScalingStrategy, Double, Double)] = [
          (.d, 1, 1), (.w, 1, 0.5), (.r, 0, 1), (.dw, 1, 0.75), (.dr, 0.5, 1), (.wr, 0.5, 0.75),
          (.dwr, 2.0 / 3, 5.0 / 6), (.dWr, 0.9, 0.6),
        ]
        for (strategy, weights, activations) in table {
          worst = max(
            worst, abs(strategy.parameterExponent - weights), abs(strategy.activationExponent - activations))
        }
        return (worst < 1e-9, "8 strategies, largest error \(scientific(worst))")
      },
      try Check("a scale of one is the net itself, and targets are met within 2 %") {
        var (holds, worst) = (true, 0.0)
        for name in ["RegNetY-4.0GF", "EfficientNet-B0", "ResNet-50"] {
          let net = try PublishedNet.named(name).net
          holds = try holds && net.scaled(by: 1, .dWr) == net
          let target = 4 * Double(net.complexity.multiplyAdds)
          let scaled = try net.scaled(toMultiplyAdds: target, .dWr).net
          worst = max(worst, abs(Double(scaled.complexity.multiplyAdds) / target - 1))
        }
        return (holds && worst <= 0.02, "largest error \(scientific(worst))")
      },
    ]
  }

  /// What scaling does to counts and to predicted times.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    try conditions.next("scaled nets")
    let model = try PublishedNet.v100()
    let errors = try FastCompoundScalingPrediction.predictions().map { 100 * abs($0.error) }
    let mean = errors.reduce(0, +) / Double(errors.count)
    let r = NetTimeModel.correlations(
      try PublishedNet.all().map { NetTimeModel.Row($0.complexity, seconds: $0.milliseconds) })
    var measures = [
      Measure(
        "mean error of 24 nets' times on a V100 by three constants of RegNetX", unit: "%", ours: Summary([mean]),
        target: .atMost(15, .ours)),
      Measure(
        "36 nets on a V100: correlation of time with activations", unit: "", ours: Summary([r.activations]),
        peer: Summary([r.multiplyAdds]), peerName: "with operations"),
    ]
    for (name, multiple) in [("RegNetY-600MF", 16.0), ("EfficientNet-B0", 16), ("RegNetY-4.0GF", 4)] {
      let net = try PublishedNet.named(name).net
      let target = multiple * Double(net.complexity.multiplyAdds)
      let fast = try net.scaled(toMultiplyAdds: target, .dWr).net.complexity
      let uniform = try net.scaled(toMultiplyAdds: target, .dwr).net.complexity
      let base = Double(net.complexity.activations)
      measures += [
        Measure(
          "\(name) × \(Int(multiple)): activations, of the net's, mostly in width", unit: "×",
          ours: Summary([Double(fast.activations) / base]), peer: Summary([Double(uniform.activations) / base]),
          peerName: "uniform"),
        Measure(
          "\(name) × \(Int(multiple)): predicted time on a V100, mostly in width", unit: "s",
          ours: Summary([model.seconds(fast)]), peer: Summary([model.seconds(uniform)]), peerName: "uniform",
          ratio: RatioEstimate(ours: [model.seconds(fast)], theirs: [model.seconds(uniform)]), target: .atLeast(1)),
      ]
    }
    return measures
  }
}
