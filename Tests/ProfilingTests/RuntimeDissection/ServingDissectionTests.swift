import Profiling
import Tensors
import Testing
import VenturiTesting

@Suite("Dissected serving")
struct ServingDissectionTests {
  @Test("Requests that arrive together get all their tokens, and steps have modules")
  func bursts() throws {
    let context = Context(threads: 1)
    let model = try TinyLlama.model(dtype: .q4_0, context: context)
    let result = try ServingDissection(prompt: 12, generated: 5, batches: [3, 1]).run(
      model, context: context, ceilings: DissectionSamples.machine())
    #expect(result.bursts.map(\.requests) == [1, 3] && result.bursts.map(\.tokens) == [5, 15])
    for burst in result.bursts {
      #expect(burst.first.count == burst.requests && burst.steps.count == 4 && burst.whole.count == burst.requests)
      #expect(burst.first == burst.first.sorted() && (burst.first.last ?? 0) <= burst.seconds)
      #expect(abs(burst.tokensPerSecond * burst.seconds - Double(burst.tokens)) < 1e-9)
    }
    for step in [result.prefill, result.decode] {
      #expect(SpanLaw.problem(DissectionSpan(step), step) == nil)
      #expect(step.products > 0)
    }
    #expect(result.json["bursts"]?.elements?.count == 2 && result.verdict.contains("bottleneck"))
  }

  @Test("Tenths of a distribution")
  func distribution() {
    let tenths = ServingDissection.Burst.distribution((0...100).map { Double($0) })
    #expect(tenths.count == 10)
    for (index, value) in tenths.enumerated() { #expect(abs(value - Double(10 * (index + 1))) < 1e-9) }
    #expect(ServingDissection.Burst.distribution([]) == [])
  }

  @Test(
    "Loads that cannot be are refused",
    arguments: [(0, 5, [1]), (12, 1, [1]), (12, 5, [0]), (12, 5, []), (300, 5, [1])])
  func refused(_ prompt: Int, _ generated: Int, _ batches: [Int]) throws {
    let context = Context(threads: 1)
    let model = try TinyLlama.model(context: context)
    #expect(throws: DissectionError.self) {
      try ServingDissection(prompt: prompt, generated: generated, batches: batches).run(
        model, context: context, ceilings: DissectionSamples.machine())
    }
  }
}
