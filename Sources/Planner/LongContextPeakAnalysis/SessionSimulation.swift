/// Serves sessions on one device, event by event.
///
/// The device does one thing at a time: it makes room for a user who waits, by putting out one who reads; else it reads the
/// document that waits longest; else it gives a token to each user in memory who waits for some. Ties go to the lower number.
public struct SessionSimulation: Sendable {
  private let costs: Costs
  private let load: SessionLoad

  /// Seconds of what a device does; a limit is lifted by making its own 0, or users many.
  struct Costs {
    var users: Int
    var prefill: Double
    /// One direction.
    var transfer: Double
    var bothWays: Bool
    /// A step for 1, 2, … users.
    var steps: [Double]
  }

  /// Prepares a simulation.
  ///
  /// - Throws: ``PlannerError`` for a context of which not even one user's keys fit.
  public init(_ analysis: LongContextAnalysis, _ load: SessionLoad) throws(PlannerError) {
    let users = try analysis.users(load.context)
    guard users >= 1 else {
      let bytes = analysis.weightBytes + analysis.reserve + (try analysis.keyValueBytes(load.context))
      throw .doesNotFit(
        step: "\(analysis.model.name) with \(load.context) tokens", bytes: bytes,
        device: "\(analysis.devices) × \(analysis.device.name)")
    }
    var steps: [Double] = []
    for count in 1...load.users { steps.append(try analysis.stepSeconds(load.context, users: count)) }
    self.init(
      Costs(
        users: users, prefill: try analysis.prefillSeconds(load.context),
        transfer: try analysis.keyValueBytes(load.context) / analysis.hostLink, bothWays: analysis.swapsBothWays,
        steps: steps), load)
  }

  private init(_ costs: Costs, _ load: SessionLoad) {
    self.costs = costs
    self.load = load
  }

  /// A simulation with given seconds, for tests and for devices that were measured.
  ///
  /// - Parameters:
  ///   - load: who comes.
  ///   - users: users in memory at once.
  ///   - prefill: seconds of a document.
  ///   - transfer: seconds of one user's keys and values in one direction.
  ///   - step: seconds of a step for so many users.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no user in memory and for seconds below 0.
  public init(
    _ load: SessionLoad, users: Int, prefill: Double, transfer: Double, step: (Int) -> Double
  ) throws(PlannerError) {
    guard users >= 1 else { throw .invalid(field: "users", problem: "\(users) in memory") }
    let steps = (1...load.users).map(step)
    guard prefill >= 0, transfer >= 0, prefill.isFinite, transfer.isFinite, steps.allSatisfy({ $0 >= 0 && $0.isFinite })
    else { throw .invalid(field: "seconds", problem: "they must not be below 0") }
    self.init(
      Costs(users: users, prefill: prefill, transfer: transfer, bothWays: false, steps: steps), load)
  }

  /// The limit whose lifting alone raises sessions an hour the most.
  public func binding() -> (metric: SessionReport.Metric, gain: Double) {
    let plain = run().seconds
    var best = (metric: SessionReport.Metric.concurrency, gain: 0.0)
    for metric in SessionReport.Metric.allCases {
      var lifted = costs
      switch metric {
      case .concurrency: lifted.users = load.users
      case .prefill: lifted.prefill = 0
      case .decode: lifted.steps = lifted.steps.map { _ in 0 }
      case .contextSwitch: lifted.transfer = 0
      }
      let seconds = SessionSimulation(lifted, load).run().seconds
      let gain = seconds > 0 ? plain / seconds : .infinity
      if gain > best.gain { best = (metric, gain) }
    }
    return best
  }

  private struct User {
    /// When the next question, or the document, is there.
    var ready = 0.0
    var isRead = false
    var isResident = false
    var wasEvicted = false
    /// Tokens of the answer that are still to come.
    var tokens: Int
    var answered = 0
    var came = 0.0
    var used = 0.0
  }

  /// Serves all.
  public func run() -> SessionReport {
    var users = [User](repeating: User(tokens: load.answer), count: load.users)
    var clock = 0.0
    var (residents, wait) = (0, 0.0)
    var report = SessionReport(
      seconds: 0, sessions: 0, busy: [.prefill: 0, .decode: 0, .contextSwitch: 0], meanWait: 0, answers: 0,
      evictions: 0, peakResidents: 0)
    func isDone(_ user: User) -> Bool { user.answered == load.questions }
    while report.sessions < load.users {
      let waiting = users.indices.filter { !isDone(users[$0]) && users[$0].ready <= clock }
      // Room for the one who waits longest.
      if let next = waiting.filter({ !users[$0].isResident }).min(by: { users[$0].ready < users[$1].ready }) {
        var out = 0.0
        if residents == costs.users {
          let idle = users.indices.filter { users[$0].isResident && users[$0].ready > clock }
          let victim = idle.min {
            load.eviction == .lru ? users[$0].used < users[$1].used : users[$0].came < users[$1].came
          }
          if let victim {
            users[victim].isResident = false
            users[victim].wasEvicted = true
            residents -= 1
            out = costs.transfer
            report.evictions += 1
          }
        }
        if residents < costs.users {
          let back = users[next].wasEvicted ? costs.transfer : 0
          let seconds = costs.bothWays ? max(out, back) : out + back
          clock += seconds
          report.busy[.contextSwitch, default: 0] += seconds
          users[next].isResident = true
          users[next].came = clock
          users[next].used = clock
          residents += 1
          report.peakResidents = max(report.peakResidents, residents)
          continue
        }
      }
      let served = waiting.filter { users[$0].isResident }
      if let next = served.filter({ !users[$0].isRead }).min(by: { users[$0].ready < users[$1].ready }) {
        clock += costs.prefill
        report.busy[.prefill, default: 0] += costs.prefill
        users[next].isRead = true
        users[next].used = clock
        continue
      }
      if served.isEmpty {
        // Nothing waits: on to the next question.
        clock = users.filter { !isDone($0) }.map(\.ready).min().map { max(clock, $0) } ?? clock
        continue
      }
      for user in served where users[user].tokens == load.answer {
        wait += clock - users[user].ready
        report.answers += 1
      }
      // As many steps as nothing else happens in.
      let step = costs.steps[served.count - 1]
      var count = served.map { users[$0].tokens }.min() ?? 1
      if let event = users.filter({ !isDone($0) && $0.ready > clock }).map(\.ready).min(), step > 0 {
        count = min(count, max(1, Int(min(((event - clock) / step).rounded(.up), 1e9))))
      }
      clock += Double(count) * step
      report.busy[.decode, default: 0] += Double(count) * step
      for user in served {
        users[user].tokens -= count
        users[user].used = clock
        if users[user].tokens > 0 { continue }
        users[user].answered += 1
        users[user].tokens = load.answer
        users[user].ready = clock + load.thinking
        if isDone(users[user]) {
          users[user].isResident = false
          residents -= 1
          report.sessions += 1
        }
      }
    }
    report.seconds = clock
    report.meanWait = report.answers > 0 ? wait / Double(report.answers) : 0
    return report
  }
}
