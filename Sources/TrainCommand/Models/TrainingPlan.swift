import ConfigurationFiles
import NumericTypes
import Tensors
import Training

/// A run of a configuration: data, model and optimizer made, then trained.
package struct TrainingPlan {
  /// The configuration.
  package let configuration: RunConfiguration
  /// The run's folder.
  package let folder: String
  /// Whether to go on from the folder's newest checkpoint.
  package let isResumed: Bool
  /// The most bytes that a run may need; what the machine has by default.
  package let memoryLimit: Int?
  let context: Context

  /// A run in a folder.
  package init(
    _ configuration: RunConfiguration, folder: String, isResumed: Bool, memoryLimit: Int? = nil, context: Context
  ) {
    self.configuration = configuration
    self.folder = folder
    self.isResumed = isResumed
    self.memoryLimit = memoryLimit
    self.context = context
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - isCancelled: asked before each step.
  ///   - tell: takes what happens; the memory that the run needs first, where the model is a fresh one with plain products.
  /// - Throws: ``ConfigurationError``; ``/Training/TrainingError/doesNotFit(neededBytes:availableBytes:)``; what training
  ///   throws.
  package func run(
    isCancelled: () -> Bool, tell: (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    switch configuration.data {
    case .images(let settings):
      let data = try settings.load(allocator: context.allocator, seed: configuration.seed)
      return try run(data, isCancelled, tell)
    case .tokens(let settings):
      return try run(settings.load(folder: folder, isResumed: isResumed), isCancelled, tell)
    }
  }

  // MARK: Models

  private var kind: ModelSettings.Kind { configuration.model.kind }
  private var storage: DType { configuration.model.storage }

  private func run(
    _ data: ImageData, _ isCancelled: () -> Bool, _ tell: (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    let allocator = context.allocator
    let collate: @Sendable ([LabeledImage]) throws -> ImageBatch = { try ImageBatch($0, allocator: allocator) }
    let (seed, storage, batch) = (configuration.seed, storage, configuration.batch)
    let rehearsed: (Context) throws -> ImageBatch = { try ImageBatch(rehearsing: batch, of: data.shape, $0) }
    switch kind {
    case .mlp(let hidden, let activation, let dropout) where configuration.rule != .backpropagation:
      if dropout > 0 {
        throw ConfigurationError.invalid(
          field: "model.dropout", value: "\(dropout)", expected: "nothing with rule \(configuration.rule.rawValue)")
      }
      let network = try self.network(data, [], hidden, activation) { _ in }
      return try train(network, trained: network.trained, data.parts, collate, isCancelled, tell)
    case .stack(let settings):
      let network = try self.network(data, settings.convolutions, settings.hidden, settings.activation) {
        $0.threshold = settings.threshold
        $0.goodness = settings.goodness
        $0.prediction = settings.prediction
      }
      return try train(network, trained: network.trained, data.parts, collate, isCancelled, tell)
    case .mlp(let hidden, let activation, let dropout):
      let sizes = MLPConfiguration(
        inputs: data.shape.count, hidden: hidden, classes: data.classes, activation: activation, dropout: dropout)
      return try train(data.parts, collate, rehearsed, stream: hidden.max() ?? 1, isCancelled, tell) {
        try MLPClassifier(sizes, seed: seed, storage: storage, context: $0)
      }
    case .resnet18(let width):
      try refuseRule()
      var sizes = ResNetConfiguration(channels: data.shape[0], classes: data.classes, width: width)
      sizes.judgesMirrored = configuration.judgesMirrored
      let stream = width * data.shape[1] * data.shape[2]
      return try train(data.parts, collate, rehearsed, stream: stream, isCancelled, tell) { [sizes] in
        try ResNet18(sizes, seed: seed, storage: storage, context: $0)
      }
    case .gpt, .lstm, .checkpoint: throw mismatch("mlp, stack or resnet18, which learn from images and tables")
    }
  }

  private func network(
    _ data: ImageData, _ convolutions: [Int], _ hidden: [Int], _ activation: Activation,
    _ change: (inout LocalNetworkConfiguration) -> Void
  ) throws -> LocalNetwork {
    if storage != .f32 {
      throw ConfigurationError.invalid(
        field: "model.storage", value: storage.displayName, expected: "f32 for a stack of layers")
    }
    if configuration.products != .plain {
      throw ConfigurationError.invalid(
        field: "model.kind", value: "stack", expected: "another with wtaCRS or fp4, which change how others multiply")
    }
    var settings = LocalNetworkConfiguration(
      input: convolutions.isEmpty ? [data.shape.count] : data.shape.dimensions,
      blocks: convolutions.map { .convolution($0) } + hidden.map { .dense($0) }, classes: data.classes,
      rule: configuration.rule)
    settings.activation = activation
    change(&settings)
    return try LocalNetwork(settings, seed: configuration.seed, context: context)
  }

  /// Only stacks of layers learn without backpropagation.
  private func refuseRule() throws(ConfigurationError) {
    if configuration.rule != .backpropagation {
      throw .invalid(field: "rule", value: configuration.rule.rawValue, expected: "bp for this model")
    }
  }

  private func run(
    _ data: TokenData, _ isCancelled: () -> Bool, _ tell: (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    try refuseRule()
    let collate: @Sendable ([TokenSequence]) throws -> TokenBatch = { try TokenBatch($0) }
    let (seed, storage, batch) = (configuration.seed, storage, configuration.batch)
    let rehearsed: (Context) throws -> TokenBatch = { _ in TokenBatch(rehearsing: batch, length: data.length) }
    switch kind {
    case .gpt(let sizes):
      let make = sizes.isLlama ? GPTConfiguration.llama : Self.plain
      let shape = make(
        data.vocabulary, data.length, sizes.layers, sizes.width, sizes.heads, sizes.kvHeads, sizes.hidden, sizes.dropout
      )
      return try train(data.parts, collate, rehearsed, stream: sizes.width * data.length, isCancelled, tell) {
        try GPT(shape, seed: seed, storage: storage, context: $0)
      }
    case .lstm(let width, let hidden, let layers, let dropout):
      let shape = LSTMConfiguration(
        vocabulary: data.vocabulary, length: data.length, width: width, hidden: hidden, layers: layers, dropout: dropout
      )
      return try train(data.parts, collate, rehearsed, stream: hidden * data.length, isCancelled, tell) {
        try LSTMLanguageModel(shape, seed: seed, storage: storage, context: $0)
      }
    case .checkpoint(let name): return try run(checkpoint: name, data, isCancelled, tell)
    case .mlp, .stack, .resnet18: throw mismatch("gpt, lstm or checkpoint, which learn from tokens")
    }
  }

  private static func plain(
    vocabulary: Int, length: Int, layers: Int, width: Int, heads: Int, kvHeads: Int?, hidden: Int?, dropout: Double
  ) -> GPTConfiguration {
    GPTConfiguration(
      vocabulary: vocabulary, length: length, layers: layers, width: width, heads: heads, kvHeads: kvHeads,
      hidden: hidden, dropout: dropout)
  }

  private func mismatch(_ expected: String) -> ConfigurationError {
    let name =
      switch kind {
      case .mlp: "mlp"
      case .stack: "stack"
      case .resnet18: "resnet18"
      case .gpt: "gpt"
      case .lstm: "lstm"
      case .checkpoint: "checkpoint"
      }
    return .invalid(field: "model.kind", value: name, expected: "\(expected), for these data")
  }

  // MARK: Training

  /// Trains a model that `make` makes, of which each element of a batch has at least `stream` activations; its need of memory
  /// is told first, and checked, where `rehearsed` makes a batch to find it with. `base` is the digest of the model that the
  /// run starts from, `rateFactor` what rates of parameters are multiplied by.
  func train<Model: TrainableModel, Element: Sendable>(
    _ parts: Parts<Element>, _ collate: @escaping @Sendable ([Element]) throws -> Model.Batch,
    _ rehearsed: ((Context) throws -> Model.Batch)?, stream: Int = 0, base: String? = nil,
    rateFactor: (Model, String) -> Double = { _, _ in 1 }, _ isCancelled: () -> Bool,
    _ tell: (TrainingEvent) -> Void, _ make: (Context) throws -> Model
  ) throws -> TrainingOutcome {
    func run() throws -> TrainingOutcome {
      let model = try make(context)
      return try train(
        model, parts, collate, base: base, rateFactor: { rateFactor(model, $0) }, isCancelled, tell)
    }
    try TrainingNeed.check(atLeast: 4 * Double(configuration.batch) * Double(stream), limit: memoryLimit)
    // What sampling and rounding take depends on numbers, which a rehearsal has not.
    guard case .plain = configuration.products, let rehearsed else { return try run() }
    var pace = TrainingNeed.Pace()
    pace.accumulate = configuration.accumulate
    pace.clips = configuration.clip != nil
    // Each thread has the elements of a batch beside the batch that it makes of them.
    let threads = configuration.data.threads
    pace.ahead = threads > 0 ? DataLoaderOptions(batch: configuration.batch).ahead + 2 * threads : 1
    (pace.evaluates, pace.resumes) = (parts.validation.count > 0, isResumed)
    let need = try TrainingNeed(
      threads: context.workers.count, pace: pace, batch: rehearsed, model: make
    ) { model, context in
      let optimizer = try configuration.optimizer.optimizer(
        model.parameters, rateFactor: { rateFactor(model, $0) }, context: context)
      let average = try configuration.average.map {
        try WeightAverage(of: optimizer.parameters, $0, context: context)
      }
      return TrainingNeed.Upkeep(optimizer: optimizer, average: average)
    }
    tell(.need(need))
    try need.check(limit: memoryLimit)
    var outcome = try run()
    outcome.neededBytes = need.total
    return outcome
  }

  /// Trains a model, its products done as the configuration has it; `trained` are the parameters that the optimizer has (all
  /// by default), `base` is the digest of the model that the run starts from, `rateFactor` what rates of parameters are
  /// multiplied by.
  func train<Model: TrainableModel, Element: Sendable>(
    _ model: Model, trained: [Parameter]? = nil, _ parts: Parts<Element>,
    _ collate: @escaping @Sendable ([Element]) throws -> Model.Batch, base: String? = nil,
    rateFactor: (String) -> Double = { _ in 1 },
    _ isCancelled: () -> Bool, _ tell: (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    switch configuration.products {
    case .plain:
      return try train(
        plain: model, trained ?? model.parameters, parts, collate, base, rateFactor, isCancelled, tell)
    case .sampled(let options):
      let rows = if case .tokens(let settings) = configuration.data { settings.length } else { 1 }
      let sampled = try SampledModel(
        model, options, samples: parts.training.count, rowsPerSample: rows, context: context)
      return try train(
        plain: sampled, sampled.parameters, parts, collate, base, rateFactor, isCancelled, tell)
    case .fp4(let recipe):
      let coarse = try FP4Model(model, recipe)
      return try train(
        plain: coarse, coarse.parameters, parts, collate, base, rateFactor, isCancelled, tell)
    }
  }

  private func train<Model: TrainableModel, Element: Sendable>(
    plain model: Model, _ trained: [Parameter], _ parts: Parts<Element>,
    _ collate: @escaping @Sendable ([Element]) throws -> Model.Batch, _ base: String?, _ rateFactor: (String) -> Double,
    _ isCancelled: () -> Bool, _ tell: (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    let steps = try configuration.steps(elements: parts.training.count)
    let optimizer = try configuration.optimizer.optimizer(trained, rateFactor: rateFactor, context: context)
    let average = try configuration.average.map {
      try WeightAverage(of: optimizer.parameters, $0, context: context)
    }
    var options = DataLoaderOptions(batch: configuration.batch)
    options.seed = configuration.seed
    options.threads = configuration.data.threads
    var held = options
    held.shuffles = false
    let (training, heldOut) = (options, held)
    let trainer = try Trainer(
      model, optimizer, schedule: configuration.schedule.schedule(peak: configuration.optimizer.rate, steps: steps),
      average: average, options: configuration.options(steps: steps, base: base), context: context,
      validation: parts.validation.count == 0
        ? nil : { try DataLoader(parts.validation, options: heldOut, collate: collate) },
      data: { try DataLoader(parts.training, options: training, from: $0, collate: collate) })
    return try trainer.run(in: folder, resuming: isResumed, tell: tell, isCancelled: isCancelled)
  }
}
