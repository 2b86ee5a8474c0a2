import CVenturi
import Foundation
import Synchronization
import Tensors
import Testing

@Suite struct WorkersTests {
  @Test func everyItemRunsOnce() {
    var cases = 0
    for threads in [1, 2, 3] {
      let workers = Workers(count: threads)
      #expect(workers.count == threads)
      for round in 0..<400 {
        let count = round % 37
        let hits = UnsafeMutablePointer<Int>.allocate(capacity: 40)
        hits.initialize(repeating: 0, count: 40)
        defer { hits.deallocate() }
        nonisolated(unsafe) let shared = hits
        workers.run(count) { item, worker in shared[item] += worker < threads ? 1 : 100 }
        #expect((0..<40).allSatisfy { hits[$0] == ($0 < count ? 1 : 0) }, "\(threads) threads, \(count) items")
        cases += 1
      }
    }
    #expect(cases == 1200)
  }

  @Test func aJobInsideAJobRuns() {
    let workers = Workers(count: 2)
    let total = Atomic<Int>(0)
    workers.run(8) { _, _ in workers.run(5) { _, _ in total.add(1, ordering: .relaxed) } }
    #expect(total.load(ordering: .relaxed) == 40)
  }

  @Test func concurrentCallersAllFinish() async {
    let workers = Workers(count: 2)
    let sums = await withTaskGroup(of: Int.self) { group in
      for caller in 0..<6 {
        group.addTask {
          var sum = 0
          for _ in 0..<200 {
            let part = Atomic<Int>(0)
            workers.run(9) { item, _ in part.add(item + caller, ordering: .relaxed) }
            sum += part.load(ordering: .relaxed)
          }
          return sum
        }
      }
      var all: [Int] = []
      for await sum in group { all.append(sum) }
      return all.sorted()
    }
    #expect(sums == (0..<6).map { 200 * (36 + 9 * $0) })
  }

  @Test func itemsKeepTheGrain() {
    let workers = Workers(count: 2)
    #expect(workers.items(100, grain: 1000) == 1 && workers.items(4000, grain: 1000) == 4)
    #expect(workers.items(1 << 30, grain: 1) == 16 && Workers(count: 1).items(1 << 30, grain: 1) == 1)
  }

  #if os(Linux)
    /// Two items that wait for each other, so that the caller runs one and a worker the other; where the worker may run.
    private static func workersProcessors(_ workers: Workers) -> [UInt64] {
      let begun = Atomic<Int>(0)
      let seen = Mutex<[UInt64]>([])
      workers.run(2) { _, worker in
        begun.add(1, ordering: .relaxed)
        while begun.load(ordering: .relaxed) < 2 { sched_yield() }
        if worker > 0 { seen.withLock { $0 = bits(vt_allowed_processors()) } }
      }
      return seen.withLock { $0 }
    }

    private static func bits(_ processors: vt_processors) -> [UInt64] {
      withUnsafeBytes(of: processors) { Array($0.bindMemory(to: UInt64.self)) }
    }

    @Test(
      "A pinned caller makes workers leave its processor, and nothing else", .enabled(if: vt_available_processors() > 1)
    )
    func aPinnedCallerDoesNotConfineWorkers() async {
      let workers = Workers(count: 2)
      let allowed = Self.bits(vt_allowed_processors())
      let processors = (0..<1024).filter { allowed[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
      let found = await withCheckedContinuation { continuation in
        // A thread of its own: it is pinned, and ends.
        Foundation.Thread {
          continuation.resume(
            returning: processors.prefix(8).map { processor in
              var one = vt_processors()
              withUnsafeMutableBytes(of: &one) {
                $0.bindMemory(to: UInt64.self)[processor / 64] = 1 << UInt64(processor % 64)
              }
              vt_thread_keep_off(pthread_self(), &one, processor == 0 ? 1 : 0)
              return Self.workersProcessors(workers)
            })
        }.start()
      }
      for (processor, seen) in zip(processors, found) {
        var expected = allowed
        expected[processor / 64] &= ~(1 << UInt64(processor % 64))
        #expect(seen == expected, "the caller was on \(processor) of \(processors)")
      }
      #expect(found.count >= 2)
    }
  #endif
}
