import Foundation
import NumericTypes
import Planner
import Testing

@Suite("Checkpoint schedule") struct CheckpointScheduleTests {
  @Test("No interval loses less, to first order, and by Daly's form next to none does")
  func best() throws {
    for (save, mean) in [(1.0, 3600.0), (30, 86_400), (120, 7200)] {
      let schedule = try CheckpointSchedule(save: save, meanTimeBetweenFailures: mean, recovery: 300)
      let best = schedule.interval
      let least = try schedule.lostShare(every: best)
      let exact = try schedule.slowdown(every: best)
      for step in 1..<400 {
        let interval = best * Double(step) / 100
        #expect(try schedule.lostShare(every: interval) >= least * (1 - 1e-12))
        #expect(try schedule.slowdown(every: interval) >= exact * (1 - save / mean))
      }
      // 2·√(save / 2M) and the recovery.
      #expect(abs(least - ((2 * save / mean).squareRoot() + 300 / mean)) < 1e-12)
    }
  }

  @Test("A run with exponential failures takes as long as expected")
  func simulated() throws {
    let schedule = try CheckpointSchedule(save: 10, meanTimeBetweenFailures: 1000, recovery: 60)
    let interval = schedule.interval
    var random = Random(seed: 1)
    // Every segment of work and its saving is begun again until no failure strikes it.
    var (spent, segments) = (0.0, 0)
    for _ in 0..<200_000 {
      var length = interval + 10
      while true {
        let failure = -1000 * log(1 - random.uniform())
        if failure >= length {
          spent += length
          break
        }
        spent += failure
        // Then a recovery, which may fail too.
        length = interval + 10 + 60
      }
      segments += 1
    }
    let expected = try schedule.slowdown(every: interval)
    let measured = spent / (Double(segments) * interval)
    #expect(abs(measured / expected - 1) < 0.005, "\(measured) \(expected)")
    #expect(abs(try schedule.lostShare(every: interval) - (1 - 1 / measured)) < 0.03)
  }

  @Test("What is no time is refused")
  func refusals() throws {
    for bad in [0, -1, Double.nan, .infinity] {
      #expect(throws: PlannerError.self) { try CheckpointSchedule(save: bad, meanTimeBetweenFailures: 1) }
      #expect(throws: PlannerError.self) { try CheckpointSchedule(save: 1, meanTimeBetweenFailures: bad) }
      let schedule = try CheckpointSchedule(save: 1, meanTimeBetweenFailures: 100)
      #expect(throws: PlannerError.self) { try schedule.lostShare(every: bad) }
      #expect(throws: PlannerError.self) { try schedule.slowdown(every: bad) }
    }
    #expect(throws: PlannerError.self) { try CheckpointSchedule(save: 1, meanTimeBetweenFailures: 1, recovery: -1) }
  }
}
