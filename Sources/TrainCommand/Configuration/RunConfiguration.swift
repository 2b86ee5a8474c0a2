import ConfigurationFiles
import Formats
import Training

/// A run as its file describes it, every value within its range.
package struct RunConfiguration: Sendable {
  /// How long a run is.
  package enum Length: Sendable, Equatable {
    case steps(Int)
    case epochs(Double)
  }

  package var model: ModelSettings
  package var rule: LearningRule
  /// What of the model is trained; nothing for all of it.
  package var peft: AdapterSettings?
  package var data: DataSettings
  package var optimizer: OptimizerSettings
  package var schedule: ScheduleSettings
  package var average: WeightAverage.Kind?
  package var products: ProductSettings
  package var batch: Int
  package var accumulate: Int
  package var clip: Double?
  package var length: Length
  package var seed: UInt64
  package var logEvery: Int
  package var evaluateEvery: Int?
  /// Whether held-out images are judged together with their mirror images.
  package var judgesMirrored: Bool
  package var watch: TrainerOptions.Watch?
  package var checkpointEvery: Int?
  package var keep: Int
  /// What makes this run this run, without how long it is and what it does on the way.
  package var identity: JSON

  private static let counts = 1...1 << 40

  /// Reads a configuration.
  ///
  /// - Throws: ``ConfigurationError`` naming the field, the value and what was expected.
  package init(_ json: JSON) throws(ConfigurationError) {
    var fields = try ConfigurationFields(json)
    model = try ModelSettings(fields.section("model"))
    let word = try fields.choice("rule", LearningRule.allCases.map(\.rawValue), default: "bp")
    rule = LearningRule(rawValue: word) ?? .backpropagation
    if let value = fields.value("peft") {
      peft = try AdapterSettings(value)
      guard case .checkpoint = model.kind else {
        throw .invalid(field: "peft", value: "there", expected: "nothing where model.kind is not checkpoint")
      }
    }
    data = try DataSettings(fields.section("data"))
    optimizer = try OptimizerSettings(fields.section("optimizer"))
    schedule = try ScheduleSettings(fields.section("schedule"))
    average = try Self.average(fields.sectionIfPresent("average"))
    products = try ProductSettings(&fields)
    if peft != nil, products != .plain {
      throw .invalid(field: "peft", value: "there", expected: "nothing where there is wtaCRS or fp4")
    }
    batch = try fields.whole("batch", 1...1 << 20)
    accumulate = try fields.whole("accumulate", 1...1 << 16, default: 1)
    clip = try fields.numberIfPresent("clip", Double.leastNormalMagnitude...1e30)
    seed = UInt64(try fields.whole("seed", 0...Int.max, default: 0))
    let steps = try fields.wholeIfPresent("steps", Self.counts)
    let epochs = try fields.numberIfPresent("epochs", 1e-9...1e9)
    switch (steps, epochs) {
    case (let steps?, nil): length = .steps(steps)
    case (nil, let epochs?): length = .epochs(epochs)
    case (nil, nil): throw .missing(field: "steps, or epochs,", meant: nil)
    case (_?, let epochs?):
      throw .invalid(field: "epochs", value: "\(epochs)", expected: "nothing where there are steps")
    }
    var log = try fields.section("log")
    logEvery = try log.whole("every", Self.counts, default: 10)
    try log.finish()
    var evaluate = try fields.section("evaluate")
    evaluateEvery = try evaluate.wholeIfPresent("every", Self.counts)
    let metric = try evaluate.choice("metric", ["loss", "accuracy"], default: "loss")
    judgesMirrored = try evaluate.isOn("mirrored", default: false)
    if judgesMirrored {
      guard case .resnet18 = model.kind else {
        throw .invalid(field: "evaluate.mirrored", value: "true", expected: "false where model.kind is not resnet18")
      }
    }
    let patience = try evaluate.wholeIfPresent("patience", 1...1 << 30)
    watch = patience.map { TrainerOptions.Watch(metric, rises: metric == "accuracy", patience: $0) }
    try evaluate.finish()
    var checkpoint = try fields.section("checkpoint")
    checkpointEvery = try checkpoint.wholeIfPresent("every", Self.counts)
    keep = try checkpoint.whole("keep", 1...1 << 20, default: 3)
    try checkpoint.finish()
    try fields.finish()
    let own: Set = [
      "model", "rule", "peft", "data", "optimizer", "schedule", "average", "batch", "accumulate", "clip", "seed",
      "wtaCRS", "fp4",
    ]
    identity = JSON.object((json.members ?? []).filter { own.contains($0.key) }).canonical
  }

  private static func average(
    _ section: ConfigurationFields?
  ) throws(ConfigurationError) -> WeightAverage.Kind? {
    guard var section else { return nil }
    defer { _ = section }
    let kind = try section.choice("kind", ["exponential", "equal"], default: "exponential")
    if kind == "equal" {
      try section.finish()
      return .equal
    }
    let decay = try section.number("decay", 0...1, default: 0.999)
    let warmsUp = try section.isOn("warmUp", default: false)
    try section.finish()
    return .exponential(decay: decay, warmsUp: warmsUp)
  }

  /// The steps of a run over so many elements.
  ///
  /// - Throws: ``ConfigurationError`` for more steps than there may be.
  package func steps(elements: Int) throws(ConfigurationError) -> Int {
    switch length {
    case .steps(let steps): return steps
    case .epochs(let epochs):
      let batches = (Double(elements) / Double(batch)).rounded(.up)
      let steps = (epochs * batches / Double(accumulate)).rounded(.up)
      guard steps <= Double(Self.counts.upperBound) else {
        throw .invalid(field: "epochs", value: "\(epochs)", expected: "at most 2⁴⁰ steps, these are \(steps)")
      }
      return max(1, Int(steps))
    }
  }

  /// The settings of a run of `steps` steps; `base` is the digest of the model that it starts from.
  package func options(steps: Int, base: String? = nil) -> TrainerOptions {
    var options = TrainerOptions(steps: steps)
    options.accumulate = accumulate
    options.clip = clip
    options.seed = seed
    options.logEvery = logEvery
    options.evaluateEvery = evaluateEvery
    options.watch = watch
    options.checkpointEvery = checkpointEvery
    options.keep = keep
    // Where rates depend on how long the run is, a longer one is another.
    let isScheduled = schedule.dependsOnLength || peft?.dependsOnLength ?? false
    let scheduled = isScheduled ? [JSON.Member("steps", .integer(steps))] : []
    let started = base.map { [JSON.Member("base", .string($0))] } ?? []
    options.configuration = .object((identity.members ?? []) + scheduled + started)
    return options
  }
}
