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
}
