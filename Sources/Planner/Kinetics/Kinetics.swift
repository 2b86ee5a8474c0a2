/// The paper's cost model.
///
/// With h = headDim · layers, a prompt of L_in and N answers of L_out tokens, dense attention costs
///
///     operations  N · (2·P·L_out + 2·(2·L_in + L_out)·L_out·n_q·h)
///     bytes       2 · (2·L_in + N·L_out)·L_out·n_kv·h         16-bit keys, the prompt's read once for all trials
///
/// and sparse attention with a budget B reads κ tokens of each head over all steps of an answer instead of those.
public struct Kinetics: Sendable, Hashable {
  /// The model.
  public var model: KineticsModel
  /// How it attends.
  public var attention: KineticsAttention
  /// Trials that read the weights together; `nil` leaves their traffic out, as the paper does: a large batch shares it.
  public var batch: Int?

  /// A B200's 4.5·10¹⁵ dense 8-bit operations a second over its 8·10¹² bytes a second.
  public static let defaultIntensity = 562.5

  /// A cost model.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for budgets and batches below one or too large to count with.
  public init(
    _ model: KineticsModel, attention: KineticsAttention = .dense, batch: Int? = nil
  ) throws(PlannerError) {
    guard attention.isValid else {
      throw .invalid(field: "attention", problem: "\(attention) lies outside 1…\(KineticsLoad.limit) tokens")
    }
    if let batch, !(1...1 << 31).contains(batch) {
      throw .invalid(field: "batch", problem: "\(batch) lies outside 1…\(1 << 31)")
    }
    self.model = model
    self.attention = attention
    self.batch = batch
  }

  /// What `load` costs.
  public func cost(_ load: KineticsLoad) -> KineticsCost {
    let (trials, prompt, answer) = (Double(load.trials), Double(load.prompt), Double(load.answer))
    var cost = KineticsCost(linear: trials * 2 * model.parameters * answer)
    if let batch { cost.weightBytes = trials * 2 * model.parameters * answer / Double(batch) }
    guard let budget = attention.budget else {
      cost.attention = trials * 2 * (2 * prompt + answer) * answer * model.queries
      cost.keyValueBytes = 2 * (2 * prompt + trials * answer) * answer * model.keys
      return cost
    }
    let read = Self.tokensRead(prompt: prompt, answer: answer, budget: Double(budget))
    cost.attention = trials * 4 * read * model.queries
    cost.keyValueBytes = trials * 4 * read * model.keys
    if case .blocks(let size, _, _) = attention {
      let size = Double(size)
      cost.attention += trials * ((2 * prompt + answer) / size).rounded(.down) * answer * model.queries
      cost.keyValueBytes += ((2 * prompt + trials * answer) / size).rounded(.down) * answer * model.keys
    }
    return cost
  }

  /// κ: tokens of each head that are read over the steps of an answer, Σ min(B, L_in + t) as an integral:
  /// B′·L_out − ½·max(0, B′ − L_in)² with B′ = min(B, L_in + L_out).
  ///
  /// Steps whose context is still shorter than the budget read fewer tokens: the correction is taken away. (One of the two
  /// functions of the published code adds it.)
  static func tokensRead(prompt: Double, answer: Double, budget: Double) -> Double {
    let budget = min(budget, prompt + answer)
    let short = max(0, budget - prompt)
    return budget * answer - short * short / 2
  }

  /// The mean cost of questions whose answers have the given lengths: of each length the cost, then the mean, since the cost
  /// grows with the square.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no length, and as ``KineticsLoad/init(trials:prompt:answer:)``.
  public func meanCost(trials: Int, prompt: Int, answers: [Int]) throws(PlannerError) -> KineticsCost {
    guard !answers.isEmpty else { throw .invalid(field: "answers", problem: "there is none") }
    var sum = KineticsCost()
    for answer in answers {
      sum = sum + cost(try KineticsLoad(trials: trials, prompt: prompt, answer: answer))
    }
    return sum.scaled(1 / Double(answers.count))
  }
}
