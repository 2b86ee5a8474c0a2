import CVenturi
import Costs
import Planner
import Profiling
import Tensors
import Training
import Venturi

extension BPFreeTraining {
  /// The sheet's figures: a step's time and memory, the tuned comparison, the Planner's ratio beside the measured one.
  ///
  /// - Throws: what training throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let context = Context(threads: conditions.threads)
    var measures: [Measure] = []
    for inputs in [64, 784] { measures += try Self.steps(inputs: inputs, context, conditions) }
    measures += try Self.memory(layers: 6, context, conditions)
    measures += try Self.studies(context, conditions)
    measures.append(try Self.launchBound())
    return measures
  }

  // MARK: Steps

  private static func steps(
    inputs: Int, _ context: Context, _ conditions: RunConditions
  ) throws -> [Measure] {
    let hidden = hidden(conditions)
    let size = "\(inputs) → \(hidden.map(String.init).joined(separator: " → ")) → 10, batch \(batch), AdamW"
    try conditions.next("steps: \(size)")
    let images = madeUp(batch, inputs: inputs, context)
    let contestants = try rules.filter { $0.rule != .cascadedForward }.map { rule, title in
      let step = try LocalStep(
        network(rule, inputs: inputs, hidden: hidden, seed: 1, context), rule: AdamW(), context: context)
      return TimingProtocol.Contestant(
        title,
        turn: conditions.turn {
          let count = conditions.quick ? 4 : 10
          let start = vt_monotonic_seconds()
          for _ in 0..<count { _ = try step(images, rate: 1e-4) }
          return (vt_monotonic_seconds() - start) / Double(count)
        })
    }
    let outcomes = try conditions.timing.run(contestants)
    let milliseconds = outcomes.map { $0.seconds.map { $0 * 1e3 } }
    let (back, mono, forward) = (milliseconds[0], milliseconds[1], milliseconds[2])
    let plan = LocalLearningPlan(inputs: inputs, hidden: hidden, batch: batch)
    let share = plan.arithmetic(.monoForward) / plan.arithmetic(.backpropagation)
    let measured = try RunConditions.summary(zip(mono, back).map { $0 / $1 })
    var measures = [
      Measure(
        "Mono-Forward's step, \(size)", unit: "ms", ours: Summary(mono), peer: Summary(back),
        peerName: "backpropagation over the same layers", ratio: RatioEstimate(ours: mono, theirs: back),
        target: .atLeast(1 / 0.82)),
      Measure(
        "Forward-Forward's step, \(size): reported, slower", unit: "ms", ours: Summary(forward), peer: Summary(back),
        peerName: "backpropagation over the same layers", ratio: RatioEstimate(ours: forward, theirs: back)),
      Measure(
        "time of Mono-Forward's step as a share of backpropagation's; products alone \(scientific(share, digits: 3))",
        unit: "",
        ours: measured),
    ]
    // The Planner: fractions of the machine's limits that explain backpropagation's step, then the ratio.
    let ceilings = try Ceilings.measure(context: context)
    let device = ceilings.device(name: "this machine", memoryBytes: 0, date: "now")
    guard let seconds = Summary(back)?.median else { return measures }
    let predicted = try ratio(plan, device, backpropagation: seconds / 1e3)
    let error = Swift.abs(predicted / measured.median - 1) * 100
    measures.append(
      Measure(
        "error of the Planner's ratio on this processor, \(scientific(predicted, digits: 3)) predicted, \(inputs) inputs",
        unit: "%",
        ours: Summary([error]), target: .atMost(10, .ours)))
    return measures
  }

  /// The share of Mono-Forward's time in backpropagation's, with the products' fraction of the peak fitted on the latter.
  static func ratio(_ plan: LocalLearningPlan, _ device: Device, backpropagation: Double) throws -> Double {
    var (low, high) = (0.05, 1.0)
    func model(_ fraction: Double) throws -> RooflineCostModel {
      try RooflineCostModel([.matmul: Efficiency(compute: fraction)], fallback: Efficiency(memory: 0.8))
    }
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if try plan.seconds(.backpropagation, on: device, model(middle)) > backpropagation {
        low = middle
      } else {
        high = middle
      }
    }
    let fitted = try model((low + high) / 2)
    return try plan.seconds(.monoForward, on: device, fitted) / plan.seconds(.backpropagation, on: device, fitted)
  }

  /// The same on a GPU where every operator takes a launch of 5 µs at least, for widths from 500 to 2000.
  private static func launchBound() throws -> Measure {
    let device = try DeviceCatalogue.published.device("A100-SXM-80GB")
    let model = try RooflineCostModel([.matmul: Efficiency(compute: 0.6)], fallback: Efficiency(memory: 0.7))
    let ratios = try [500, 1000, 1500, 2000].map { width -> Double in
      let plan = LocalLearningPlan(inputs: 784, hidden: [width, width, width], batch: batch)
      return try plan.seconds(.monoForward, on: device, model, launch: 5e-6)
        / plan.seconds(.backpropagation, on: device, model, launch: 5e-6)
    }
    let summary = try RunConditions.summary(ratios)
    let isInside = (summary.min...summary.max).contains(0.66)
    return Measure(
      "Planner: Mono-Forward's share of backpropagation's time on an A100 bound by launches, widths 500 to 2000; "
        + "the paper's 0.66 (−34 %) lies \(isInside ? "inside" : "outside")", unit: "", ours: summary)
  }

  // MARK: Memory

  private static func memory(
    layers: Int, _ context: Context, _ conditions: RunConditions
  ) throws -> [Measure] {
    try conditions.next("memory of \(layers) layers")
    let width = hidden(conditions)[0]
    func bytes(_ rule: LearningRule) throws -> (held: Double, peak: Double) {
      let network = try Self.network(
        rule, inputs: 784, hidden: [Int](repeating: width, count: layers), seed: 1, context)
      let step = try LocalStep(network, rule: AdamW(), context: context)
      let images = madeUp(batch, inputs: 784, context)
      _ = try step(images, rate: 1e-4)
      let before = context.allocator.liveBytes
      context.allocator.resetPeak()
      _ = try step(images, rate: 1e-4)
      return (Double(step.activationBytes), Double(context.allocator.peakLiveBytes - before))
    }
    let (mono, back) = (try bytes(.monoForward), try bytes(.backpropagation))
    func measure(_ name: String, _ ours: Double, _ theirs: Double, target: Measure.Target?) -> Measure {
      Measure(
        "\(name), \(layers) × \(width), batch \(batch)", unit: "MB", ours: Summary([ours * 1e-6]),
        peer: Summary([theirs * 1e-6]), peerName: "backpropagation",
        ratio: RatioEstimate(ours: [ours], theirs: [theirs]),
        target: target)
    }
    return [
      measure(
        "Mono-Forward: activations at the end of the forward half", mono.held, back.held, target: .atLeast(1 / 0.6)),
      measure("Mono-Forward: peak of a step beyond weights and optimizer", mono.peak, back.peak, target: nil),
    ]
  }

  // MARK: Accuracy

  private static func studies(_ context: Context, _ conditions: RunConditions) throws -> [Measure] {
    let sets: [BPFreeStudy.Images]
    do {
      sets = try BPFreeStudy.images(ModelHome().dataFolder(of: "digits"), quick: conditions.quick)
    } catch let error as DataError {
      return [Measure("accuracies", unit: "%", ours: nil, absent: "\(error): `venturi pull digits` fetches them")]
    }
    let study = BPFreeStudy(conditions, context)
    var measures: [Measure] = []
    for images in sets {
      let rows = try rules.map { try study.row($0.rule, images) }
      measures += compare(rows, images.name, study)
    }
    return measures
  }

  private static func compare(
    _ rows: [BPFreeStudy.Row], _ name: String, _ study: BPFreeStudy
  ) -> [Measure] {
    let back = rows[0]
    var measures: [Measure] = []
    // A point below what backpropagation reaches on average, so that both can.
    let goal = back.validationAccuracy - 0.005
    for (row, title) in zip(rows, rules.map(\.title)) {
      func figure(
        _ what: String, _ unit: String, _ ours: [Double], _ theirs: [Double]? = nil, _ target: Measure.Target? = nil
      ) -> Measure {
        Measure(
          "\(name), \(title): \(what)", unit: unit, ours: Summary(ours), peer: theirs.flatMap(Summary.init),
          peerName: theirs == nil ? "" : "backpropagation",
          ratio: theirs.flatMap { RatioEstimate(ours: ours, theirs: $0) }, target: target)
      }
      let settings = row.settings.sorted { $0.key < $1.key }.map { "\($0.key) \(scientific($0.value, digits: 3))" }
      let isBack = row.rule == .backpropagation
      measures.append(
        figure(
          "test accuracy of \(study.seeds) seeds (\(settings.joined(separator: ", ")))", "%",
          row.values { $0.testAccuracy * 100 }))
      switch row.rule {
      case .monoForward:
        measures.append(
          figure(
            "mean test accuracy less backpropagation's", "points", [(row.testAccuracy - back.testAccuracy) * 100], nil,
            .atLeast(-0.5, .ours)))
        let (ours, theirs) = (
          row.outcomes.compactMap { $0.seconds(to: goal) }, back.outcomes.compactMap { $0.seconds(to: goal) }
        )
        measures.append(
          Measure(
            "\(name), \(title): seconds of steps to a validation accuracy of \(scientific(goal * 100, digits: 3)) % "
              + "(\(ours.count) and \(theirs.count) of \(row.outcomes.count) seeds reach it)", unit: "s",
            ours: Summary(ours), peer: Summary(theirs), peerName: "backpropagation",
            ratio: theirs.isEmpty ? nil : Self.ratio(ours, theirs), target: .atLeast(1 / 0.9)))
      case .forwardForward where name == "digits":
        measures.append(figure("mean test accuracy", "%", [row.testAccuracy * 100], nil, .atLeast(95, .ours)))
      case .cascadedForward where name == "digits":
        measures.append(figure("mean test accuracy", "%", [row.testAccuracy * 100], nil, .atLeast(96, .ours)))
      default: break
      }
      let theirs = isBack ? nil : back
      measures += [
        figure("best validation loss", "nats", row.values(\.validationLoss)),
        figure("passes to the stop", "passes", row.values { Double($0.epochs) }),
        figure("seconds of steps to the stop", "s", row.values(\.seconds), theirs?.values(\.seconds)),
        figure(
          "energy to the stop, \(study.meter.isMeasured ? "RAPL" : "estimated at \(scientific(study.meter.watts, digits: 3)) W a processor")",
          "J", row.joules, theirs?.joules),
        figure("peak of a step beyond weights", "MB", row.values { Double($0.peakStepBytes) * 1e-6 }),
      ]
    }
    return measures
  }

  /// Of mean times; nothing gained where ours never gets there.
  private static func ratio(_ ours: [Double], _ theirs: [Double]) -> RatioEstimate? {
    if ours.isEmpty { return RatioEstimate(median: 0, low: 0, high: 0) }
    return RatioEstimate(ours: [BPFreeStudy.Row.mean(ours)], theirs: [BPFreeStudy.Row.mean(theirs)])
  }
}
