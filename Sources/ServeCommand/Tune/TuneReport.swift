import Console
import Formats
import Planner
import Profiling
import Tuning

/// What a search found.
struct TuneReport {
  let run: TuningRun
  let bench: ServingBench
  let method: SearchMethod

  private var curve: [(trial: Int, value: Double, settings: ServingSettings)] {
    var curve: [(trial: Int, value: Double, settings: ServingSettings)] = []
    for (index, trial) in run.trials.enumerated() where trial.part == 1 && trial.value > curve.last?.value ?? 0 {
      curve.append((index + 1, trial.value, trial.settings))
    }
    return curve
  }

  var json: JSON {
    func rates(_ values: [Double]) -> JSON { .array(values.map { .rounded($0) }) }
    let trials = run.trials.map { trial -> JSON in
      [
        "settings": trial.settings.json, "part": .number(trial.part), "value": .rounded(trial.value),
        "problem": trial.problem.map { .string($0) } ?? .null, "result": trial.result.json,
      ]
    }
    let effects = run.effects.map { effects in
      JSON.object(
        zip(run.space.dimensions, effects.shares).map { JSON.Member($0.parameter.rawValue, .rounded($1, digits: 3)) })
    }
    return [
      "method": .string(method.rawValue), "seed": .integer(Int(clamping: bench.options.seed)), "space": run.space.json,
      "points": run.space.parameters.count.map { .integer($0) } ?? .null, "measuredNow": .integer(bench.measured),
      "best": run.best.json, "tokensPerSecond": .rounded(run.bestValue), "own": run.own.json,
      "secondSample": ["own": rates(run.confirmation.own), "best": rates(run.confirmation.best)],
      "gain": run.gain.map { .rounded($0, digits: 4) } ?? .null,
      "mostInfluential": run.mostInfluential.map { .string($0.parameter.rawValue) } ?? .null,
      "effects": effects ?? .null, "prediction": run.prediction?.fits ?? .null, "trials": .array(trials),
      "workload": .string(bench.workload.digest), "key": bench.key,
      "absent": .object(
        ServingParameter.absent.map { JSON.Member($0.names[0], .string($0.reason)) }),
    ]
  }

  func text(writtenTo path: String?) -> String {
    var lines: [String] = []
    let failed = run.trials.count { $0.value == 0 }
    lines.append(
      "\(run.best.text): \(Human.fixed(run.bestValue, 1)) tok/s, best of \(run.trials.count) trials"
        + (run.space.parameters.count.map { " of \($0) settings" } ?? "")
        + (failed > 0 ? ", of which \(failed) failed" : ""))
    lines.append("the engine's own settings: \(Human.fixed(run.own.tokensPerSecond, 1)) tok/s")
    if let gain = run.gain, let own = Summary(run.confirmation.own), let best = Summary(run.confirmation.best) {
      lines.append(
        "on other requests of the kind: \(Human.fixed(best.median, 1)) (\(Human.fixed(best.min, 1))–\(Human.fixed(best.max, 1))) against "
          + "\(Human.fixed(own.median, 1)) (\(Human.fixed(own.min, 1))–\(Human.fixed(own.max, 1))) tok/s, \(Human.fixed(gain, 2))×"
      )
    }
    if let (parameter, share) = run.mostInfluential, let effects = run.effects {
      let shares = zip(run.space.dimensions, effects.shares).map {
        "\($0.parameter.rawValue) \(Human.fixed(100 * $1, 0)) %"
      }
      lines.append(
        "most influential: \(parameter.rawValue), \(Human.fixed(100 * share, 0)) % of the variance (\(shares.joined(separator: ", ")))"
      )
    }
    for trial in run.trials {
      if let problem = trial.problem { lines.append("failed: \(trial.settings.text): \(problem)") }
    }
    lines.append(
      Human.table(
        [["trial", "tok/s", "settings"]]
          + curve.map { ["\($0.trial)", Human.fixed($0.value, 1), $0.settings.text] }, numeric: [0, 1]))
    if let path { lines.append("written: \(path); `venturi serve --tuned \(path)`") }
    return lines.joined(separator: "\n")
  }
}
