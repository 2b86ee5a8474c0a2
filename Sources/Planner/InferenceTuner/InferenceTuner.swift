import NumericTypes

/// The Impact of Hyperparameters on Large Language Model Inference Performance: An Evaluation of vLLM and HuggingFace Pipelines,
/// 2024, https://arxiv.org/abs/2408.01050
///
/// Looks for the settings of an engine with the highest throughput. What is tried next depends on the seed and the trials so far
/// alone: the same trials get the same proposal, so a search goes on from its log as if it had not stopped.
///
///     let tuner = try InferenceTuner(space, method: .tpe, seed: 1)
///     while trials.count < 40, let proposal = try tuner.next(after: trials) {
///       trials.append(TuningTrial(proposal.point, part: proposal.part, value: measure(proposal)))
///     }
public struct InferenceTuner: Sendable {
  /// The numbers of the methods.
  public struct Options: Sendable, Hashable {
    /// Trials at random, or where the prior is highest, before the estimator has a say.
    public var first = 10
    /// The part of trials that count as good.
    public var goodShare = 0.25
    /// Points that the estimator chooses from.
    public var candidates = 24
    /// Where coordinate descent begins; the middle by default.
    public var start: ParameterSpace.Point?
    /// Places of a range that coordinate descent tries.
    public var places = 9
    /// Trials of successive halving, those on parts of the work counted like the others.
    public var budget = 40
    /// The parts of the work of successive halving, ascending.
    public var rungs = [0.125, 0.25, 0.5, 1]
    /// After how many trials a prior counts as much as one of them that was measured.
    public var priorTrials = 10.0

    /// The usual ones.
    public init() {}
  }

  /// What is thought of points before any is tried: predicted values, of which only ratios count.
  public typealias Prior = @Sendable (ParameterSpace.Point) -> Double

  /// The space.
  public let space: ParameterSpace
  /// How it is gone through.
  public let method: SearchMethod
  /// The seed of its choices.
  public let seed: UInt64
  /// The numbers of the methods.
  public let options: Options
  let prior: Prior?
  /// The places of all points in the order in which they would be tried knowing nothing, or the prior alone.
  let order: [Int]?

  /// A search.
  ///
  /// - Parameters:
  ///   - space: what may be tried.
  ///   - method: how.
  ///   - seed: of its choices.
  ///   - options: the methods' numbers.
  ///   - prior: predicted values.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for options that are none, and for a space with more points than can be
  ///   gone through where all are asked for.
  public init(
    _ space: ParameterSpace, method: SearchMethod, seed: UInt64, options: Options = Options(), prior: Prior? = nil
  ) throws(PlannerError) {
    for (field, value, most) in [
      ("first", options.first, 1 << 16), ("candidates", options.candidates, 1 << 16), ("places", options.places, 1024),
      ("budget", options.budget, 1 << 16),
    ] where !(1...most).contains(value) {
      throw .invalid(field: field, problem: "\(value) lies outside 1…\(most)")
    }
    guard options.goodShare > 0, options.goodShare < 1 else {
      throw .invalid(field: "goodShare", problem: "\(options.goodShare) is no part of the trials")
    }
    guard options.priorTrials >= 0, options.priorTrials <= 1e6 else {
      throw .invalid(field: "priorTrials", problem: "\(options.priorTrials) lies outside 0…10⁶")
    }
    let rungs = options.rungs
    guard (1...16).contains(rungs.count), rungs.last == 1, rungs[0] > 0,
      zip(rungs, rungs.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw .invalid(field: "rungs", problem: "\(rungs) do not ascend to 1") }
    if let start = options.start, !space.contains(start) {
      throw .invalid(field: "start", problem: "is no point of the space")
    }
    guard method != .exhaustive || space.points != nil else {
      throw .invalid(
        field: "method", problem: "the space has more than \(ParameterSpace.pointLimit) points: all cannot be tried")
    }
    self.space = space
    self.method = method
    self.seed = seed
    self.options = options
    self.prior = prior
    var random = Random(seed: seed, stream: 1)
    order = space.points.map { points in
      let shuffled = points.indices.shuffled(using: &random)
      guard let prior else { return shuffled }
      let predicted = points.map(prior)
      return shuffled.enumerated().sorted {
        (predicted[$1.element], $0.offset) < (predicted[$0.element], $1.offset)
      }.map(\.element)
    }
  }

  /// What to try after these trials; nothing where all has been tried, or the method is at its end.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for trials outside of the space, and values and parts that are none.
  public func next(after trials: [TuningTrial]) throws(PlannerError) -> TuningProposal? {
    for (number, trial) in trials.enumerated() {
      guard space.contains(trial.point), trial.value.isFinite, trial.part > 0, trial.part <= 1 else {
        throw .invalid(field: "trials[\(number)]", problem: "is of another space, or its value is no number")
      }
    }
    let whole = trials.filter { $0.part == 1 }
    switch method {
    case .exhaustive, .random: return untried(whole).map { TuningProposal($0) }
    case .coordinate: return coordinate(whole).map { TuningProposal($0) }
    case .tpe: return parzen(whole).map { TuningProposal($0) }
    case .halving: return halving(trials)
    }
  }

  /// Goes on until `count` trials are there, or the method is at its end.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``; what `measure` throws.
  public func run(
    trials count: Int, after earlier: [TuningTrial] = [], _ measure: (TuningProposal) throws(PlannerError) -> Double
  ) throws(PlannerError) -> [TuningTrial] {
    var trials = earlier
    while trials.count < count, let proposal = try next(after: trials) {
      trials.append(TuningTrial(proposal.point, part: proposal.part, value: try measure(proposal)))
    }
    return trials
  }

  /// The best trial of the whole work, the first of several alike.
  public static func best(of trials: [TuningTrial]) -> TuningTrial? {
    trials.filter { $0.part == 1 }.max { $0.value < $1.value }
  }

  /// The random numbers of a trial.
  func random(_ number: Int) -> Random { Random(seed: seed, stream: 16 + UInt64(number)) }

  /// The first point of the order that was not tried; one at random where points cannot be counted.
  func untried(_ trials: [TuningTrial]) -> ParameterSpace.Point? {
    guard let order, let points = space.points else {
      var random = random(trials.count)
      return space.random(using: &random)
    }
    let known = Set(trials.map(\.point))
    return order.first { !known.contains(points[$0]) }.map { points[$0] }
  }
}
