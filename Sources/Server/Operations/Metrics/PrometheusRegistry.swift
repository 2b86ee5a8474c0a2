import CoreMetrics
import Synchronization

/// A back end of swift-metrics that keeps all figures in memory and writes them in Prometheus' text form.
public final class PrometheusRegistry: MetricsFactory, Sendable {
  /// The most figures; what comes later is counted nowhere, so that no label's values can fill the memory.
  public static let maxFigures = 10_000

  private enum Kind: String { case counter, gauge, histogram }

  private struct Family {
    let kind: Kind
    var figures: [(labels: [(String, String)], figure: any PrometheusFigure)] = []
  }

  private struct State {
    var families: [String: Family] = [:]
    var count = 0
  }

  private let help: [String: String]
  private let state = Mutex(State())

  /// An empty registry.
  ///
  /// - Parameter help: what figures mean, by their names.
  public init(help: [String: String] = [:]) { self.help = help }

  /// All figures: https://prometheus.io/docs/instrumenting/exposition_formats/
  public func text() -> String {
    let families = state.withLock { $0.families }
    var out = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      if let help = help[name] { out += "# HELP \(name) \(help)\n" }
      out += "# TYPE \(name) \(family.kind.rawValue)\n"
      for (labels, figure) in family.figures { figure.write(name: name, labels: labels, to: &out) }
    }
    return out
  }

  /// A counter.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    figure(label, dimensions, .counter) { PrometheusCounter() }
  }

  /// A counter of parts.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    figure(label, dimensions, .counter) { PrometheusFloatingCounter() }
  }

  /// A gauge.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    figure(label, dimensions, .gauge) { PrometheusGauge() }
  }

  /// A histogram if values are to be summarized, else a gauge.
  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    if aggregate { return figure(label, dimensions, .histogram) { PrometheusHistogram() } }
    return figure(label, dimensions, .gauge) { PrometheusGauge() }
  }

  /// A histogram of seconds.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    figure(label, dimensions, .histogram) { PrometheusHistogram() }
  }

  // A counter that disappears and comes back at 0 is worse than one that nobody counts on.
  /// Nothing: figures stay.
  public func destroyCounter(_ handler: any CounterHandler) {}
  /// Nothing: figures stay.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  /// Nothing: figures stay.
  public func destroyMeter(_ handler: any MeterHandler) {}
  /// Nothing: figures stay.
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  /// Nothing: figures stay.
  public func destroyTimer(_ handler: any TimerHandler) {}

  /// The figure of a name and labels, made when it is first asked for. One of another kind under the same name is kept apart
  /// from what is written.
  private func figure<Figure: PrometheusFigure>(
    _ label: String, _ dimensions: [(String, String)], _ kind: Kind, _ make: () -> Figure
  ) -> Figure {
    let name = PrometheusText.name(label)
    return state.withLock { state in
      var family = state.families[name] ?? Family(kind: kind)
      for known in family.figures where PrometheusText.equal(known.labels, dimensions) {
        if let figure = known.figure as? Figure { return figure }
      }
      let figure = make()
      guard family.kind == kind, state.count < Self.maxFigures else { return figure }
      family.figures.append((dimensions, figure))
      state.families[name] = family
      state.count += 1
      return figure
    }
  }
}
