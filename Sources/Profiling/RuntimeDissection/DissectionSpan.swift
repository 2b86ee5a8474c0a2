import Formats

/// A stretch of a step: the step, a phase, a layer, a module or an operator, with what lies in it.
public struct DissectionSpan: Sendable, Hashable {
  /// What kind of stretch.
  public enum Level: String, Sendable, Hashable, CaseIterable {
    case step, phase, layer, module, `operator`
  }

  /// What kind of stretch.
  public var level: Level
  /// Its name.
  public var name: String
  /// Seconds from the step's beginning.
  public var start: Double
  /// When it ended.
  public var end: Double
  /// The stretches in it, in their order.
  public var children: [DissectionSpan]

  /// Seconds.
  public var seconds: Double { end - start }

  /// This one and all that lie in it, outermost first.
  public var all: [DissectionSpan] { [self] + children.flatMap(\.all) }

  /// The stretches of a step. Neighbours of one phase, one layer and one module are one stretch each, from the first one's
  /// beginning to the last one's end.
  public init(_ step: DissectedStep) {
    let phases = Self.grouped(step.operators, by: \.phase).map { phase, operators in
      let layers = Self.grouped(operators, by: \.layer).map { layer, operators in
        let modules = Self.grouped(operators, by: \.module).map { module, operators in
          let runs = operators.map { one in
            DissectionSpan(
              .operator, one.part.isEmpty ? one.kind.rawValue : "\(one.part) \(one.kind.rawValue)", one.start, one.end,
              [])
          }
          return DissectionSpan(.module, module, around: runs)
        }
        return DissectionSpan(.layer, layer.map { "layer \($0)" } ?? "outside of layers", around: modules)
      }
      return DissectionSpan(.phase, phase.rawValue, around: layers)
    }
    self.init(.step, "step", 0, max(step.seconds, phases.last?.end ?? 0), phases)
  }

  private init(_ level: Level, _ name: String, _ start: Double, _ end: Double, _ children: [DissectionSpan]) {
    (self.level, self.name, self.start, self.end, self.children) = (level, name, start, end, children)
  }

  private init(_ level: Level, _ name: String, around children: [DissectionSpan]) {
    self.init(level, name, children.first?.start ?? 0, children.last?.end ?? 0, children)
  }

  /// Runs of neighbours that have one key.
  private static func grouped<Key: Equatable>(
    _ operators: [DissectedOperator], by key: (DissectedOperator) -> Key
  ) -> [(Key, [DissectedOperator])] {
    var groups: [(Key, [DissectedOperator])] = []
    for one in operators {
      let own = key(one)
      if let last = groups.last, last.0 == own {
        groups[groups.count - 1].1.append(one)
      } else {
        groups.append((own, [one]))
      }
    }
    return groups
  }

  /// Steps one behind the other in the trace event format of Chrome and Perfetto, a process for each; times in microseconds.
  public static func trace(_ steps: [(name: String, step: DissectedStep)]) -> JSON {
    var events: [JSON] = []
    for (process, (name, step)) in steps.enumerated() {
      events.append(["name": "process_name", "ph": "M", "pid": .integer(process), "args": ["name": .string(name)]])
      for span in DissectionSpan(step).all {
        // Whole nanoseconds, so that rounding makes no stretch leave the one around it.
        func microseconds(_ value: Double) -> JSON { .number((value * 1e9).rounded() / 1e3) }
        events.append([
          "name": .string(span.name), "cat": .string(span.level.rawValue), "ph": "X", "ts": microseconds(span.start),
          "dur": .number(((span.end * 1e9).rounded() - (span.start * 1e9).rounded()) / 1e3), "pid": .integer(process),
          "tid": 0,
        ])
      }
    }
    return ["traceEvents": .array(events), "displayTimeUnit": "ms"]
  }
}
