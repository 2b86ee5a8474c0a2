import Tensors
import Testing
import Training
import VenturiTesting

@Suite struct ResumedSamplingTests {
  /// The weights after eight steps over eight rows in another order each epoch, and the log's last figures.
  private func weights(in folder: String, resuming: Bool, stoppedAfter last: Int?) throws -> [[Float]] {
    let context = Context(threads: 1)
    let model = try SampledModel(
      SampledProductTests.gpt(context), WTACRSOptions(), samples: 8, rowsPerSample: 16, context: context)
    let optimizer = try GroupOptimizer(model.parameters, rule: AdamW(), context: context)
    var options = TrainerOptions(steps: 8)
    options.seed = 5
    var loading = DataLoaderOptions(batch: 2)
    loading.seed = 3
    let rows = try (0..<8).map { row in
      let batch = try SampledProductTests.batch([row])
      return TokenSequence(inputs: batch.inputs, targets: batch.targets, sequenceStarts: [0])
    }
    let source = ArraySource(rows)
    let trainer = try Trainer(
      model, optimizer, schedule: try ConstantSchedule(0.01), options: options, context: context
    ) { [loading] in
      try DataLoader(source, options: loading, from: $0) { try TokenBatch($0) }
    }
    var steps = optimizer.stepCount
    let outcome = try trainer.run(
      in: folder, resuming: resuming, tell: { if case .step(let step) = $0 { steps = step.step } },
      isCancelled: { last.map { steps >= $0 } ?? false })
    if last == nil {
      #expect(outcome.figures["wtaCRS"]?["layers"]?.elements?.count == 8)
      #expect((outcome.figures["wtaCRS"]?["savedBytes"]?.double ?? 0) > 0)
    }
    return model.parameters.map { SampledProductTests.floats($0.value, context) }
  }

  /// What is remembered of samples goes with the checkpoint: without it the rows chosen after it would be others.
  @Test func aResumedRunIsTheUninterruptedOne() throws {
    let folder = try TemporaryFolder()
    let whole = try weights(in: "\(folder.path)/whole", resuming: false, stoppedAfter: nil)
    _ = try weights(in: "\(folder.path)/parts", resuming: false, stoppedAfter: 5)
    let resumed = try weights(in: "\(folder.path)/parts", resuming: true, stoppedAfter: nil)
    #expect(whole == resumed)
  }
}
