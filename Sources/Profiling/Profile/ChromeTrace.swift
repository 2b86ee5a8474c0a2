import Formats

/// A profile in the trace event format of Chrome and Perfetto: one complete event for each operator of one step of each
/// phase, one phase after the other.
public enum ChromeTrace {
  /// `{"traceEvents": […]}`; times in microseconds from the first operator.
  public static func json(_ profile: ModelProfile) -> JSON {
    var events: [JSON] = [named("process_name", "venturi"), named("thread_name", "operators")]
    var origin = 0.0
    for phase in profile.phases {
      guard let last = phase.timeline.last else { continue }
      let whole = last.start + last.seconds
      events.append(event(phase.test.name, "step", at: origin, for: whole, ["tokens": .integer(phase.test.tokens)]))
      for (one, when) in zip(phase.operators, phase.timeline) {
        events.append(
          event(one.name, one.kind.rawValue, at: origin + when.start, for: when.seconds, arguments(one)))
      }
      origin += whole
    }
    return ["traceEvents": .array(events), "displayTimeUnit": "ms"]
  }

  private static func arguments(_ one: ProfiledOperator) -> JSON {
    var members: [JSON.Member] = []
    if let layer = one.scope.layer { members.append(JSON.Member("layer", .integer(layer))) }
    members += [
      JSON.Member("kind", .string(one.kind.rawValue)), JSON.Member("flops", .whole(one.cost.total.flops)),
      JSON.Member("bytesRead", .whole(one.cost.total.bytesRead)),
      JSON.Member("bytesWritten", .whole(one.cost.total.bytesWritten)),
      JSON.Member("rooflineMicroseconds", .rounded(1e6 * one.limits.seconds, digits: 4)),
      JSON.Member("meanMicroseconds", .rounded(1e6 * one.seconds, digits: 4)),
    ]
    return .object(members)
  }

  private static func event(
    _ name: String, _ category: String, at start: Double, for seconds: Double, _ arguments: JSON
  ) -> JSON {
    // Whole nanoseconds, so that rounding makes no operator overlap the next one.
    func microseconds(_ value: Double) -> JSON { .number((value * 1e9).rounded() / 1e3) }
    return [
      "name": .string(name), "cat": .string(category), "ph": "X", "ts": microseconds(start),
      "dur": microseconds(seconds),
      "pid": 1, "tid": 1, "args": arguments,
    ]
  }

  private static func named(_ what: String, _ name: String) -> JSON {
    ["name": .string(what), "ph": "M", "pid": 1, "tid": 1, "args": ["name": .string(name)]]
  }
}
