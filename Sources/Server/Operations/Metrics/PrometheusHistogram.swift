import CoreMetrics
import Synchronization

/// How often values fell below bounds: seconds for timers, plain numbers for recorders.
final class PrometheusHistogram: TimerHandler, RecorderHandler, PrometheusFigure {
  /// From a millisecond to two minutes, in steps of 1, 2.5 and 5: fine where a token's time lies.
  static let bounds = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
  ]

  private struct State {
    var counts = [Int](repeating: 0, count: PrometheusHistogram.bounds.count + 1)
    var sum = 0.0
  }

  private let state = Mutex(State())

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }
  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    guard value.isFinite else { return }
    let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
    state.withLock { state in
      state.counts[bucket] += 1
      state.sum += value
    }
  }

  func write(name: String, labels: [(String, String)], to out: inout String) {
    let state = state.withLock { $0 }
    var below = 0
    for (index, bound) in (Self.bounds + [.infinity]).enumerated() {
      below += state.counts[index]
      let all = labels + [("le", PrometheusText.number(bound))]
      out += "\(name)_bucket\(PrometheusText.labels(all)) \(below)\n"
    }
    out += "\(name)_sum\(PrometheusText.labels(labels)) \(PrometheusText.number(state.sum))\n"
    out += "\(name)_count\(PrometheusText.labels(labels)) \(below)\n"
  }
}
