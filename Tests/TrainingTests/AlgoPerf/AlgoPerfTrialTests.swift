import Foundation
import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("AlgoPerf: trials") struct AlgoPerfTrialTests {
  /// A clock that moves when it is told to.
  private final class Clock {
    var now = 100.0
  }

  /// One number, whose distance from 3 is the metric; what evaluation takes is told to the clock.
  private final class Quadratic: AlgoPerfTask {
    let parameters: [Parameter]
    let trainingCount = 5
    private let context: Context
    private let evaluation: () -> Void

    init(_ context: Context, evaluation: @escaping () -> Void = {}) {
      self.context = context
      self.evaluation = evaluation
      parameters = [Parameter("x", context.tensor([0]))]
    }

    func gradients(of batch: [Int], seed: UInt64, call: Int) throws -> (loss: Double, gradients: [String: Tensor]) {
      let x = parameters[0].value.floats[0]
      return (Double((x - 3) * (x - 3)), ["x": context.tensor([2 * (x - 3)])])
    }

    func evaluate(isTest: Bool) throws -> Double {
      evaluation()
      return Double(abs(parameters[0].value.floats[0] - 3))
    }
  }

  /// Plain descent; `trick` is done in each step.
  private struct Descent: AlgoPerfSubmission {
    let name = "descent"
    let space: SearchSpace
    var size = 2
    var trick: @Sendable (TrainingAccess) throws -> [Int] = { _ in [0, 1] }

    init() throws { space = try SearchSpace([.init("rate", .logarithmic(1e-2, 0.4))]) }

    func batchSize(for workload: String) -> Int { size }

    func start(_ access: TrainingAccess, settings: [String: Double]) throws -> any AlgoPerfRun {
      Run(trick, settings["rate"] ?? 0.1)
    }

    final class Run: AlgoPerfRun {
      let trick: @Sendable (TrainingAccess) throws -> [Int]
      let rate: Double

      init(_ trick: @escaping @Sendable (TrainingAccess) throws -> [Int], _ rate: Double) {
        self.trick = trick
        self.rate = rate
      }

      func nextBatch(_ access: TrainingAccess, step: Int) -> [Int] { (try? trick(access)) ?? [] }

      func update(_ access: TrainingAccess, batch: [Int], step: Int) throws {
        let slope = try access.gradients(of: batch).gradients["x"]?.floats[0] ?? 0
        access.parameters[0].value.pointer(as: Float.self)[0] -= Float(rate) * slope
      }
    }
  }

  private static func record(_ settings: [String: Double] = ["rate": 0.1]) -> TrialRecord {
    TrialRecord(submission: "descent", workload: "quadratic", study: 0, trial: 0, seed: 1, settings: settings)
  }

  private static let target = WorkloadTarget(validation: 0.01, test: 0.01, seconds: 100)

  /// A trial in which each reading of the clock is a millisecond after the one before.
  private static func trial(
    _ submission: Descent, evaluation seconds: Double = 0, target: WorkloadTarget? = target,
    _ change: (inout AlgoPerfTrial) -> Void = { _ in }
  ) throws -> TrialRecord {
    let clock = Clock()
    let context = Context(threads: 1)
    nonisolated(unsafe) let held = clock
    let workload = AlgoPerfWorkload("quadratic", metric: "distance", rises: false, stepHint: 50) { _, _, context in
      Quadratic(context) { held.now += seconds }
    }
    var trial = AlgoPerfTrial()
    // Between the milliseconds, so that rounding decides nothing.
    trial.evaluateEvery = 0.0035
    trial.clock = {
      clock.now += 0.001
      return clock.now
    }
    change(&trial)
    return try trial.run(submission, workload, target: target, record(), context: context)
  }

  @Test("The clock stands while the harness evaluates: a second in each evaluation changes nothing")
  func timer() throws {
    let plain = try Self.trial(Descent())
    let slow = try Self.trial(Descent(), evaluation: 1)
    #expect(plain.curve.count > 3 && plain.curve.map(\.step) == slow.curve.map(\.step))
    for (a, b) in zip(plain.curve, slow.curve) { #expect(abs(a.seconds - b.seconds) < 1e-9) }
    let (a, b) = (try #require(plain.seconds), try #require(slow.seconds))
    #expect(abs(a - b) < 1e-9 && a < 1)
    // Steps at a rate of 0.1 bring the distance to 3 · 0.8ⁿ; the first evaluation that sees 0.01 ends the trial.
    #expect(plain.steps >= 26 && plain.steps < 34 && (plain.best ?? 1) <= 0.01 && plain.disqualified == nil)
  }

  @Test("A target that is not met in time is met never, and the trial ends")
  func tooLate() throws {
    let late = try Self.trial(Descent(), target: WorkloadTarget(validation: 0.01, test: 0, seconds: 0.02))
    #expect(late.seconds == nil && late.time == .infinity && late.steps < 26 && late.test != nil)
  }

  @Test("Held-out examples, too much memory and impossible batches disqualify, with the reason")
  func violations() throws {
    func reason(_ change: (inout Descent) -> Void, _ trial: (inout AlgoPerfTrial) -> Void = { _ in }) throws -> String {
      var submission = try Descent()
      change(&submission)
      let record = try Self.trial(submission, trial)
      #expect(record.time == .infinity && record.test == nil)
      return record.disqualified ?? "nothing"
    }
    #expect(try reason { $0.trick = { _ in [5] } } == "example 5 is not one of the 5 to train on")
    #expect(try reason { $0.trick = { _ in [-1] } }.contains("example -1"))
    // To catch the error does not help.
    let caught = try reason {
      $0.trick = { access in
        _ = try? access.gradients(of: [99])
        return [0]
      }
    }
    #expect(caught.contains("example 99"))
    #expect(try reason { $0.trick = { _ in [] } } == "a batch of 0 examples")
    #expect(try reason { $0.trick = { _ in [0, 1, 2] } } == "a batch of 3 examples")
    #expect(try reason { $0.size = 0 } == "a batch of 0 examples")
    let memory = try reason {
      $0.trick = { access in
        _ = access.context.zeros([1 << 16])
        return [0]
      }
    } _: {
      $0.memoryLimit = 1 << 16
    }
    #expect(memory.contains("65536 are allowed"))
  }

  @Test("Draws are those of the study's number and seed, in range and the same again")
  func draws() throws {
    let context = Context(threads: 1)
    let workload = AlgoPerfWorkload("quadratic", metric: "distance", rises: false, stepHint: 50) { _, _, context in
      Quadratic(context)
    }
    var studies = AlgoPerfStudies(context: context)
    studies.trial.steps = 3
    var logged = 0
    studies.log = { _ in logged += 1 }
    func study(_ number: Int) throws -> [Double] {
      try studies.study(Descent(), workload, target: Self.target, study: number, points: 6, seed: 4)
        .map { $0.settings["rate"] ?? 0 }
    }
    let first = try study(0)
    #expect(first.allSatisfy { (1e-2...0.4).contains($0) } && Set(first).count == 6)
    #expect(try study(0) == first && study(1) != first && logged == 18)
  }

  @Test("Targets are the medians of the best baseline's runs with other seeds")
  func targets() throws {
    let context = Context(threads: 1)
    let workload = AlgoPerfWorkload("quadratic", metric: "distance", rises: false, stepHint: 20) { _, _, context in
      Quadratic(context)
    }
    var records: [TrialRecord] = []
    var studies = AlgoPerfStudies(context: context)
    studies.log = { records.append($0) }
    let target = try studies.target(workload, baselines: [try Descent()], points: 5, seeds: 3, seed: 0)
    let ends = records.prefix(5).compactMap { $0.curve.last?.validation }
    #expect(records.count == 8 && ends.count == 5)
    // Nothing of this model is random: all seeds end where the best point did.
    #expect(target.validation == ends.min() && target.test == target.validation && target.seconds > 0)
  }

  @Test("Every small workload that needs no data trains with every baseline, and is the same on 1 and 2 threads")
  func workloads() throws {
    let known = AlgoPerfWorkload.small { try GoldenFiles.data($0) }
    #expect(known.count == 8 && Set(known.map(\.name)).count == 8)
    for workload in known where workload.name != "bible-lm" {
      let ends = try [1, 2].map { threads -> Double in
        let context = Context(threads: threads)
        var trial = AlgoPerfTrial()
        trial.steps = 6
        let record = try trial.run(
          BaselineSubmission(.adamw), workload, target: nil,
          TrialRecord(
            submission: "adamw", workload: workload.name, study: 0, trial: 0, seed: 3, settings: ["rate": 1e-3]),
          context: context)
        #expect(record.steps == 6 && record.disqualified == nil)
        return record.curve.last?.validation ?? .nan
      }
      #expect(ends[0].isFinite && ends[0] == ends[1], "\(workload.name)")
    }
    let molecules = try #require(known.first { $0.name == "molecules" })
    for method in BaselineSubmission.Method.allCases {
      for variant in [nil] + molecules.variants.map(Optional.some) {
        var trial = AlgoPerfTrial()
        trial.steps = 2
        let record = try trial.run(
          BaselineSubmission(method), molecules, variant: variant, target: nil,
          TrialRecord(
            submission: method.rawValue, workload: "molecules", study: 0, trial: 0, seed: 3, settings: ["rate": 1e-3]),
          context: Context(threads: 2))
        #expect(record.steps == 2 && record.best?.isFinite ?? false, "\(method) \(variant?.rawValue ?? "")")
      }
    }
  }
}
