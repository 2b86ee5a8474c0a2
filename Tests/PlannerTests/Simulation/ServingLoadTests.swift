import Planner
import Testing

@Suite("Requests as they come") struct ServingLoadTests {
  @Test("Rates and gaps of the three kinds of arrival")
  func arrivals() throws {
    func gaps(_ arrivals: Arrivals) throws -> (rate: Double, variation: Double) {
      let load = try ServingLoad(arrivals, prompt: .constant(1), output: .constant(1), seconds: 20_000)
      let times = load.requests(seed: 4).map(\.arrival)
      let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
      let mean = gaps.reduce(0, +) / Double(gaps.count)
      let square = gaps.reduce(0) { $0 + $1 * $1 } / Double(gaps.count)
      #expect(gaps.allSatisfy { $0 >= 0 } && (times.last ?? 0) < 20_000)
      return (Double(times.count) / 20_000, square / (mean * mean) - 1)
    }
    let poisson = try gaps(.poisson(rate: 5))
    #expect(abs(poisson.rate - 5) < 0.06 && abs(poisson.variation - 1) < 0.03)
    let even = try gaps(.even(rate: 5))
    #expect(abs(even.rate - 5) < 0.001 && even.variation < 1e-6)
    let bursty = try gaps(.bursty(rate: 5, peak: 4, share: 0.2, seconds: 10))
    #expect(abs(bursty.rate - 5) < 0.5 && bursty.variation > 1.5)
  }

  @Test("Sizes have the medians and means of the published traces")
  func sizes() throws {
    for (trace, prompt, output) in [
      (ServingLoad.AzureTrace.coding, (1469.0, 2048.0), (13.0, 27.9)), (.conversation, (1020, 1155), (129, 211)),
    ] {
      let requests = try ServingLoad.azure(trace, rate: 100, seconds: 300).requests(seed: 8)
      for (values, (median, mean)) in [
        (requests.map { Double($0.promptTokens) }, prompt), (requests.map { Double($0.outputTokens) }, output),
      ] {
        #expect(abs(ServingReport.percentile(50, ofSorted: values.sorted()) / median - 1) < 0.06)
        #expect(abs(values.reduce(0, +) / Double(values.count) / mean - 1) < 0.06)
      }
    }
  }
}
