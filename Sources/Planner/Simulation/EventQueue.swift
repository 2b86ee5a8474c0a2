/// Events of a simulation in one total order: by time, and at one time in the order in which they were scheduled.
///
/// A heap with four children to a node. No event may lie before the last one taken: time never goes back.
public struct EventQueue<Event> {
  private struct Entry {
    var time: Double
    var sequence: UInt64
    var event: Event

    func isBefore(_ other: Entry) -> Bool {
      time < other.time || (time == other.time && sequence < other.sequence)
    }
  }

  private var entries: [Entry] = []
  private var scheduled: UInt64 = 0
  /// The time of the event last taken, in seconds.
  public private(set) var now = 0.0
  /// The events taken so far.
  public private(set) var taken: UInt64 = 0

  /// An empty queue at time zero.
  public init() {}

  /// The events that wait.
  public var count: Int { entries.count }

  /// Schedules `event` at `time` seconds.
  ///
  /// - Throws: ``PlannerError/brokenLaw(_:at:)`` for a time before ``now`` or none at all.
  public mutating func schedule(_ event: Event, at time: Double) throws(PlannerError) {
    guard time >= now, time < .infinity else {
      throw .brokenLaw("time never goes back: an event at \(time)", at: now)
    }
    let entry = Entry(time: time, sequence: scheduled, event: event)
    scheduled += 1
    entries.append(entry)
    entries.withUnsafeMutableBufferPointer { heap in
      var hole = heap.count - 1
      while hole > 0 {
        let parent = (hole - 1) >> 2
        guard entry.isBefore(heap[parent]) else { break }
        heap[hole] = heap[parent]
        hole = parent
      }
      heap[hole] = entry
    }
  }

  /// Takes the next event and moves ``now`` to its time; `nil` when none waits.
  public mutating func next() -> Event? {
    guard let last = entries.popLast() else { return nil }
    taken += 1
    guard let first = entries.first else {
      now = last.time
      return last.event
    }
    entries.withUnsafeMutableBufferPointer { heap in
      let count = heap.count
      var hole = 0
      while true {
        let child = hole << 2 + 1
        guard child < count else { break }
        var least = child
        for other in child + 1..<max(child + 1, min(child + 4, count)) where heap[other].isBefore(heap[least]) {
          least = other
        }
        guard heap[least].isBefore(last) else { break }
        heap[hole] = heap[least]
        hole = least
      }
      heap[hole] = last
    }
    now = first.time
    return first.event
  }
}
