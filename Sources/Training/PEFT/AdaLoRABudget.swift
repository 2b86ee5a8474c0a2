/// How many triplets AdaLoRA keeps, step by step: b0 until `warmUp` steps, then falling with a cube to bT, which the last
/// `final` steps have.
public struct AdaLoRABudget: Sendable, Hashable {
  /// Triplets of each target at first.
  public var rank: Int
  /// Triplets of a target in the end, in the mean.
  public var finalRank: Int
  /// Steps with all triplets.
  public var warmUp: Int
  /// Steps of the run.
  public var steps: Int
  /// The last steps, with the final budget.
  public var final: Int
  /// Steps from one choice to the next.
  public var every: Int
  /// The share of the past in the smoothed sensitivity.
  public var beta1: Double
  /// The share of the past in its smoothed uncertainty.
  public var beta2: Double
  /// The factor of the penalty that keeps P and Q orthogonal.
  public var penalty: Double

  /// The paper's settings for a run of `steps` steps.
  public init(
    rank: Int = 12, finalRank: Int = 8, steps: Int, warmUp: Int? = nil, final: Int? = nil, every: Int = 1,
    beta1: Double = 0.85, beta2: Double = 0.85, penalty: Double = 0.1
  ) {
    self.rank = rank
    self.finalRank = finalRank
    self.steps = steps
    self.warmUp = warmUp ?? steps / 10
    self.final = final ?? steps / 3
    self.every = every
    self.beta1 = beta1
    self.beta2 = beta2
    self.penalty = penalty
  }

  func validate() throws(TrainingError) {
    func check(_ field: String, _ holds: Bool, _ value: String, _ expected: String) throws(TrainingError) {
      if !holds { throw .invalidOption(field: "peft.\(field)", value: value, expected: expected) }
    }
    try check("finalRank", (1...max(1, rank)).contains(finalRank), "\(finalRank)", "1 to the rank, \(rank)")
    try check("steps", (1...1 << 40).contains(steps), "\(steps)", "1 or more")
    try check("warmUp", (0...steps).contains(warmUp), "\(warmUp)", "0 to the run's \(steps) steps")
    try check("final", (0...steps - warmUp).contains(final), "\(final)", "0 to \(steps - warmUp)")
    try check("every", every >= 1, "\(every)", "1 or more")
    try check("beta1", beta1 >= 0 && beta1 < 1, "\(beta1)", "from 0 to below 1")
    try check("beta2", beta2 >= 0 && beta2 < 1, "\(beta2)", "from 0 to below 1")
    try check("penalty", penalty >= 0 && penalty.isFinite, "\(penalty)", "0 or more")
  }

  /// b(t), the triplets that all `targets` together keep after step t, from 1 on.
  public func triplets(after step: Int, targets: Int) -> Int {
    let (first, last) = (rank * targets, finalRank * targets)
    if step <= warmUp { return first }
    if step >= steps - final { return last }
    let done = Double(step - warmUp) / Double(steps - final - warmUp)
    let rest = 1 - done
    return last + Int((Double(first - last) * rest * rest * rest).rounded())
  }
}
