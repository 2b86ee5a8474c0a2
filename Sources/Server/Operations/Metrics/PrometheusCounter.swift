import CoreMetrics
import Synchronization

/// A whole number that only grows.
final class PrometheusCounter: CounterHandler, PrometheusFigure {
  private let value = Mutex<Int64>(0)

  func increment(by amount: Int64) {
    value.withLock { $0 = $0.addingReportingOverflow(max(0, amount)).overflow ? .max : $0 + max(0, amount) }
  }

  func reset() { value.withLock { $0 = 0 } }

  func write(name: String, labels: [(String, String)], to out: inout String) {
    out += "\(name)\(PrometheusText.labels(labels)) \(value.withLock { $0 })\n"
  }
}
