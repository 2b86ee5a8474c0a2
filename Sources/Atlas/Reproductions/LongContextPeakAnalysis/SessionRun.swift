import CVenturi
import Planner
import Profiling
import Venturi

/// Users of the engine who read between their questions, with memory for some of them: the sessions of the others lie in files.
///
/// It does what ``/Planner/SessionSimulation`` does, in the same order: room for who waits longest, then documents, then a token
/// for each who waits; one thing at a time.
struct SessionRun {
  /// What came of it.
  struct Outcome {
    /// Seconds from the beginning to the last answer.
    var seconds = 0.0
    var answers = 0
    var evictions = 0
    /// Seconds of each kind of work.
    var prefill = 0.0
    var decode = 0.0
    var switching = 0.0
  }

  private struct User {
    var tokens: [Int32]
    /// Tokens of the answer that are still to come.
    var left: Int
    var session: Session?
    var isRead = false
    var answered = 0
    var ready = 0.0
    var used = 0.0
  }

  let swap: SessionSwap
  let load: SessionLoad
  /// Sessions in memory at once.
  let room: Int
  /// Seconds of a step for so many sessions, as far as they are known.
  let step: (Int) -> Double
  let conditions: RunConditions

  /// Serves all.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func run() async throws -> Outcome {
    var users = (0..<load.users).map { User(tokens: swap.document($0, load.context), left: load.answer) }
    var outcome = Outcome()
    let start = vt_monotonic_seconds()
    func now() -> Double { vt_monotonic_seconds() - start }
    while true {
      if conditions.isCancelled() { throw CancellationError() }
      let clock = now()
      let open = users.indices.filter { users[$0].answered < load.questions }
      if open.isEmpty { break }
      let waiting = open.filter { users[$0].ready <= clock }
      if let next = waiting.filter({ users[$0].session == nil }).min(by: { users[$0].ready < users[$1].ready }) {
        let residents = users.indices.filter { users[$0].session != nil }
        let idle = residents.filter { users[$0].ready > clock }.min { users[$0].used < users[$1].used }
        if residents.count < room || idle != nil {
          if residents.count >= room, let idle {
            try await users[idle].session?.save(to: swap.path(idle))
            // What comes back is to come from the disk.
            DiskProbe.forget(swap.path(idle))
            users[idle].session = nil
            outcome.evictions += 1
          }
          if users[next].isRead {
            users[next].session = try await swap.engine.session(fromFile: swap.path(next))
          } else {
            users[next].session = swap.engine.session()
          }
          users[next].used = now()
          outcome.switching += now() - clock
          continue
        }
      }
      let served = waiting.filter { users[$0].session != nil }
      if let next = served.filter({ !users[$0].isRead }).min(by: { users[$0].ready < users[$1].ready }),
        let session = users[next].session
      {
        conditions.report("the document of user \(next + 1)")
        users[next].tokens += try await swap.generate(session, after: users[next].tokens, count: 1).map(\.id)
        users[next].isRead = true
        users[next].used = now()
        outcome.prefill += now() - clock
        continue
      }
      if served.isEmpty {
        let event = open.map { users[$0].ready }.min() ?? clock
        try await Task.sleep(for: .seconds(max(0, event - clock)))
        continue
      }
      var count = served.map { users[$0].left }.min() ?? 1
      if let event = open.map({ users[$0].ready }).filter({ $0 > clock }).min() {
        count = min(count, max(1, Int(((event - clock) / step(served.count)).rounded(.up))))
      }
      let sessions = served.compactMap { index in
        users[index].session.map { (session: $0, tokens: users[index].tokens) }
      }
      let made = try await swap.generate(sessions, count: count)
      let end = now()
      outcome.decode += end - clock
      for (index, tokens) in zip(served, made) {
        users[index].tokens += tokens
        users[index].left -= tokens.count
        users[index].used = end
        if users[index].left > 0 { continue }
        users[index].answered += 1
        outcome.answers += 1
        users[index].left = load.answer
        users[index].ready = end + load.thinking
        if users[index].answered == load.questions { users[index].session = nil }
      }
    }
    outcome.seconds = now()
    return outcome
  }
}
