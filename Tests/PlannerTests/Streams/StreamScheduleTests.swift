import NumericTypes
import Planner
import Testing

@Suite("Two streams") struct StreamScheduleTests {
  /// Tasks at random, each waiting for some before it.
  private func random(_ seed: UInt64) throws -> StreamSchedule {
    var random = Random(seed: seed, stream: 86)
    var schedule = StreamSchedule()
    for index in 0..<(1 + Int(random.uniform() * 60)) {
      var after: [Int] = []
      for _ in 0..<3 where index > 0 && random.uniform() < 0.4 { after.append(Int(random.uniform() * Double(index))) }
      try schedule.add(
        "\(index)", on: random.uniform() < 0.5 ? .compute : .communication,
        seconds: random.uniform() < 0.1 ? 0 : random.uniform(), after: after)
    }
    return schedule
  }

  @Test("Without interference each task begins when its stream and what it waits for are done")
  func recursion() throws {
    for seed in 0..<300 as Range<UInt64> {
      let schedule = try random(seed)
      let timeline = try schedule.run()
      var free: [StreamSchedule.Stream: Double] = [:]
      var ends: [Double] = []
      for (index, task) in schedule.tasks.enumerated() {
        let start = task.after.reduce(free[task.stream] ?? 0) { max($0, ends[$1]) }
        ends.append(start + task.seconds)
        free[task.stream] = start + task.seconds
        #expect(abs(timeline.starts[index] - start) < 1e-9 && abs(timeline.ends[index] - ends[index]) < 1e-9)
      }
      #expect(abs(timeline.seconds - (ends.max() ?? 0)) < 1e-9)
    }
  }

  @Test(
    "With interference work is conserved: a task's time is its work and what was taken while something communicated")
  func conservation() throws {
    for seed in 0..<300 as Range<UInt64> {
      let schedule = try random(seed)
      let taken = 0.3
      let timeline = try schedule.run(taken: taken)
      let sums = schedule.tasks.indices.filter { schedule.tasks[$0].stream == .communication }
      for index in schedule.tasks.indices {
        let (start, end) = (timeline.starts[index], timeline.ends[index])
        let overlap = sums.reduce(0.0) {
          $0 + max(0, min(end, timeline.ends[$1]) - max(start, timeline.starts[$1]))
        }
        let lost = schedule.tasks[index].stream == .compute ? taken * overlap : 0
        #expect(abs(end - start - lost - schedule.tasks[index].seconds) < 1e-9, "seed \(seed), task \(index)")
        for before in schedule.tasks[index].after { #expect(timeline.ends[before] <= start) }
      }
      let communication = sums.reduce(0.0) { $0 + schedule.tasks[$1].seconds }
      #expect(abs(timeline.communicating - communication) < 1e-9)
      #expect(timeline.exposed <= timeline.communicating + 1e-12 && (0...1).contains(timeline.hidden))
    }
  }

  @Test("What cannot run is refused")
  func refusals() throws {
    var schedule = StreamSchedule()
    for seconds in [-1, Double.nan, .infinity] {
      #expect(throws: PlannerError.self) { try schedule.add("a", on: .compute, seconds: seconds) }
    }
    #expect(throws: PlannerError.self) { try schedule.add("a", on: .compute, seconds: 1, after: [0]) }
    try schedule.add("a", on: .compute, seconds: 1)
    #expect(throws: PlannerError.self) { try schedule.add("b", on: .compute, seconds: 1, after: [-1]) }
    for taken in [-0.1, 1, Double.nan] { #expect(throws: PlannerError.self) { try schedule.run(taken: taken) } }
    #expect(try StreamSchedule().run().seconds == 0)
  }
}
