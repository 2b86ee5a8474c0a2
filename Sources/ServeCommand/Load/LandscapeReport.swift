import Console
import Formats
import Planner
import Plots
import Profiling
import Tuning

/// A landscape for people and programs.
struct LandscapeReport {
  let landscape: Landscape
  let own: TrialResult
  let predicted: (values: [Double], fits: JSON)?
  let bench: ServingBench
  /// The settings that all points have, as they were given.
  let set: [String]

  /// A map of the last two axes for each value of the first of three.
  var maps: [HeatMap] {
    let axes = landscape.axes
    let (rows, columns) = (axes[axes.count - 2], axes[axes.count - 1])
    let size = rows.labels.count * columns.labels.count
    let peaks = Set(landscape.localMaxima + [landscape.maximum])
    return (0..<landscape.values.count / size).map { map in
      var marked: Set<[Int]> = []
      let cells = rows.labels.indices.map { row in
        columns.labels.indices.map { column -> Double in
          let point = map * size + row * columns.labels.count + column
          if peaks.contains(point) { marked.insert([row, column]) }
          return landscape.values[point]
        }
      }
      let slice = axes.count > 2 ? ", \(axes[0].name) \(axes[0].labels[map])" : ""
      return HeatMap(
        title: "tokens a second\(slice)", x: HeatMap.Axis(columns.name, columns.labels),
        y: HeatMap.Axis(rows.name, rows.labels), cells: cells,
        marked: marked)
    }
  }

  private var strongest: (name: String, share: Double)? {
    let effects = landscape.effects
    return effects.strongest.map { (landscape.axes[$0].name, effects.shares[$0]) }
  }

  /// How the prediction fares: its rank correlation, and what its best point reaches of the measured best.
  private var fit: (spearman: Double?, reached: Double)? {
    guard let predicted, landscape.values[landscape.maximum] > 0,
      let best = predicted.values.indices.max(by: { predicted.values[$0] < predicted.values[$1] })
    else { return nil }
    return (
      Correlation.spearman(predicted.values, landscape.values),
      landscape.values[best] / landscape.values[landscape.maximum]
    )
  }

  var json: JSON {
    func point(_ point: Int) -> JSON {
      ["point": .string(landscape.name(point)), "tokensPerSecond": .rounded(landscape.values[point])]
    }
    func rates(_ values: [Double]) -> JSON { .array(values.map { .rounded($0) }) }
    let effects = landscape.effects
    let axes = landscape.axes.map { axis -> JSON in
      ["name": .string(axis.name), "values": .array(axis.labels.map { .string($0) })]
    }
    return [
      "axes": .array(axes), "set": .array(set.map { .string($0) }), "values": rates(landscape.values),
      "repetitions": .array(landscape.repetitions.map(rates)), "deviation": .rounded(landscape.deviation),
      "band": .rounded(landscape.band), "maximum": point(landscape.maximum),
      "localMaxima": .array(landscape.localMaxima.map(point)),
      "walkCorrelation": landscape.walkCorrelation.map { .rounded($0, digits: 4) } ?? .null,
      "effects": .object(zip(landscape.axes, effects.shares).map { JSON.Member($0.name, .rounded($1, digits: 4)) }),
      "interactions": .array(effects.pairs.map { .rounded($0, digits: 4) }),
      "mostInfluential": strongest.map { .string($0.name) } ?? .null, "own": own.json,
      "predicted": predicted.map { rates($0.values) } ?? .null, "predictionFits": predicted?.fits ?? .null,
      "spearman": fit?.spearman.map { .rounded($0, digits: 4) } ?? .null,
      "predictedBestReaches": fit.map { .rounded($0.reached, digits: 4) } ?? .null,
      "workload": .string(bench.workload.digest), "measuredNow": .integer(bench.measured), "key": bench.key,
    ]
  }

  var text: String {
    var lines = maps.map { "\($0.title)\n\($0.text)" }
    let best = landscape.maximum
    lines.append(
      "maximum: \(landscape.name(best)), \(Human.fixed(landscape.values[best], 1)) tok/s; the engine's own settings: "
        + "\(Human.fixed(own.tokensPerSecond, 1))")
    let peaks = landscape.localMaxima.map { landscape.name($0) }
    lines.append(
      "local maxima beyond noise (\(Human.fixed(landscape.band, 1)) tok/s): \(peaks.count)"
        + (peaks.isEmpty ? "" : ": " + peaks.joined(separator: "; ")))
    lines.append(
      "correlation along a random walk: "
        + (landscape.walkCorrelation.map { Human.fixed($0, 2) } ?? "none, it is flat"))
    let effects = landscape.effects
    if let strongest {
      let shares = zip(landscape.axes, effects.shares).map { "\($0.name) \(Human.fixed(100 * $1, 0)) %" }
      lines.append(
        "most influential: \(strongest.name), \(Human.fixed(100 * strongest.share, 0)) % of the variance "
          + "(\(shares.joined(separator: ", ")), beyond those \(Human.fixed(100 * (1 - effects.shares.reduce(0, +)), 0)) %)"
      )
    }
    if let fit {
      lines.append(
        "the Planner's prediction: rank correlation \(fit.spearman.map { Human.fixed($0, 2) } ?? "none"), its best point "
          + "reaches \(Human.fixed(100 * fit.reached, 0)) % of the measured best")
    }
    return lines.joined(separator: "\n")
  }
}
