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
  private let context: Context

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
  ///   - tell: takes what happens, the memory that the run needs first.
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
    case .mlp(let hidden, let activation, let dropout):
      let sizes = MLPConfiguration(
        inputs: data.shape.count, hidden: hidden, classes: data.classes, activation: activation, dropout: dropout)
      return try train(data.parts, collate, rehearsed, stream: hidden.max() ?? 1, isCancelled, tell) {
        try MLPClassifier(sizes, seed: seed, storage: storage, context: $0)
      }
    case .resnet18(let width):
      let sizes = ResNetConfiguration(channels: data.shape[0], classes: data.classes, width: width)
      let stream = width * data.shape[1] * data.shape[2]
      return try train(data.parts, collate, rehearsed, stream: stream, isCancelled, tell) {
        try ResNet18(sizes, seed: seed, storage: storage, context: $0)
      }
    case .gpt, .lstm: throw mismatch("mlp or resnet18, which learn from images and tables")
    }
  }

  private func run(
    _ data: TokenData, _ isCancelled: () -> Bool, _ tell: (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    let collate: @Sendable ([TokenSequence]) throws -> TokenBatch = { try TokenBatch($0) }
    let (seed, storage, batch) = (configuration.seed, storage, configuration.batch)
    let rehearsed: (Context) throws -> TokenBatch = { _ in TokenBatch(rehearsing: batch, length: data.length) }
    switch kind {
    case .gpt(let sizes):
      let make = sizes.isLlama ? GPTConfiguration.llama : Self.plain
      let sizes = make(
        data.vocabulary, data.length, sizes.layers, sizes.width, sizes.heads, sizes.kvHeads, sizes.hidden, sizes.dropout
      )
      return try train(data.parts, collate, rehearsed, stream: sizes.width * data.length, isCancelled, tell) {
        try GPT(sizes, seed: seed, storage: storage, context: $0)
      }
    case .lstm(let width, let hidden, let layers, let dropout):
      let sizes = LSTMConfiguration(
        vocabulary: data.vocabulary, length: data.length, width: width, hidden: hidden, layers: layers, dropout: dropout
      )
      return try train(data.parts, collate, rehearsed, stream: hidden * data.length, isCancelled, tell) {
        try LSTMLanguageModel(sizes, seed: seed, storage: storage, context: $0)
      }
    case .mlp, .resnet18: throw mismatch("gpt or lstm, which learn from tokens")
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
      case .resnet18: "resnet18"
      case .gpt: "gpt"
      case .lstm: "lstm"
      }
    return .invalid(field: "model.kind", value: name, expected: "\(expected), for these data")
  }

  // MARK: Training

  /// Trains a model of which each element of a batch has at least `stream` activations.
  private func train<Model: TrainableModel, Element: Sendable>(
    _ parts: Parts<Element>, _ collate: @escaping @Sendable ([Element]) throws -> Model.Batch,
    _ rehearsed: (Context) throws -> Model.Batch, stream: Int, _ isCancelled: () -> Bool,
    _ tell: (TrainingEvent) -> Void,
    _ make: (Context) throws -> Model
  ) throws -> TrainingOutcome {
    let steps = try configuration.steps(elements: parts.training.count)
    var options = DataLoaderOptions(batch: configuration.batch)
    options.seed = configuration.seed
    options.threads = configuration.data.threads
    try TrainingNeed.check(atLeast: 4 * Double(configuration.batch) * Double(stream), limit: memoryLimit)
    var pace = TrainingNeed.Pace()
    pace.accumulate = configuration.accumulate
    pace.clips = configuration.clip != nil
    // Each thread has the elements of a batch beside the batch that it makes of them.
    pace.ahead = options.threads > 0 ? options.ahead + 2 * options.threads : 1
    (pace.evaluates, pace.resumes) = (parts.validation.count > 0, isResumed)
    let need = try TrainingNeed(
      threads: context.workers.count, pace: pace, run: { try run(make($0), $0) }, batch: rehearsed)
    tell(.need(need))
    try need.check(limit: memoryLimit)
    let made = try run(make(context), context)
    var held = options
    held.shuffles = false
    let (training, heldOut) = (options, held)
    let trainer = try Trainer(
      made.model, made.optimizer,
      schedule: configuration.schedule.schedule(peak: configuration.optimizer.rate, steps: steps),
      average: made.average, options: configuration.options(steps: steps), context: context,
      validation: parts.validation.count == 0
        ? nil : { try DataLoader(parts.validation, options: heldOut, collate: collate) },
      data: { try DataLoader(parts.training, options: training, from: $0, collate: collate) })
    var outcome = try trainer.run(in: folder, resuming: isResumed, tell: tell, isCancelled: isCancelled)
    outcome.neededBytes = need.total
    return outcome
  }

  private func run<Model: TrainableModel>(_ model: Model, _ context: Context) throws -> TrainingNeed.Run<Model> {
    let optimizer = try configuration.optimizer.optimizer(model.parameters, context: context)
    let average = try configuration.average.map {
      try WeightAverage(of: optimizer.parameters, $0, context: context)
    }
    return TrainingNeed.Run(model, optimizer: optimizer, average: average)
  }
}
