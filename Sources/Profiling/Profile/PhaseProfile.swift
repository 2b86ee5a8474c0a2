import Formats
import Tensors

/// What a step of one phase is made of: its operators, how they were measured, and what is between them.
public struct PhaseProfile: Sendable {
  /// Prefill or decode, how many tokens, at which depth; a decode step is one token.
  public var test: ModelTest
  /// How often the workload has such a step.
  public var steps: Int
  /// Seconds of a step that nobody watches.
  public var step: Summary
  /// The quartiles of ``step``: far apart where other programs ran.
  public var quartiles: ClosedRange<Double>
  /// Seconds of a step whose operators are timed; it takes turns with the other.
  public var timedStep: Summary
  /// Timed ÷ untimed, over the pairs.
  public var overhead: RatioEstimate?
  /// The operators in the order in which they run: each one's mean over the middle half of the timed steps, so that all
  /// parts add up to a step.
  public var operators: [ProfiledOperator]
  /// The operators' share of the step that they are in, the mean over the same steps.
  public var accounted: Double
  /// Seconds of a timed step before its first operator: checking the batch, taking pages, sharing out attention's work.
  public var beforeSeconds: Double
  /// Seconds of a timed step after the first operator that are in none.
  public var betweenSeconds: Double
  /// The operators of the timed step nearest to the median: their starts from the first one, and their seconds.
  public var timeline: [(start: Double, seconds: Double)]

  /// Prefill or decode.
  public var phase: Bottleneck.Phase { test.kind == .prefill ? .prefill : .decode }

  /// Seconds of all rows: a timed step.
  public var rowSeconds: Double { operators.reduce(beforeSeconds + betweenSeconds) { $0 + $1.seconds } }

  /// Tokens a second, unwatched.
  public var tokensPerSecond: Double { Double(test.tokens) / step.median }

  /// The operators grouped by name over all layers, or by layer and name, in the order in which a name is met first; then
  /// what is before and between them.
  public func rows(byLayer: Bool = false) -> [ProfileRow] {
    struct Key: Hashable {
      var layer: Int?
      var name: String
    }
    var groups: [Key: Int] = [:]
    var listed: [(key: Key, operators: [ProfiledOperator])] = []
    for one in operators {
      let key = Key(layer: byLayer ? one.scope.layer : nil, name: one.name)
      if let index = groups[key] {
        listed[index].operators.append(one)
      } else {
        groups[key] = listed.count
        listed.append((key, [one]))
      }
    }
    return listed.map { ProfileRow(name: $0.key.name, layer: $0.key.layer, $0.operators) }
      + [ProfileRow(ProfileRow.before, beforeSeconds), ProfileRow(ProfileRow.between, betweenSeconds)]
  }

  /// The phase's figures and rows.
  public func json(byLayer: Bool) -> JSON {
    let all = rows(byLayer: byLayer)
    return [
      "test": .string(test.name), "phase": .string(phase.rawValue), "tokens": .integer(test.tokens),
      "depth": .integer(test.depth), "steps": .integer(steps), "stepSeconds": step.json,
      "stepQuartiles": .array([.rounded(quartiles.lowerBound), .rounded(quartiles.upperBound)]),
      "timedStepSeconds": timedStep.json, "tokensPerSecond": .rounded(tokensPerSecond, digits: 4),
      "accounted": .rounded(accounted, digits: 4), "overhead": overhead?.json ?? .null,
      "flops": .whole(all.reduce(0) { $0 + $1.cost.flops }),
      "bytes": .whole(all.reduce(0) { $0 + $1.cost.bytes }),
      "rooflineSeconds": .rounded(all.reduce(0) { $0 + $1.roofline }),
      "operators": .array(all.map { $0.json(ofStep: rowSeconds) }),
    ]
  }
}
