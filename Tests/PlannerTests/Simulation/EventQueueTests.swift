import NumericTypes
import Planner
import Testing

@Suite("Events in order") struct EventQueueTests {
  /// A heap against a stable sort, with many events at one time, pushed between pops.
  @Test func oneTotalOrder() throws {
    var random = Random(seed: 3)
    for _ in 0..<200 {
      var queue = EventQueue<Int>()
      var waiting: [(time: Double, number: Int)] = []
      var number = 0
      for _ in 0..<300 {
        if waiting.isEmpty || random.uniform() < 0.55 {
          let time = queue.now + (random.uniform() * 4).rounded()
          try queue.schedule(number, at: time)
          waiting.append((time, number))
          number += 1
        } else {
          let least = try #require(
            waiting.indices.min { (waiting[$0].time, waiting[$0].number) < (waiting[$1].time, waiting[$1].number) })
          #expect(queue.next() == waiting[least].number && queue.now == waiting[least].time)
          waiting.remove(at: least)
        }
        #expect(queue.count == waiting.count)
      }
    }
  }

  @Test func timeNeverGoesBack() throws {
    var queue = EventQueue<Int>()
    try queue.schedule(1, at: 2)
    #expect(queue.next() == 1 && queue.next() == nil)
    for time in [1.9, -1, .nan, .infinity] {
      #expect(throws: PlannerError.self) { try queue.schedule(2, at: time) }
    }
    try queue.schedule(3, at: 2)
    #expect(queue.next() == 3 && queue.taken == 2)
  }
}
