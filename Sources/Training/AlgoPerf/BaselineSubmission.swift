import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The benchmark's baselines: an update rule, warm-up, and a cosine or straight fall to nothing at the step hint.
public struct BaselineSubmission: AlgoPerfSubmission, Hashable {
  /// An update rule.
  public enum Method: String, Sendable, Hashable, CaseIterable {
    case adamw, nadamw, nesterov
    case heavyBall = "heavy-ball"
    case lamb, adafactor, shampoo, sam
  }

  /// The rule.
  public let method: Method
  /// Whether a straight line takes the cosine's place.
  public var fallsLinearly = false

  /// A baseline.
  public init(_ method: Method) { self.method = method }

  /// The name in logs.
  public var name: String { method.rawValue }

  private var rates: SearchSpace.Range {
    switch method {
    case .adamw, .nadamw, .shampoo: .logarithmic(1e-4, 1e-1)
    case .nesterov, .heavyBall, .sam: .logarithmic(1e-3, 1)
    case .lamb, .adafactor: .logarithmic(1e-3, 3e-1)
    }
  }

  /// Rate, one less β₁ (or the momentum), decay, the share of warm-up, and where gradients are clipped.
  public var space: SearchSpace {
    do {
      return try SearchSpace([
        .init("rate", rates), .init("restOfMomentum", .logarithmic(1e-2, 0.3)),
        .init("weightDecay", .logarithmic(1e-5, 0.1)),
        .init("warmUp", .choice([0.02, 0.05, 0.1])), .init("clip", .choice([0, 1])),
      ])
    } catch { preconditionFailure("a space that is written here: \(error)") }
  }

  /// 64 of all workloads.
  public func batchSize(for workload: String) -> Int { 64 }

  /// Makes the optimizer.
  ///
  /// - Throws: ``OptimizerError``.
  public func start(_ access: TrainingAccess, settings: [String: Double]) throws -> any AlgoPerfRun {
    func rule(_ momentum: Double, _ decay: Double) -> any UpdateRule {
      switch method {
      case .adamw: AdamW(beta1: momentum, weightDecay: decay)
      case .nadamw: NAdamW(beta1: momentum, weightDecay: decay)
      case .nesterov: SGD(momentum: momentum, nesterov: true, weightDecay: decay)
      case .heavyBall, .sam: SGD(momentum: momentum, weightDecay: decay)
      case .lamb: LAMB(beta1: momentum, weightDecay: decay)
      case .adafactor: Adafactor(weightDecay: decay)
      case .shampoo: Shampoo(momentum: momentum, weightDecay: decay, blockSize: 128)
      }
    }
    let momentum = min(1 - (settings["restOfMomentum"] ?? 0.1), 0.999)
    let group = try GroupOptimizer(
      access.parameters, rule: rule(momentum, settings["weightDecay"] ?? 0), context: access.context)
    let optimizer: any Optimizer = method == .sam ? try SharpnessAware(group, context: access.context) : group
    return Run(self, optimizer, settings, access)
  }

  private final class Run: AlgoPerfRun {
    private let submission: BaselineSubmission
    private let optimizer: any Optimizer
    private let rate: Double
    private let warmUp: Int
    private let clip: Double

    init(
      _ submission: BaselineSubmission, _ optimizer: any Optimizer, _ settings: [String: Double],
      _ access: TrainingAccess
    ) {
      self.submission = submission
      self.optimizer = optimizer
      rate = settings["rate"] ?? 1e-3
      warmUp = max(1, Int((settings["warmUp"] ?? 0.05) * Double(access.stepHint)))
      clip = settings["clip"] ?? 0
    }

    func nextBatch(_ access: TrainingAccess, step: Int) -> [Int] {
      let size = min(access.trainingCount, submission.batchSize(for: access.workload))
      let (epoch, at) = (step * size).quotientAndRemainder(dividingBy: access.trainingCount)
      let order = Permutation(count: access.trainingCount, seed: access.seed, epoch: epoch)
      return (at..<min(at + size, access.trainingCount)).map { order[$0] }
    }

    func update(_ access: TrainingAccess, batch: [Int], step: Int) throws {
      try optimizer.step(rate: rate(at: step, of: access.stepHint)) {
        let (loss, gradients) = try access.gradients(of: batch)
        if !loss.isFinite { throw TrainingError.notFinite(step: step + 1, what: "loss", value: "\(loss)") }
        guard clip > 0 else { return gradients }
        _ = try access.context.clipGlobalNorm(of: gradients, to: clip)
        return gradients
      }
    }

    private func rate(at step: Int, of steps: Int) -> Double {
      if step < warmUp { return rate * Double(step + 1) / Double(warmUp) }
      let place = min(1, Double(step - warmUp) / Double(max(1, steps - warmUp)))
      return rate * (submission.fallsLinearly ? 1 - place : 0.5 * (1 + cos(.pi * place)))
    }
  }
}
