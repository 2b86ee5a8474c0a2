import Layers
import Models

extension SchedulerLoop {
  /// The fewest tokens that are worth waiting for, or keeping a state of.
  private static var leastShared: Int { 32 }

  /// Gives a generation its state: the longest beginning of its tokens that its session, the store or a running generation
  /// has, or none. Where an older one is about to compute much more of it, the generation waits for that.
  mutating func acquire(_ job: Job) {
    // At least one token must be computed, to have logits.
    let most = job.tokens.count - 1
    var best = job.ownBeginning(most: most)
    var source: (any StateSnapshot)?
    var shared = 0
    if store.limit > 0 {
      let (found, common) = store.find(job.tokens, most: most, version: job.version)
      shared = common
      if let found, found.count > best { (best, source) = (found.count, found.snapshot) }
      var (leader, ahead): (Job?, Int) = (nil, best + Self.leastShared - 1)
      for other in running {
        if other === job { break }
        // What was computed with another adapter, or none, is no beginning of this one's.
        if other.version != job.version { continue }
        let common = min(other.shared(with: job.tokens), most)
        let seen = other.state?.tokens ?? 0
        // A step that has just failed may have left more in a state than is text.
        if limits.canTruncate, let state = other.state, !other.isFinished, min(common, seen) > best,
          let snapshot = try? state.snapshot()
        {
          (best, source) = (min(common, seen), snapshot)
        }
        if common > max(ahead, seen), !other.isFinished { (leader, ahead) = (other, common) }
      }
      if let leader, ahead >= best + Self.leastShared {
        if !limits.canTruncate { leader.marks.insert(ahead) }
        job.awaited = (leader, ahead)
        return
      }
    }
    unsettledSteps = 2
    do {
      try job.start(from: source, count: best, model)
      if store.limit > 0, !limits.canTruncate {
        // Where prompts part, others will; and the next turn goes on from the prompt's end.
        if shared >= best + Self.leastShared { job.marks.insert(shared) }
        job.marks.insert(job.tokens.count)
      }
      if job.usage.completionTokens == 0 {
        statistics.prefixLookups += 1
        statistics.prefixHits += job.usage.cachedTokens > 0 ? 1 : 0
        statistics.prefixLookupTokens += job.prompt.count
        statistics.prefixHitTokens += job.usage.cachedTokens
      }
    } catch { job.fail(error) }
  }

  /// Lets those go on that waited for a beginning which is there now, or will not come.
  mutating func resumeFollowers() {
    for job in running {
      guard let awaited = job.awaited else { continue }
      let leader = awaited.leader
      guard leader.isFinished || leader.isPreempted || (leader.state?.tokens ?? 0) >= awaited.count else { continue }
      job.awaited = nil
      acquire(job)
    }
    removeFinished()
  }

  /// Keeps the states that have come to places worth keeping.
  mutating func keepMarked(_ jobs: [Job]) {
    for job in jobs where !job.isFinished && !job.marks.isEmpty {
      guard let state = job.state else { continue }
      let isMarked = job.marks.contains(state.tokens)
      job.marks = job.marks.filter { $0 > state.tokens }
      guard isMarked, let snapshot = try? state.snapshot() else { continue }
      store.insert(Array(job.tokens.prefix(state.tokens)), snapshot, version: job.version)
      unsettledSteps = 2
    }
  }
}
