import Planner
import Testing

/// Schedules played task by task, as Megatron's ranks do theirs, against the closed forms.
@Suite struct PipelineScheduleTests {
  /// A forward or backward pass of a chunk for a microbatch.
  private struct Task: Hashable {
    var isForward: Bool
    var chunk: Int
    var microbatch: Int
  }

  /// A rank's tasks in their order.
  private static func order(
    _ schedule: PipelineSchedule, rank: Int, stages p: Int, chunks v: Int, microbatches m: Int
  ) -> [Task] {
    func forward(_ k: Int) -> Task {
      Task(isForward: true, chunk: k % (p * v) / p, microbatch: p * (k / (p * v)) + k % p)
    }
    func backward(_ k: Int) -> Task {
      Task(isForward: false, chunk: v - 1 - k % (p * v) / p, microbatch: p * (k / (p * v)) + k % p)
    }
    let warmUp: Int
    switch schedule {
    case .gpipe:
      return (0..<m).map { Task(isForward: true, chunk: 0, microbatch: $0) }
        + (0..<m).map { Task(isForward: false, chunk: 0, microbatch: $0) }
    case .oneForwardOneBackward:
      let warm = min(m, p - rank - 1)
      var tasks = (0..<warm).map { Task(isForward: true, chunk: 0, microbatch: $0) }
      for k in warm..<m {
        tasks.append(Task(isForward: true, chunk: 0, microbatch: k))
        tasks.append(Task(isForward: false, chunk: 0, microbatch: k - warm))
      }
      return tasks + (m - warm..<m).map { Task(isForward: false, chunk: 0, microbatch: $0) }
    case .interleaved: warmUp = min(m * v, 2 * (p - rank - 1) + (v - 1) * p)
    }
    var tasks = (0..<warmUp).map(forward)
    for k in warmUp..<(m * v) {
      tasks.append(forward(k))
      tasks.append(backward(k - warmUp))
    }
    return tasks + (m * v - warmUp..<m * v).map(backward)
  }

  /// The time of the last task and each rank's most forward passes whose backward pass is still to come.
  private static func play(
    _ schedule: PipelineSchedule, stages p: Int, chunks v: Int, microbatches m: Int, forward f: Double,
    backward b: Double
  ) -> (seconds: Double, live: [Int]) {
    let orders = (0..<p).map { order(schedule, rank: $0, stages: p, chunks: v, microbatches: m) }
    var next = [Int](repeating: 0, count: p)
    var free = [Double](repeating: 0, count: p)
    var ends: [[Task: Double]] = Array(repeating: [:], count: p)
    var progress = true
    while progress {
      progress = false
      for rank in 0..<p {
        while next[rank] < orders[rank].count {
          let task = orders[rank][next[rank]]
          // The block before it in the model, or after it on the way back; the last one's backward needs its own forward.
          let block = task.chunk * p + rank
          let needed: (rank: Int, task: Task)?
          if task.isForward {
            needed =
              block == 0
              ? nil : ((block - 1) % p, Task(isForward: true, chunk: (block - 1) / p, microbatch: task.microbatch))
          } else if block == p * v - 1 {
            needed = (rank, Task(isForward: true, chunk: task.chunk, microbatch: task.microbatch))
          } else {
            needed = ((block + 1) % p, Task(isForward: false, chunk: (block + 1) / p, microbatch: task.microbatch))
          }
          var ready = 0.0
          if let needed {
            guard let end = ends[needed.rank][needed.task] else { break }
            ready = end
          }
          free[rank] = max(free[rank], ready) + (task.isForward ? f : b)
          ends[rank][task] = free[rank]
          next[rank] += 1
          progress = true
        }
      }
    }
    let done = zip(next, orders).allSatisfy { $0 == $1.count }
    let live = orders.map { tasks in
      var (now, most) = (0, 0)
      for task in tasks {
        now += task.isForward ? 1 : -1
        most = max(most, now)
      }
      return most
    }
    return (done ? free.max() ?? 0 : .nan, live)
  }

  @Test func playedSchedulesTakeTheClosedForm() {
    var cases = 0
    for p in [1, 2, 4, 8] {
      for v in [1, 2, 3] {
        for m in [p, 2 * p, 4 * p] {
          for schedule in PipelineSchedule.allCases where (v > 1) == (schedule == .interleaved) {
            if schedule == .interleaved, p == 1 { continue }
            let (f, b) = (2.0 / Double(v), 4.0 / Double(v))
            let played = Self.play(schedule, stages: p, chunks: v, microbatches: m, forward: f, backward: b)
            let bubble = PipelineSchedule.bubble(stages: p, chunks: v, microbatches: m)
            #expect(abs(played.seconds - Double(m) * 6 * (1 + bubble)) < 1e-9, "\(schedule) p \(p) v \(v) m \(m)")
            for rank in 0..<p {
              let live = schedule.liveSets(rank: rank, stages: p, chunks: v, microbatches: m)
              #expect(
                abs(live * Double(v) - Double(played.live[rank])) < 1e-9,
                "\(schedule) p \(p) v \(v) m \(m) rank \(rank)")
            }
            cases += 1
          }
        }
      }
    }
    #expect(cases == 42)
  }

  /// The sheet's own example: p = 4, m = 8 with a forward pass of 20 and a backward pass of 40 ms.
  @Test func theSheetsExample() {
    let plain = Self.play(.oneForwardOneBackward, stages: 4, chunks: 1, microbatches: 8, forward: 20, backward: 40)
    let interleaved = Self.play(.interleaved, stages: 4, chunks: 2, microbatches: 8, forward: 10, backward: 20)
    #expect(plain.seconds == 660 && plain.live == [4, 3, 2, 1])
    #expect(interleaved.seconds == 570 && abs(plain.seconds / interleaved.seconds - 1.158) < 1e-3)
  }
}
