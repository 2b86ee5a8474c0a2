import NumericTypes

/// Which models of a shelf are loaded, who uses them and who waits: decisions only, without a clock, a thread or a model.
///
/// Whoever calls carries out the steps that come back, and says when they are done.
package struct ShelfPlan {
  /// What is to be done.
  package enum Step: Equatable {
    /// The model is to be loaded; ``loaded(_:bytes:at:)`` or ``failed(_:at:)`` follows.
    case load(Int)
    /// Nobody uses the model and it is to be unloaded; ``unloaded(_:)`` follows once its memory is free.
    case unload(Int)
    /// Who waited with this ticket uses the model now.
    case serve(ticket: Int)
  }

  /// The answer to who asks for a model.
  package enum Answer: Equatable {
    /// The model is there and used.
    case taken
    /// It will be used later, by this ticket.
    case waiting(ticket: Int)
    /// Too many wait.
    case full
    /// It could not be loaded a moment ago.
    case failed(retryAfter: Double)
  }

  package enum Phase: Sendable { case absent, loading, present, leaving }

  /// A model's place.
  package struct Slot {
    package var phase = Phase.absent
    /// What it takes as long as it is not absent: what was expected before it is loaded.
    package var bytes: Int
    package var users = 0
    package var lastUse = 0.0
    var failure: Double?
    package var loads = 0
    package var failures = 0
    package var evictions = 0
    package var expiries = 0

    /// Whether it may be unloaded.
    var isIdle: Bool { phase == .present && users == 0 }
  }

  private struct Waiter {
    let ticket: Int
    let slot: Int
    let since: Double
  }

  package let limits: ShelfLimits
  package private(set) var slots: [Slot]
  private var waiters: [Waiter] = []
  private var tickets = 0

  /// A plan for models of expected sizes.
  package init(bytes: [Int], limits: ShelfLimits) {
    self.limits = limits
    slots = bytes.map { Slot(bytes: $0) }
  }

  /// The bytes of all models that are loaded, and of those on their way in and out.
  package var bytes: Int { slots.filter { $0.phase != .absent }.reduce(0) { $0.addingClamped($1.bytes) } }

  /// How many models are loaded, or on their way in and out.
  package var count: Int { slots.count { $0.phase != .absent } }

  /// How many wait for a model.
  package func waiting(for slot: Int) -> Int { waiters.count { $0.slot == slot } }

  /// The first moment at which a model may have been without use for long enough; `nil` while none is.
  package var nextExpiry: Double? {
    guard limits.timeToLive > 0 else { return nil }
    return slots.filter(\.isIdle).map { $0.lastUse + limits.timeToLive }.min()
  }

  /// Somebody asks for a model.
  package mutating func ask(_ slot: Int, at now: Double) -> Answer {
    if slots[slot].phase == .present, waiters.isEmpty || !isSomebodyOutOfPatience(at: now) {
      slots[slot].users += 1
      return .taken
    }
    if slots[slot].phase == .absent, let failure = slots[slot].failure, now < failure + limits.retry {
      return .failed(retryAfter: failure + limits.retry - now)
    }
    if waiters.count >= limits.waiting { return .full }
    tickets += 1
    waiters.append(Waiter(ticket: tickets, slot: slot, since: now))
    return .waiting(ticket: tickets)
  }

  /// Who waits does so no longer; `false` when it has been served already.
  package mutating func withdraw(_ ticket: Int) -> Bool {
    guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return false }
    waiters.remove(at: index)
    return true
  }

  /// A user is done.
  package mutating func release(_ slot: Int, at now: Double) {
    slots[slot].users -= 1
    slots[slot].lastUse = now
  }

  /// A model is there; it takes so many bytes.
  package mutating func loaded(_ slot: Int, bytes: Int, at now: Double) {
    slots[slot].phase = .present
    slots[slot].bytes = bytes
    slots[slot].lastUse = now
    slots[slot].failure = nil
    slots[slot].loads += 1
  }

  /// A model could not be loaded; tells the tickets of those who waited for it.
  package mutating func failed(_ slot: Int, at now: Double) -> [Int] {
    slots[slot].phase = .absent
    slots[slot].failure = now
    slots[slot].failures += 1
    defer { waiters.removeAll { $0.slot == slot } }
    return waiters.filter { $0.slot == slot }.map(\.ticket)
  }

  /// A model's memory is free.
  package mutating func unloaded(_ slot: Int) { slots[slot].phase = .absent }

  /// Nobody waits any more; tells the tickets of those who did.
  package mutating func dismissAll() -> [Int] {
    defer { waiters = [] }
    return waiters.map(\.ticket)
  }

  /// What can be done now: serve who waits in the order in which they came, load what the first of them need, unload what has
  /// not been used for long or is in their way.
  package mutating func steps(at now: Double) -> [Step] {
    var steps: [Step] = []
    serve(at: now, &steps)
    while let slot = waiters.first(where: { slots[$0.slot].phase == .absent })?.slot {
      guard let leaving = leaving(for: slot) else { break }
      for other in leaving { evict(other, &steps) }
      // Nobody else takes the room that is being made.
      if !leaving.isEmpty || !hasRoom(slot) { break }
      slots[slot].phase = .loading
      steps.append(.load(slot))
    }
    // A model that turned out larger than expected drives out those that nobody uses.
    while isOverfull, let other = leastRecentlyUsed() { evict(other, &steps) }
    if limits.timeToLive > 0 {
      for slot in slots.indices where slots[slot].isIdle && slots[slot].lastUse + limits.timeToLive <= now {
        slots[slot].phase = .leaving
        slots[slot].expiries += 1
        steps.append(.unload(slot))
      }
    }
    return steps
  }

  private mutating func serve(at now: Double, _ steps: inout [Step]) {
    var isBarred = false
    var rest: [Waiter] = []
    for waiter in waiters {
      let phase = slots[waiter.slot].phase
      if phase == .present, !isBarred {
        slots[waiter.slot].users += 1
        steps.append(.serve(ticket: waiter.ticket))
        continue
      }
      if phase == .absent || phase == .leaving, isOutOfPatience(waiter, at: now) { isBarred = true }
      rest.append(waiter)
    }
    waiters = rest
  }

  /// Whether somebody has waited for room for so long that those behind wait too, even for a model that is there: else one
  /// that is never idle would keep all others out.
  private func isSomebodyOutOfPatience(at now: Double) -> Bool {
    waiters.contains { waiter in
      [.absent, .leaving].contains(slots[waiter.slot].phase) && isOutOfPatience(waiter, at: now)
    }
  }

  private func isOutOfPatience(_ waiter: Waiter, at now: Double) -> Bool { now - waiter.since >= limits.patience }

  private mutating func evict(_ slot: Int, _ steps: inout [Step]) {
    slots[slot].phase = .leaving
    slots[slot].evictions += 1
    steps.append(.unload(slot))
  }

  /// Whether the models that stay, more than one, take more than they may.
  private var isOverfull: Bool {
    let staying = slots.filter { $0.phase == .loading || $0.phase == .present }
    return staying.count > 1 && staying.reduce(0) { $0.addingClamped($1.bytes) } > limits.bytes
  }

  private func hasRoom(_ slot: Int, without gone: Set<Int> = []) -> Bool {
    let others = slots.indices.filter { $0 != slot && slots[$0].phase != .absent && !gone.contains($0) }
    // One that is larger than the limit is served alone.
    if others.isEmpty { return true }
    let bytes = others.reduce(slots[slot].bytes) { $0.addingClamped(slots[$1].bytes) }
    return others.count < limits.loaded && bytes <= limits.bytes
  }

  /// The idle models that have to go for this one, the least recently used first; `nil` where that does not do.
  private func leaving(for slot: Int) -> [Int]? {
    var gone = Set(slots.indices.filter { slots[$0].phase == .leaving })
    var leaving: [Int] = []
    while !hasRoom(slot, without: gone) {
      guard let next = leastRecentlyUsed(without: gone) else { return nil }
      gone.insert(next)
      leaving.append(next)
    }
    return leaving
  }

  private func leastRecentlyUsed(without gone: Set<Int> = []) -> Int? {
    slots.indices.filter { slots[$0].isIdle && !gone.contains($0) }.min { slots[$0].lastUse < slots[$1].lastUse }
  }
}
