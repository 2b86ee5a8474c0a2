import CVenturi
import Formats
import Profiling
import Tensors
import Training

/// The sheet's comparison: each rule is tuned by the same tuner with as many trials, then trained with several seeds.
struct BPFreeStudy {
  /// A data set, cut into parts.
  struct Images {
    var name: String
    var training, validation, test: ImageBatch
    var inputs: Int { training.images.shape.dimensions.dropFirst().reduce(1, *) }
  }

  /// What came of a rule on a data set.
  struct Row {
    var rule: LearningRule
    /// The settings that the tuner found.
    var settings: [String: Double]
    var outcomes: [LocalTraining.Outcome]
    /// Joules of each seed's training, evaluations included.
    var joules: [Double]

    func values(_ value: (LocalTraining.Outcome) -> Double) -> [Double] { outcomes.map(value) }
    var testAccuracy: Double { Self.mean(values(\.testAccuracy)) }
    var validationAccuracy: Double { Self.mean(values(\.validationAccuracy)) }
    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
  }

  var trials: Int
  var seeds: Int
  var hidden: [Int]
  var epochs: Int
  var context: Context
  var meter = EnergyMeter()
  var conditions: RunConditions

  init(_ conditions: RunConditions, _ context: Context) {
    (trials, seeds) = conditions.quick ? (4, 2) : (12, 5)
    hidden = BPFreeTraining.hidden(conditions).map { conditions.quick ? $0 / 2 : $0 }
    epochs = conditions.quick ? 20 : 50
    self.context = context
    self.conditions = conditions
  }

  /// The sheet's three sets; the digits' folder is where `venturi pull digits` put it.
  static func images(_ folder: String, quick: Bool) throws -> [Images] {
    let digits = try KnownTable.digits.read(folder: folder).scaled(by: 1.0 / 16)
    var curves = MNIST1D()
    if quick { curves.samples = 2000 }
    let tables = [
      ("digits", digits),
      ("digits at 28 × 28 with distractors", try digits.enlarged(side: 8, to: 28, distractors: 78, seed: 80)),
      ("mnist1d", try curves.table(seed: 80)),
    ]
    return try tables.prefix(quick ? 1 : 3).map { name, table in
      let parts = try table.split([0.6, 0.2], seed: 80)
      let allocator = Allocator()
      return Images(
        name: name, training: try ImageBatch(parts[0], allocator: allocator),
        validation: try ImageBatch(parts[1], allocator: allocator),
        test: try ImageBatch(parts[2], allocator: allocator))
    }
  }

  /// What is tuned: as many numbers for each rule as it has, with the same number of trials.
  static func space(_ rule: LearningRule) throws -> SearchSpace {
    switch rule {
    case .cascadedForward: return try SearchSpace([.init("ridge", .logarithmic(1e-6, 10))])
    case .backpropagation:
      return try SearchSpace([
        .init("rate", .logarithmic(1e-4, 1e-2)), .init("weightDecay", .logarithmic(1e-5, 1)),
      ])
    case .monoForward:
      return try SearchSpace([
        .init("rate", .logarithmic(1e-4, 1e-2)), .init("weightDecay", .logarithmic(1e-5, 1)),
        .init("headScale", .logarithmic(0.1, 10)), .init("sums", .choice([0, 1])),
      ])
    case .forwardForward:
      return try SearchSpace([
        .init("rate", .logarithmic(3e-4, 3e-2)), .init("weightDecay", .logarithmic(1e-5, 1)),
        .init("threshold", .logarithmic(0.5, 50)),
      ])
    }
  }

  /// Tunes a rule and trains it with every seed.
  func row(_ rule: LearningRule, _ images: Images) throws -> Row {
    var tuner = TreeParzenTuner(try Self.space(rule), seed: 80)
    for trial in 0..<trials {
      try conditions.next("\(images.name), \(rule.rawValue): trial \(trial + 1) of \(trials)")
      let point = tuner.proposal()
      let outcome = try train(rule, tuner.space.values(at: point), images, seed: 1000)
      // Of equal accuracies the smaller loss is the better one.
      tuner.tell(point, score: outcome.validationAccuracy - 1e-6 * min(outcome.validationLoss, 1e3))
    }
    guard let best = tuner.best else { throw ProfilingError.invalidSetting(field: "trials", problem: "none") }
    let settings = tuner.space.values(at: best.point)
    var row = Row(rule: rule, settings: settings, outcomes: [], joules: [])
    for seed in 0..<seeds {
      try conditions.next("\(images.name), \(rule.rawValue): seed \(seed + 1) of \(seeds)")
      let mark = meter.mark()
      row.outcomes.append(try train(rule, settings, images, seed: UInt64(seed)))
      row.joules.append(meter.reading(since: mark).joules)
    }
    return row
  }

  private func train(
    _ rule: LearningRule, _ settings: [String: Double], _ images: Images, seed: UInt64
  ) throws -> LocalTraining.Outcome {
    let network =
      rule == .cascadedForward
      ? try cascade(images, seed: seed)
      : try BPFreeTraining.network(rule, inputs: images.inputs, hidden: hidden, seed: seed, context) {
        if let threshold = settings["threshold"] { $0.threshold = threshold }
        if settings["sums"] == 1 { $0.prediction = .sum }
      }
    var training = LocalTraining()
    training.seed = seed
    training.epochs = epochs
    training.batch = BPFreeTraining.batch / 4
    training.rate = settings["rate"] ?? training.rate
    training.weightDecay = settings["weightDecay"] ?? training.weightDecay
    training.headScale = settings["headScale"] ?? training.headScale
    training.ridge = settings["ridge"] ?? training.ridge
    return try training(
      network, images.training, validation: images.validation, test: images.test, context: context,
      processorSeconds: { ProcessTime.now }, isCancelled: conditions.isCancelled)
  }

  /// Cascaded Forward's own layers are convolutions; rows of numbers are images of one row.
  private func cascade(_ images: Images, seed: UInt64) throws -> LocalNetwork {
    let side = Int(Double(images.inputs).squareRoot())
    let configuration = LocalNetworkConfiguration(
      input: side * side == images.inputs ? [1, side, side] : [1, 1, images.inputs],
      blocks: (conditions.quick ? [32, 64] : [32, 128, 256]).map { .convolution($0) }, classes: 10,
      rule: .cascadedForward)
    return try LocalNetwork(configuration, seed: seed, context: context)
  }
}
