/// Work for two streams of a device, one that computes and one that communicates.
///
/// Each stream takes its tasks in the order in which they were added, each as soon as it is free and those that the task waits for are
/// done. While something communicates, computing goes on with the processors that are left.
public struct StreamSchedule: Sendable, Hashable {
  /// Who does a task.
  public enum Stream: String, Sendable, Hashable, Codable, CaseIterable {
    /// Products and passes over memory.
    case compute
    /// Collectives.
    case communication
  }

  /// A piece of work.
  public struct Task: Sendable, Hashable {
    /// What it is, for example `12.attention`.
    public var name: String
    /// Who does it.
    public var stream: Stream
    /// Seconds that it takes alone.
    public var seconds: Double
    /// Tasks that must be done before, all added earlier.
    public var after: [Int]
  }

  /// The most tasks.
  static let taskLimit = 1 << 22

  /// The tasks, in the order in which they were added.
  public private(set) var tasks: [Task] = []

  /// No tasks.
  public init() {}

  /// Adds a task and returns its number.
  ///
  /// - Parameters:
  ///   - name: what it is.
  ///   - stream: who does it.
  ///   - seconds: how long it takes alone.
  ///   - after: tasks that must be done before.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a time that is none, a task that was not added before this one, and more
  ///   than 2²² tasks.
  @discardableResult public mutating func add(
    _ name: String, on stream: Stream, seconds: Double, after: [Int] = []
  ) throws(PlannerError) -> Int {
    guard seconds >= 0, seconds.isFinite else {
      throw .invalid(field: "seconds of \(name)", problem: "\(seconds) s is no time")
    }
    guard after.allSatisfy(tasks.indices.contains) else {
      throw .invalid(field: "after of \(name)", problem: "\(after) are not all among the \(tasks.count) before it")
    }
    guard tasks.count < Self.taskLimit else {
      throw .invalid(field: "tasks", problem: "there are more than \(Self.taskLimit)")
    }
    tasks.append(Task(name: name, stream: stream, seconds: seconds, after: after))
    return tasks.count - 1
  }

  /// Runs all tasks.
  ///
  /// - Parameter taken: the part of the processors that a communicating task takes from computing.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a part that is none or leaves nothing.
  public func run(taken: Double = 0) throws(PlannerError) -> StreamTimeline {
    guard taken >= 0, taken < 1 else {
      throw .invalid(field: "taken", problem: "\(taken) of the processors is no part that leaves some")
    }
    var timeline = StreamTimeline(count: tasks.count)
    var lines: [[Int]] = Stream.allCases.map { stream in
      tasks.indices.filter { tasks[$0].stream == stream }.reversed()
    }
    var running: [Int?] = [nil, nil]
    var left = [0.0, 0.0]
    var isDone = [Bool](repeating: false, count: tasks.count)
    var now = 0.0
    while true {
      for stream in lines.indices where running[stream] == nil {
        guard let next = lines[stream].last, tasks[next].after.allSatisfy({ isDone[$0] }) else { continue }
        lines[stream].removeLast()
        running[stream] = next
        left[stream] = tasks[next].seconds
        timeline.starts[next] = now
      }
      guard running[0] != nil || running[1] != nil else { break }
      let rates = [running[1] == nil ? 1 : 1 - taken, 1.0]
      // Both may end at one moment.
      let ends = running.indices.map { running[$0] == nil ? .infinity : left[$0] / rates[$0] }
      let step = ends.min() ?? 0
      now += step
      timeline.pass(step, computing: running[0] != nil, communicating: running[1] != nil)
      for stream in running.indices {
        guard let task = running[stream] else { continue }
        guard ends[stream] == step else {
          left[stream] = max(0, left[stream] - step * rates[stream])
          continue
        }
        isDone[task] = true
        timeline.ends[task] = now
        running[stream] = nil
      }
    }
    // Tasks wait for earlier ones alone, so that the first that is left can always begin.
    guard isDone.allSatisfy({ $0 }) else { throw .brokenLaw("tasks wait for each other", at: now) }
    timeline.seconds = now
    return timeline
  }
}
