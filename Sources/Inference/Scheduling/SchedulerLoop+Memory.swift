import Layers
import Models

extension SchedulerLoop {
  /// Whether the whole of a generation's text so far fits beside what the running ones are about to take; the store does
  /// not count, since it yields. One that is alone always fits.
  func hasMemory(for job: Job) -> Bool {
    guard !running.isEmpty, let empty = limits.empty else { return true }
    let promised = running.reduce(statistics.runningBytes) { sum, other in
      sum + (other.state?.growth(other.pendingCount) ?? empty.growth(other.tokens.count))
    }
    return promised + empty.growth(min(job.tokens.count + 1, empty.capacity)) <= limits.capacity
  }

  /// The next step, for which memory has been made.
  mutating func roomyPlan() -> Step {
    while true {
      let step = plan()
      while needed(step) > limits.capacity, store.evict() {
        unsettledSteps = 2
        account()
      }
      if needed(step) <= limits.capacity { return step }
      // Who came last stands back, until the one that came first is alone.
      guard let last = running.dropFirst().last(where: { $0.state != nil }) else { return step }
      preempt(last)
    }
  }

  private func needed(_ step: Step) -> Int {
    step.runs.reduce(statistics.runningBytes + store.bytes) { $0 + $1.state.growth($1.tokens.count) }
  }

  private mutating func preempt(_ job: Job) {
    job.standBack()
    running.removeAll { $0 === job }
    waiting.insert(job, at: waiting.firstIndex { $0.number > job.number } ?? waiting.count)
    statistics.preemptions += 1
    unsettledSteps = 2
    account()
    resumeFollowers()
  }

  /// Counts the bytes of all states where they may have changed: when one grew, began, ended or was copied, and in the
  /// step after that, which parts what is shared.
  mutating func account() {
    let bytes = running.reduce(0) { $0 + ($1.state?.bytes ?? 0) }
    if bytes == accountedBytes, unsettledSteps == 0 { return }
    accountedBytes = bytes
    unsettledSteps = max(0, unsettledSteps - 1)
    var seen: Set<ObjectIdentifier> = []
    var own = 0
    for job in running {
      for block in job.state?.blocks ?? [] where !store.holds(block) && seen.insert(block.id).inserted {
        own += block.bytes
      }
    }
    statistics.runningBytes = own
    statistics.storeBytes = store.bytes
    statistics.storeEntries = store.count
  }
}
