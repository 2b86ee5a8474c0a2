import ConfigurationFiles
import Console
import Formats
import Tensors
import Training
import Venturi

extension TrainingPlan {
  /// Trains a model further, or adapters of it, which are written as PEFT has them where they are LoRA's.
  func run(
    checkpoint name: String, _ data: TokenData, _ isCancelled: () -> Bool, _ tell: (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    let collate: @Sendable ([TokenSequence]) throws -> Training.TokenBatch = { try Training.TokenBatch($0) }
    let checkpoint = try Checkpoint(path: try ModelAccess.path(of: name))
    // The same that whoever loads the adapter compares it with.
    let digest = try ModelFingerprint(checkpoint).digest
    let settings = configuration.peft
    let batch = configuration.batch
    let rehearsed: (Context) throws -> Training.TokenBatch = { _ in
      Training.TokenBatch(rehearsing: batch, length: data.length)
    }
    func loaded(_ context: Context) throws -> GPT {
      let model = try GPT(
        checkpoint, length: data.length + (settings?.promptCount ?? 0), storage: configuration.model.storage,
        context: context)
      guard model.configuration.vocabulary == data.vocabulary else {
        throw ConfigurationError.invalid(
          field: "data.tokenizer", value: "a vocabulary of \(data.vocabulary)",
          expected: "that of \(name), \(model.configuration.vocabulary) tokens")
      }
      return model
    }
    guard let settings else {
      return try train(data.parts, collate, rehearsed, base: digest, isCancelled, tell, loaded)
    }
    let steps = try configuration.steps(elements: data.parts.training.count)
    let examples = try (0..<min(settings.examples, data.parts.training.count)).map {
      try collate([data.parts.training.element(at: $0, epoch: 0)])
    }
    // What is packed, or found by looking at weights or data, wants their numbers.
    let looks = settings.packsBase || settings.loftQ > 0 || !examples.isEmpty
    var made: AdaptedGPT?
    let outcome = try train(
      data.parts, collate, looks ? nil : rehearsed, base: digest, rateFactor: { $0.rateFactor(of: $1) }, isCancelled,
      tell
    ) { context in
      let model = try AdaptedGPT(
        loaded(context), settings.adapters(steps: steps), packsBase: settings.packsBase, loftQ: settings.loftQ,
        examples: examples, seed: configuration.seed, context: context)
      if !context.isRehearsal { made = model }
      return model
    }
    if outcome.reason != .cancelled, let adapter = try made?.lowRankAdapter(baseName: name, baseHash: digest) {
      let (settings, weights) = try adapter.folder()
      let place = "\(folder)/adapter"
      // A folder that is there is as good; where there is none, the files say so.
      try? SystemFileOperations().makeFolder(place)
      let file = try OutputFile(replacing: "\(place)/\(LowRankAdapter.weightsFileName)")
      try weights.write { try file.write($0) }
      try file.commit()
      let description = try OutputFile(replacing: "\(place)/\(LowRankAdapter.configurationFileName)")
      try description.write(settings)
      try description.commit()
    }
    return outcome
  }
}
