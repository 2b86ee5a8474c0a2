import CoreMetrics
import Synchronization

/// A number that only grows.
final class PrometheusFloatingCounter: FloatingPointCounterHandler, PrometheusFigure {
  private let value = Mutex(0.0)

  func increment(by amount: Double) { value.withLock { if amount > 0 { $0 += amount } } }

  func reset() { value.withLock { $0 = 0 } }

  func write(name: String, labels: [(String, String)], to out: inout String) {
    out += "\(name)\(PrometheusText.labels(labels)) \(PrometheusText.number(value.withLock { $0 }))\n"
  }
}
