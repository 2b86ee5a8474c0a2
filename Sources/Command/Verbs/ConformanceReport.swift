import Profiling
import Venturi

/// The results of conformance cases, together and by operator.
struct ConformanceReport {
  /// Cases by how they ended.
  struct Tally {
    var passed = 0
    var failed = 0
    var skipped = 0

    mutating func add(_ verdict: ConformanceResult.Verdict) {
      switch verdict {
      case .passed: passed += 1
      case .failed: failed += 1
      case .skipped: skipped += 1
      }
    }

    var json: JSON { ["passed": .integer(passed), "failed": .integer(failed), "skipped": .integer(skipped)] }
  }

  private(set) var all = Tally()
  private(set) var operators: [String: Tally] = [:]
  private(set) var groups: [String: Tally] = [:]
  private let failures: [(name: String, reason: String)]

  /// Operators that the cases use and whose results are compared.
  private let claimed: [String]
  private let unclaimed: [String]

  var failed: Int { all.failed }

  init(_ results: [ConformanceResult]) {
    var failures: [(name: String, reason: String)] = []
    for result in results {
      all.add(result.verdict)
      groups[result.test.group, default: Tally()].add(result.verdict)
      for name in result.operators { operators[name, default: Tally()].add(result.verdict) }
      if case .failed(let reason) = result.verdict {
        failures.append(("\(result.test.group)/\(result.test.name)", reason))
      }
    }
    self.failures = failures
    let known = Set(OperatorLibrary.standard.names).subtracting(ConformanceSuite.random)
    claimed = operators.keys.filter { known.contains($0) }.sorted()
    unclaimed = operators.keys.filter { !known.contains($0) }.sorted()
  }

  var json: JSON {
    func table(_ tallies: [String: Tally]) -> JSON {
      .object(tallies.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.json) })
    }
    return [
      "passed": .integer(all.passed), "failed": .integer(all.failed), "skipped": .integer(all.skipped),
      "claimedOps": .integer(claimed.count), "unclaimedOps": .array(unclaimed.map { .string($0) }),
      "byGroup": table(groups), "byOp": table(operators),
      "failures": .array(failures.map { ["case": .string($0.name), "reason": .string($0.reason)] }),
    ]
  }

  var text: String {
    let rows = groups.sorted { $0.key < $1.key } + [("together", all)]
    let table = Human.table(
      [["group", "passed", "failed", "skipped"]]
        + rows.map { [$0.key, "\($0.value.passed)", "\($0.value.failed)", "\($0.value.skipped)"] },
      numeric: [1, 2, 3])
    return table + "\n\n\(claimed.count) of \(operators.count) operators claimed; not claimed: "
      + (unclaimed.isEmpty ? "none" : unclaimed.joined(separator: ", "))
  }
}
