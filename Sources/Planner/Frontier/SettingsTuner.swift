import NumericTypes

/// Looks for the settings with the largest value while several trials run at once (Frontier's search: Bayesian optimisation with a
/// forest; Balaprakash et al.: DeepHyper, 2018).
///
/// A forest learns values from trials that have ended; of settings that nobody has tried the one is tried next whose mean plus κ
/// deviations is the largest, in turns of random ones and of those that differ in one setting from the best ones so far (as Hutter et
/// al.: SMAC, 2011, do). Trials that are still running count as if they had ended with the mean of what is known (a constant
/// liar), so that the next ones go elsewhere. A failed trial is kept and counts as worse than all that succeeded, so that the forest
/// learns what fails.
public struct SettingsTuner: Sendable {
  /// A trial that has ended.
  public struct Trial: Sendable, Hashable, Codable {
    /// The settings.
    public var point: [Int]
    /// What they gave; nothing where they failed.
    public var value: Double?

    /// A trial.
    public init(point: [Int], value: Double?) {
      self.point = point
      self.value = value
    }
  }

  /// How to look.
  public struct Options: Sendable, Hashable {
    /// Trials that run at once.
    public var workers = 4
    /// Random trials before the forest has a say.
    public var first = 16
    /// Trees of the forest.
    public var trees = 20
    /// Settings that the forest is asked about each time.
    public var candidates = 256
    /// Best trials whose neighbours are looked at.
    public var centres = 5
    /// Deviations that are added to the mean, κ.
    public var exploration = 0.5

    /// The standard.
    public init() {}
  }

  /// The space.
  public let space: SearchSpace
  /// How to look.
  public let options: Options
  /// Trials that have ended, in their order.
  public private(set) var trials: [Trial] = []
  private var running: [Int] = []
  private var known: Set<Int> = []
  private var random: Random

  /// A search, from the beginning or after `trials` of an earlier one.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for options that are none, and trials outside of the space, twice there, or
  ///   with what is no number.
  public init(
    _ space: SearchSpace, seed: UInt64, options: Options = Options(), after trials: [Trial] = []
  ) throws(PlannerError) {
    for (field, value, most) in [
      ("workers", options.workers, 1024), ("first", options.first, 1 << 20), ("trees", options.trees, 10_000),
      ("candidates", options.candidates, 1 << 20), ("centres", options.centres, 1024),
    ] where !(1...most).contains(value) {
      throw .invalid(field: field, problem: "\(value) lies outside 1…\(most)")
    }
    guard options.exploration >= 0, options.exploration.isFinite else {
      throw .invalid(field: "exploration", problem: "\(options.exploration) is below zero")
    }
    self.space = space
    self.options = options
    random = Random(seed: seed &+ UInt64(trials.count))
    for trial in trials {
      guard let place = space.place(trial.point), known.insert(place).inserted, trial.value?.isFinite ?? true else {
        throw .invalid(field: "trials", problem: "\(trial.point) is outside of the space, there twice, or no number")
      }
      self.trials.append(trial)
    }
  }

  /// Trials of which the value is not known yet.
  public var inFlight: Int { running.count }
  /// The best trial.
  public var best: Trial? {
    trials.filter { $0.value != nil }.max { $0.value ?? -.infinity < $1.value ?? -.infinity }
  }
  /// The part of trials in a range that failed.
  public func failures(in range: Range<Int>) -> Double {
    let part = trials[range.clamped(to: trials.indices)]
    return part.isEmpty ? 0 : Double(part.count { $0.value == nil }) / Double(part.count)
  }

  /// Settings to try next, now running; nothing where all have been tried.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public mutating func next() throws(PlannerError) -> [Int]? {
    var untried = untried()
    guard let first = untried.first else { return nil }
    var place = first
    let succeeded = trials.compactMap(\.value)
    if trials.count >= options.first, let worst = succeeded.min(), let best = succeeded.max() {
      // Below the worst even where one trial succeeded, or all alike: else nothing would tell success from failure.
      let failed = worst - max(best - worst, best.magnitude / 2)
      let known = trials.map { $0.value ?? failed }
      let mean = known.reduce(0, +) / Double(known.count)
      let rows = trials.map(\.point) + running.map { space.point($0) }
      let targets = known + running.map { _ in mean }
      let forest = try RegressionForest(
        rows.map { $0.map(Double.init) }, targets, trees: options.trees, random: &random)
      if (trials.count + running.count).isMultiple(of: 2) {
        let near = neighbours()
        if !near.isEmpty { untried = near }
      }
      var most = -Double.infinity
      for candidate in untried {
        let estimate = forest.estimate(space.point(candidate).map(Double.init))
        let bound = estimate.mean + options.exploration * estimate.deviation
        if bound > most { (most, place) = (bound, candidate) }
      }
    }
    running.append(place)
    known.insert(place)
    return space.point(place)
  }

  /// Takes a running trial's value.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for settings that are not running, and a value that is no number.
  public mutating func end(_ point: [Int], value: Double?) throws(PlannerError) {
    guard let place = space.place(point), let index = running.firstIndex(of: place), value?.isFinite ?? true else {
      throw .invalid(field: "trial", problem: "\(point) is not running, or its value is no number")
    }
    running.remove(at: index)
    trials.append(Trial(point: point, value: value))
  }

  /// Runs `budget` trials of `objective`, as many at once as there are workers, oldest first; fewer where the space is smaller.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``; what `objective` throws.
  public mutating func run(
    budget: Int, _ objective: ([Int]) throws(PlannerError) -> Double?
  ) throws(PlannerError) {
    var begun: [[Int]] = []
    while trials.count < budget {
      while begun.count < options.workers, trials.count + begun.count < budget, let point = try next() {
        begun.append(point)
      }
      guard !begun.isEmpty else { return }
      let point = begun.removeFirst()
      try end(point, value: try objective(point))
    }
  }

  /// Places that nobody has tried and that differ in one or two dimensions from one of the best trials.
  private func neighbours() -> [Int] {
    let best = trials.filter { $0.value != nil }.sorted { $0.value ?? 0 > $1.value ?? 0 }.prefix(options.centres)
    var found: [Int] = []
    var seen: Set<Int> = []
    func add(_ point: [Int]) {
      if let place = space.place(point), !known.contains(place), seen.insert(place).inserted { found.append(place) }
    }
    for trial in best {
      for (first, dimension) in space.dimensions.enumerated() {
        for value in dimension.values where value != trial.point[first] {
          var point = trial.point
          point[first] = value
          add(point)
          for second in (first + 1)..<max(first + 1, space.dimensions.count) {
            for other in space.dimensions[second].values where other != trial.point[second] {
              var both = point
              both[second] = other
              add(both)
            }
          }
        }
      }
    }
    return found
  }

  /// Some places that nobody has tried, without repetition.
  private mutating func untried() -> [Int] {
    let left = space.count - known.count
    guard left > 0 else { return [] }
    // Where little is left, or little was there, all of it.
    if left <= options.candidates || space.count <= 4 * options.candidates {
      var rest = (0..<space.count).filter { !known.contains($0) }
      for index in 0..<min(options.candidates, rest.count) {
        rest.swapAt(index, Int.random(in: index..<rest.count, using: &random))
      }
      return Array(rest.prefix(options.candidates))
    }
    var found: [Int] = []
    var seen: Set<Int> = []
    while found.count < options.candidates {
      let place = Int.random(in: 0..<space.count, using: &random)
      if !known.contains(place), seen.insert(place).inserted { found.append(place) }
    }
    return found
  }
}
