import Metrics
import Server
import Testing

/// The text form of figures.
@Suite struct PrometheusTests {
  @Test func figuresAreWrittenAsTheFormWantsThem() {
    let registry = PrometheusRegistry(help: ["a_b": "What it is."])
    Counter(label: "a.b", dimensions: [("who", "x\"\\\n")], factory: registry).increment(by: 2)
    Counter(label: "a.b", dimensions: [("who", "x\"\\\n")], factory: registry).increment()
    FloatingPointCounter(label: "9parts", factory: registry).increment(by: 0.5)
    Gauge(label: "level", factory: registry).record(3)
    Meter(label: "meter", factory: registry).decrement(by: 1.5)
    let timer = Timer(label: "t", factory: registry)
    timer.recordMilliseconds(3)
    timer.recordSeconds(1)
    timer.recordSeconds(1000)
    let lines = registry.text().split(separator: "\n").map(String.init)
    #expect(lines.first { $0.hasPrefix("a_b{") } == "a_b{who=\"x\\\"\\\\\\n\"} 3")
    for line in [
      "# HELP a_b What it is.", "# TYPE a_b counter", "# TYPE _9parts counter", "# TYPE level gauge", "level 3",
      "meter -1.5", "# TYPE t histogram", "t_bucket{le=\"0.0025\"} 0", "t_bucket{le=\"0.005\"} 1",
      "t_bucket{le=\"1\"} 2", "t_bucket{le=\"120\"} 2", "t_bucket{le=\"+Inf\"} 3", "t_count 3",
    ] { #expect(lines.contains(line), "\(line)") }
    let sum = lines.first { $0.hasPrefix("t_sum ") }.flatMap { Double($0.dropFirst(6)) }
    #expect(abs((sum ?? 0) - 1001.003) < 1e-6)
    #expect(lines.filter { $0.hasPrefix("# TYPE") }.count == 5)
  }

  @Test func labelsCannotFillTheMemory() {
    let registry = PrometheusRegistry()
    for number in 0..<PrometheusRegistry.maxFigures + 50 {
      Counter(label: "c\(number)", factory: registry).increment()
    }
    #expect(registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }.count == PrometheusRegistry.maxFigures)
  }
}
