/// The paper's scheduler, pass by pass, with whole pages.
///
/// First each running request gets a page where its next token needs one; where there are too few, the youngest give theirs up and go
/// back to the front of the line as longer prompts. Then prompts start in the order of the line, as long as tokens and pages last; in a
/// pass that took pages away none does. Requests of one size that began together are one cohort, so that a pass costs as much as
/// there are cohorts.
public struct MoELensSimulation {
  /// Requests of one size.
  public struct Cohort: Sendable, Hashable {
    /// Tokens of a prompt.
    public var prompt: Int
    /// Tokens of an answer.
    public var answer: Int
    /// Requests.
    public var count: Int

    /// Requests of one size.
    public init(prompt: Int, answer: Int, count: Int = 1) {
      self.prompt = prompt
      self.answer = answer
      self.count = count
    }
  }

  /// Requests that wait: `known` tokens are to be computed before the next appears.
  private struct Waiting {
    var load: Cohort
    var known: Int
    var generated: Int
    var count: Int
  }

  /// Requests that run: `kept` tokens lie in `pages` pages of each.
  private struct Running {
    var load: Cohort
    var kept: Int
    var generated: Int
    var pages: Int
    var count: Int
  }

  private let machine: MoELens
  private let tokenLimit: Int
  private var line = WaitingLine<Waiting>()
  private var running: [Running] = []
  private var freePages: Int
  private var report = MoELensReport()

  /// Simulates `load` to the end.
  ///
  /// - Throws: ``PlannerError/doesNotFit(step:bytes:device:)`` for a request that alone has not room enough.
  public static func run(_ machine: MoELens, _ load: MoELensLoad) throws(PlannerError) -> MoELensReport {
    try run(machine, [Cohort(prompt: load.prompt, answer: load.answer, count: load.requests)])
  }

  /// Simulates `cohorts`, the first first, to the end.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes that are none or too large to simulate;
  ///   ``PlannerError/doesNotFit(step:bytes:device:)``; ``PlannerError/brokenLaw(_:at:)`` where the simulator contradicts itself.
  public static func run(_ machine: MoELens, _ cohorts: [Cohort]) throws(PlannerError) -> MoELensReport {
    var (answers, requests) = (0, 0)
    for cohort in cohorts {
      let load = try MoELensLoad(prompt: cohort.prompt, answer: cohort.answer, requests: cohort.count)
      try machine.checkFits(prompt: load.prompt, answer: load.answer)
      answers += load.answer * load.requests
      requests += load.requests
      guard answers <= MoELensLoad.answerLimit else {
        throw .invalid(field: "requests", problem: "their answers have more than 2³⁰ tokens")
      }
    }
    var simulation = MoELensSimulation(machine, cohorts)
    while !simulation.line.isEmpty || !simulation.running.isEmpty { try simulation.pass() }
    let report = simulation.report
    guard report.answered == requests, report.answerTokens == answers, simulation.freePages == machine.pages else {
      throw .brokenLaw(
        "\(report.answered) of \(requests) requests got \(report.answerTokens) of \(answers) tokens, "
          + "\(simulation.freePages) of \(machine.pages) pages are free", at: report.seconds)
    }
    return report
  }

  private init(_ machine: MoELens, _ cohorts: [Cohort]) {
    self.machine = machine
    // A pass takes at least one request, however long.
    tokenLimit = max(1, Int(min(machine.saturatingTokens, 0x1p40)))
    freePages = machine.pages
    for cohort in cohorts where cohort.count > 0 {
      line.append(Waiting(load: cohort, known: cohort.prompt, generated: 0, count: cohort.count))
    }
  }

  private mutating func pass() throws(PlannerError) {
    let hasPreempted = try makeRoom()
    var (decoded, read) = (0, 0.0)
    for index in running.indices {
      let pages = machine.pages(running[index].kept + 1)
      freePages -= (pages - running[index].pages) * running[index].count
      running[index].pages = pages
      running[index].kept += 1
      decoded += running[index].count
      read += Double(running[index].kept) * Double(running[index].count)
    }
    let prompts = hasPreempted ? 0 : admit(beside: decoded)
    guard freePages >= 0, decoded + prompts > 0 else {
      throw .brokenLaw("\(freePages) pages are free, \(decoded + prompts) tokens are computed", at: report.seconds)
    }
    report.mostPages = max(report.mostPages, machine.pages - freePages)
    report.passes += 1
    report.computedTokens += decoded + prompts
    report.seconds += machine.passSeconds(tokens: Double(decoded + prompts), keptTokens: read)
    report.deviceSeconds += Double(decoded + prompts) / machine.deviceRate
    emit()
  }

  /// Takes pages of the youngest until all others can go on; returns whether it had to.
  private mutating func makeRoom() throws(PlannerError) -> Bool {
    var need = running.reduce(0) { $0 + (machine.pages($1.kept + 1) - $1.pages) * $1.count }
    guard need > freePages else { return false }
    while need > freePages {
      guard var last = running.popLast() else {
        throw .brokenLaw("\(need) pages are needed by none", at: report.seconds)
      }
      let own = machine.pages(last.kept + 1) - last.pages
      let count = min(last.count, (need - freePages + last.pages + own - 1) / (last.pages + own))
      freePages += count * last.pages
      need -= count * own
      report.preemptions += count
      // The token that was given last has not been kept yet.
      report.recomputedTokens += count * last.kept
      line.prepend(Waiting(load: last.load, known: last.kept + 1, generated: last.generated, count: count))
      last.count -= count
      if last.count > 0 { running.append(last) }
    }
    return true
  }

  /// Starts prompts in the order of the line; returns their tokens.
  private mutating func admit(beside decoded: Int) -> Int {
    var tokens = 0
    while let next = line.first {
      let pages = machine.pages(next.known)
      var count = min(next.count, freePages / pages, max(0, tokenLimit - decoded - tokens) / next.known)
      // One that is longer than any pass runs alone.
      if count == 0, decoded + tokens == 0, freePages >= pages { count = 1 }
      guard count > 0 else { break }
      freePages -= count * pages
      tokens += count * next.known
      running.append(
        Running(load: next.load, kept: next.known, generated: next.generated, pages: pages, count: count))
      _ = line.popFirst()
      guard count == next.count else {
        var rest = next
        rest.count -= count
        line.prepend(rest)
        break
      }
    }
    return tokens
  }

  /// Every running request gives a token; those at their end leave.
  private mutating func emit() {
    var kept = 0
    for index in running.indices {
      running[index].generated += 1
      report.answerTokens += running[index].count
      guard running[index].generated == running[index].load.answer else {
        running[kept] = running[index]
        kept += 1
        continue
      }
      freePages += running[index].pages * running[index].count
      report.answered += running[index].count
    }
    running.removeSubrange(kept...)
  }
}
