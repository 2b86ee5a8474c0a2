import Server
import Testing
import VenturiTesting

/// The laws of a shelf, for any order of events.
@Suite struct ShelfPlanTests {
  /// A run of random events beside a record of what a shelf's user sees.
  private struct Run {
    var plan: ShelfPlan
    var random: GGUFNoise
    let sizes: [Int]
    var now = 0.0
    var holders: [Int]
    var waiting: [Int: Int] = [:]
    var loading: Set<Int> = []
    var present: Set<Int> = []
    var leaving: Set<Int> = []
    var (served, loads, unloads) = (0, 0, 0)

    init(seed: UInt64) {
      random = GGUFNoise(seed: seed)
      let count = Int.random(in: 1...6, using: &random)
      var noise = random
      sizes = (0..<count).map { _ in 1 + noise.below(100) }
      var limits = ShelfLimits()
      if Bool.random(using: &random) { limits.loaded = Int.random(in: 1...4, using: &random) }
      if Bool.random(using: &random) { limits.bytes = Int.random(in: 20...200, using: &random) }
      limits.timeToLive = [0, 5, 50].randomElement(using: &random) ?? 0
      limits.waiting = Int.random(in: 1...12, using: &random)
      limits.retry = 2
      limits.patience = [0, 3, 1000].randomElement(using: &random) ?? 0
      plan = ShelfPlan(bytes: sizes, limits: limits)
      holders = [Int](repeating: 0, count: count)
    }

    mutating func step() {
      let slot = Int.random(in: sizes.indices, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0...2:
        let isKnown = present.contains(slot) || loading.contains(slot)
        switch plan.ask(slot, at: now) {
        case .taken:
          #expect(present.contains(slot))
          holders[slot] += 1
        case .waiting(let ticket): waiting[ticket] = slot
        case .full: #expect(waiting.count == plan.limits.waiting)
        case .failed(let seconds): #expect(!isKnown && seconds > 0 && seconds <= plan.limits.retry + 1e-9)
        }
      case 3: if holders[slot] > 0 { release(slot) }
      case 4:
        if let ticket = waiting.keys.sorted().randomElement(using: &random) {
          let isGone = plan.withdraw(ticket)
          #expect(isGone)
          waiting[ticket] = nil
        }
      case 5: if let slot = loading.sorted().randomElement(using: &random) { endLoad(slot, fails: true) }
      case 6: endSomething()
      default: now += Double.random(in: 0...8, using: &random)
      }
      go()
    }

    mutating func release(_ slot: Int) {
      holders[slot] -= 1
      plan.release(slot, at: now)
    }

    mutating func endLoad(_ slot: Int, fails: Bool) {
      loading.remove(slot)
      if fails {
        for ticket in plan.failed(slot, at: now) {
          let wanted = waiting.removeValue(forKey: ticket)
          #expect(wanted == slot)
        }
        #expect(!waiting.values.contains(slot))
      } else {
        plan.loaded(slot, bytes: sizes[slot], at: now)
        present.insert(slot)
      }
    }

    mutating func endSomething() {
      if let slot = loading.sorted().randomElement(using: &random) { endLoad(slot, fails: false) }
      if let slot = leaving.sorted().randomElement(using: &random) {
        leaving.remove(slot)
        plan.unloaded(slot)
      }
    }

    /// Carries out what is to be done, and looks at the laws.
    mutating func go() {
      for step in plan.steps(at: now) {
        switch step {
        case .serve(let ticket):
          guard let slot = waiting.removeValue(forKey: ticket) else {
            Issue.record("ticket \(ticket) is nobody's")
            continue
          }
          #expect(present.contains(slot), "served without a model")
          holders[slot] += 1
          served += 1
        case .load(let slot):
          #expect(!present.contains(slot) && !leaving.contains(slot), "loaded twice")
          let isFirst = loading.insert(slot).inserted
          #expect(isFirst, "two loads at a time")
          #expect(waiting.values.contains(slot), "loaded for nobody")
          loads += 1
        case .unload(let slot):
          #expect(holders[slot] == 0, "unloaded while it was used")
          let wasThere = present.remove(slot) != nil
          #expect(wasThere)
          leaving.insert(slot)
          unloads += 1
        }
      }
      let there = present.union(loading).union(leaving)
      let bytes = there.reduce(0) { $0 + sizes[$1] }
      #expect(plan.bytes == bytes && plan.count == there.count)
      #expect(there.count <= plan.limits.loaded)
      #expect(bytes <= plan.limits.bytes || there.count == 1, "\(bytes) bytes of \(there.count) models")
      for slot in sizes.indices { #expect(plan.slots[slot].users == holders[slot]) }
    }
  }

  @Test func theLawsHoldWhateverHappens() {
    var (served, loads, unloads) = (0, 0, 0)
    for seed in 0..<400 {
      var run = Run(seed: UInt64(seed))
      for _ in 0..<150 { run.step() }
      // Everybody who still waits gets a model, when nobody keeps one for ever.
      for _ in 0..<1000 where !run.waiting.isEmpty || run.holders.contains(where: { $0 > 0 }) {
        for slot in run.sizes.indices { while run.holders[slot] > 0 { run.release(slot) } }
        run.endSomething()
        run.go()
      }
      #expect(run.waiting.isEmpty, "seed \(seed): somebody waits for ever")
      if run.plan.limits.timeToLive > 0 {
        run.now += run.plan.limits.timeToLive + 1
        for _ in 0..<20 {
          run.go()
          run.endSomething()
          run.now += run.plan.limits.timeToLive + 1
        }
        #expect(run.plan.count == 0 && run.plan.bytes == 0 && run.plan.nextExpiry == nil)
      }
      served += run.served
      loads += run.loads
      unloads += run.unloads
    }
    #expect(served > 1000 && loads > 1000 && unloads > 500, "the runs do something: \(served) \(loads) \(unloads)")
  }

  /// A plan that an expectation may change.
  private final class Shelf {
    var plan: ShelfPlan
    init(_ bytes: [Int], _ limits: ShelfLimits) { plan = ShelfPlan(bytes: bytes, limits: limits) }
  }

  @Test func theLeastRecentlyUsedGoes() {
    var limits = ShelfLimits()
    limits.loaded = 2
    let shelf = Shelf([1, 1, 1], limits)
    for (slot, time) in [(0, 1.0), (1, 2.0)] {
      _ = shelf.plan.ask(slot, at: time)
      #expect(shelf.plan.steps(at: time) == [.load(slot)])
      shelf.plan.loaded(slot, bytes: 1, at: time)
      _ = shelf.plan.steps(at: time)
      shelf.plan.release(slot, at: time)
    }
    #expect(shelf.plan.ask(0, at: 3) == .taken)
    shelf.plan.release(0, at: 3)
    _ = shelf.plan.ask(2, at: 4)
    #expect(shelf.plan.steps(at: 4) == [.unload(1)])
    shelf.plan.unloaded(1)
    #expect(shelf.plan.steps(at: 5) == [.load(2)])
  }

  @Test func aModelThatTurnsOutLargerDrivesIdleOnesOut() {
    var limits = ShelfLimits()
    limits.bytes = 10
    let shelf = Shelf([4, 4], limits)
    _ = shelf.plan.ask(0, at: 0)
    _ = shelf.plan.steps(at: 0)
    shelf.plan.loaded(0, bytes: 4, at: 0)
    _ = shelf.plan.steps(at: 0)
    shelf.plan.release(0, at: 1)
    _ = shelf.plan.ask(1, at: 2)
    #expect(shelf.plan.steps(at: 2) == [.load(1)])
    shelf.plan.loaded(1, bytes: 9, at: 3)
    #expect(shelf.plan.steps(at: 3) == [.serve(ticket: 2), .unload(0)])
  }

  @Test func aModelThatIsNeverIdleKeepsOthersOutForSoLongOnly() {
    var limits = ShelfLimits()
    limits.loaded = 1
    limits.patience = 10
    let shelf = Shelf([1, 1], limits)
    _ = shelf.plan.ask(0, at: 0)
    _ = shelf.plan.steps(at: 0)
    shelf.plan.loaded(0, bytes: 1, at: 0)
    _ = shelf.plan.steps(at: 0)
    #expect(shelf.plan.ask(1, at: 1) == .waiting(ticket: 2) && shelf.plan.steps(at: 1).isEmpty)
    #expect(shelf.plan.ask(0, at: 10) == .taken)
    #expect(shelf.plan.ask(0, at: 11) == .waiting(ticket: 3))
    shelf.plan.release(0, at: 12)
    shelf.plan.release(0, at: 12)
    #expect(shelf.plan.steps(at: 12) == [.unload(0)])
    shelf.plan.unloaded(0)
    #expect(shelf.plan.steps(at: 12) == [.load(1)])
    shelf.plan.loaded(1, bytes: 1, at: 13)
    #expect(shelf.plan.steps(at: 13) == [.serve(ticket: 2)])
    shelf.plan.release(1, at: 14)
    #expect(shelf.plan.steps(at: 14) == [.unload(1)])
    shelf.plan.unloaded(1)
    #expect(shelf.plan.steps(at: 14) == [.load(0)])
    shelf.plan.loaded(0, bytes: 1, at: 15)
    #expect(shelf.plan.steps(at: 15) == [.serve(ticket: 3)])
  }
}
