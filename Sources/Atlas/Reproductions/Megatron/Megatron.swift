import Planner
import Profiling

/// Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM, 2021, arXiv 2104.04473.
///
/// The Planner's half: every layout of tensor groups, stages and copies, its time and its memory, beside the published tables.
public struct Megatron: Reproduction {
  /// The sheet's number.
  public static let number = 36

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "training in these layouts over MPI ranks, its gradients beside one process's",
    "measured schedules with sleeping stages, and their traces",
    "measured speed-up of two ranks on two cores, and of scatter/gather on an emulated link",
  ]

  /// The experiment.
  public init() {}

  /// Both tables, the days to train, and the follow-up's runs.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try MegatronPrediction().predictions() }

  /// What the model is made of.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: closed forms")
    return [
      try Check("counted operations are 96·B·s·l·h²·(1 + s/(6h) + V/(16lh))") {
        let rows = MegatronRow.weakScaling
        let worst = try rows.map { row in
          let run = try TrainingRun(row.shape, sequence: 2048, batch: row.batch)
          let (l, h) = (Double(row.shape.layers), Double(row.shape.width))
          let formula = 96 * Double(row.batch) * 2048 * l * h * h * (1 + 2048 / (6 * h) + 51200 / (16 * l * h))
          return abs(run.countedOperations(recomputed: true) / formula - 1)
        }.max()
        return ((worst ?? 1) < 1e-12, "\(rows.count) models")
      },
      try Check("on one device a layout is the step that is planned operator by operator") {
        let model = try MegatronPrediction().model
        let shape = MegatronRow.weakScaling[0].shape
        let run = try TrainingRun(shape, sequence: 2048, batch: 8)
        let layout = ParallelLayout(tensor: 1, pipeline: 1, data: 1, microbatch: 2)
        let found = try model.estimate(run, layout).seconds
        let step = try shape.training(
          Workload(sequences: 2, tokens: 2048), microbatches: 4, kernel: run.kernel, recomputation: .layer,
          precision: .f16)
        let seconds = try model.operators.estimate(step, on: model.cluster.device).seconds
        return (abs(found / seconds - 1) < 1e-12, "\(found) s")
      },
      try Check("(t, p) = (8, 8) is the fastest of five for 162 billion weights on 64 devices") {
        let prediction = try MegatronPrediction()
        let best = try [32, 128].map { batch in
          try prediction.figure13(batch: batch).max { $0.teraflops < $1.teraflops }?.layout.tensor
        }
        return (best == [8, 8], "batches of 32 and 128")
      },
    ]
  }

  /// The time of going through all layouts of a trillion weights, and what the best of them gains.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let prediction = try MegatronPrediction()
    guard let row = MegatronRow.weakScaling.last else { return [] }
    let run = try TrainingRun(row.shape, sequence: 2048, batch: row.batch)
    var search: LayoutSearch?
    let clock = ContinuousClock()
    let times = try (0..<5).map { _ in
      try conditions.next("all layouts of a trillion weights on 3072 devices")
      let begin = clock.now
      search = try LayoutSearch(run, devices: 3072, prediction.model)
      let spent = (clock.now - begin).components
      return Double(spent.seconds) + Double(spent.attoseconds) * 1e-18
    }
    guard let best = search?.ranked.first, let examined = search?.examined else { return [] }
    let published = try prediction.model.estimate(run, row.layout)
    return [
      Measure(
        "all \(examined) layouts of a trillion weights on 3072 devices, one core", unit: "s",
        ours: try RunConditions.summary(times), target: .atMost(1, .ours)),
      Measure(
        "predicted step in the best layout (\(best.layout)) beside the published one's", unit: "s",
        ours: try RunConditions.summary([best.seconds]), peer: try RunConditions.summary([published.seconds]),
        peerName: "\(row.layout), predicted too",
        ratio: RatioEstimate(ours: [best.seconds], theirs: [published.seconds])),
    ]
  }
}
