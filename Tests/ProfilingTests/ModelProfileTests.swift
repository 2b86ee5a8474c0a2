import Costs
import Formats
import Models
import Profiling
import Tensors
import Testing
import VenturiTesting

@Suite struct ModelProfileTests {
  private static func summary(_ value: Double) throws -> Summary { try #require(Summary([value])) }

  /// A machine of round numbers: f32 100 GFLOP/s, int8 400, int4 800, int16 200; memory 10 GB/s, L2 1 MB at 100, L3 8 MB at 50.
  private static func machine() throws -> MachineLimits {
    MachineLimits(
      ceilings: Ceilings(
        threads: 1,
        chains: [
          .f32: try summary(100), .int8: try summary(400), .int4: try summary(800), .int16: try summary(200),
        ], read: try summary(8), bestRead: try summary(10), bestReadPattern: .init(streams: 4, prefetch: 512)),
      caches: [
        CacheLevel(name: "L2", bytes: 1_000_000, read: try summary(100)),
        CacheLevel(name: "L3", bytes: 8_000_000, read: try summary(50)),
      ], sweptBytes: 100_000_000)
  }

  private static func tiny(_ workload: ModelProfile.Workload) throws -> ModelProfile {
    let context = Context(threads: 1)
    let model = try TinyLlama.model(dtype: .q4_0, context: context)
    return try ModelProfile.measure(model, context: context, workload: workload, seconds: 0, limits: machine())
  }

  @Test("A profile covers both phases, and its rows are the steps' operators")
  func phases() throws {
    let profile = try Self.tiny(.init(prompt: 40, generated: 10, depths: [0, 30]))
    #expect(profile.phases.map(\.test.name) == ["pp40", "tg1", "tg1 @ d30"])
    #expect(profile.phases.map(\.steps) == [1, 10, 10])
    for phase in profile.phases {
      #expect(phase.step.count == 5 && phase.timedStep.count == 5 && phase.overhead != nil)
      let rows = phase.rows()
      #expect(
        rows.last?.name == ProfileRow.between && rows.map(\.calls).reduce(0, +) == phase.operators.count)
      #expect(Set(rows.map(\.name)).count == rows.count)
      let linear = try #require(rows.first { $0.name == "mlp gate,up linear" })
      // Two layers of two matrices.
      #expect(linear.calls == 2 && linear.cost.flops == 2 * 2 * 2 * 128 * 64 * Double(phase.test.tokens))
      let layers = phase.rows(byLayer: true).filter { $0.name == "mlp gate,up linear" }
      #expect(layers.map(\.layer) == [0, 1] && layers.map(\.cost.flops).reduce(0, +) == linear.cost.flops)
      let sum = rows.reduce(0) { $0 + $1.seconds }
      #expect(abs(phase.operators.reduce(phase.beforeSeconds + phase.betweenSeconds) { $0 + $1.seconds } - sum) < 1e-9)
      // Means of the parts add up to the mean of some of the steps.
      #expect(sum > phase.timedStep.min * (1 - 1e-6) && sum < phase.timedStep.max * (1 + 1e-6))
      #expect(phase.quartiles.lowerBound >= phase.step.min && phase.quartiles.upperBound <= phase.step.max)
      #expect(phase.timeline.count == phase.operators.count)
    }
    #expect(profile.workloadSeconds > 0)
  }

  @Test("Opportunities are the bottlenecks with most time above the roofline, with what addresses them")
  func opportunities() throws {
    let profile = try Self.tiny(.init(prompt: 40, generated: 10))
    let found = profile.opportunities(10) { [$0.phase.rawValue] }
    // A tiny model is nothing but overhead.
    #expect(found.contains { $0.bottleneck == Bottleneck(.decode, .overhead) })
    #expect(found.map(\.seconds) == found.map(\.seconds).sorted(by: >))
    #expect(found.allSatisfy { $0.advice == [$0.bottleneck.phase.rawValue] && !$0.operators.isEmpty })
    var above = 0.0
    for phase in profile.phases {
      above += phase.rows().reduce(0) { $0 + $1.aboveRoofline } * Double(phase.steps)
    }
    #expect(abs(found.reduce(0) { $0 + $1.seconds } - above) < 1e-9 * above)
    #expect(profile.opportunities(1).count == 1)
  }

  @Test("A workload that cannot be measured is refused by name")
  func refusals() throws {
    #expect(throws: ProfilingError.self) { try Self.tiny(.init(prompt: 0, generated: 0)) }
    #expect(
      throws: ProfilingError.invalidSetting(field: "depth", problem: "257 tokens where the model's context holds 256")
    ) {
      try Self.tiny(.init(prompt: 8, generated: 1, depths: [256]))
    }
  }

  @Test("The roofline knows precision, refined inputs, memory and caches")
  func limits() throws {
    let machine = try Self.machine()
    func limits(_ cost: OperatorCost, _ arithmetic: [Precision: Double], step: Double) -> (Double, Double, String) {
      let limits = machine.limits(cost, arithmetic, stepBytes: step)
      return (limits.compute, limits.traffic, limits.place)
    }
    // 8e9 operations: 10 ms of int4 at once, 20 ms with refined inputs. 1e8 bytes of weights: 10 ms of memory.
    let product = OperatorCost(flops: 8e9, bytesRead: 1e8 + 1000, bytesWritten: 1000, residentBytes: 1e8)
    #expect(limits(product, [.int4: 1], step: 1e8) == (0.01, 0.01, "memory"))
    #expect(limits(product, [.int4: 2], step: 1e8).0 == 0.02)
    #expect(limits(product, [.int4: 0.5, .int8: 0.5], step: 1e8).0 == 0.5 * 8e9 / 800e9 + 0.5 * 8e9 / 400e9)
    // Weights of a step that the last cache holds come from there.
    let small = OperatorCost(flops: 0, bytesRead: 4e6, bytesWritten: 0, residentBytes: 4e6)
    #expect(limits(small, [.f32: 1], step: 4e6) == (0, 4e6 / 50e9, "L3"))
    #expect(limits(small, [.f32: 1], step: 9e6) == (0, 4e6 / 10e9, "memory"))
    // What operators hand to each other lies in the smallest cache that holds it.
    let norm = OperatorCost(flops: 0, bytesRead: 5e5, bytesWritten: 5e5)
    #expect(limits(norm, [.f32: 1], step: 1e8) == (0, 1e6 / 100e9, "L2"))
    let large = OperatorCost(flops: 0, bytesRead: 2e6, bytesWritten: 2e6)
    #expect(limits(large, [.f32: 1], step: 1e8) == (0, 4e6 / 50e9, "L3"))
    let huge = OperatorCost(flops: 0, bytesRead: 1e7, bytesWritten: 1e7)
    #expect(limits(huge, [.f32: 1], step: 1e8) == (0, 2e7 / 10e9, "memory"))
  }

  @Test("A trace holds every operator once, in order, with its layer and cost, and no two overlap")
  func trace() throws {
    let profile = try Self.tiny(.init(prompt: 40, generated: 10))
    let trace = try JSON(parsing: ChromeTrace.json(profile).line)
    let events = try #require(trace["traceEvents"]?.elements)
    let complete = events.filter { $0["ph"]?.text == "X" && $0["cat"]?.text != "step" }
    #expect(complete.count == profile.phases.reduce(0) { $0 + $1.operators.count })
    #expect(events.filter { $0["cat"]?.text == "step" }.count == 2)
    var end = 0.0
    for (event, one) in zip(complete, profile.phases.flatMap(\.operators)) {
      let (start, length) = (try #require(event["ts"]?.double), try #require(event["dur"]?.double))
      #expect(start >= end - 0.002 && length >= 0)
      end = start + length
      #expect(event["name"]?.text == one.name && event["args"]?["layer"]?.int == one.scope.layer)
      #expect(event["args"]?["flops"]?.double == one.cost.total.flops)
    }
  }

  @Test("The rows' figures hold together")
  func json() throws {
    let profile = try Self.tiny(.init(prompt: 20, generated: 5))
    let report = JSON.object(profile.members(byLayer: true) { _ in [] })
    let phase = try #require(report["phases"]?.elements?.first)
    let rows = try #require(phase["operators"]?.elements)
    #expect(phase["flops"]?.double == rows.reduce(0) { $0 + ($1["flops"]?.double ?? .nan) })
    for row in rows {
      let (seconds, roofline) = (try #require(row["seconds"]?.double), try #require(row["rooflineSeconds"]?.double))
      let bound = try #require(row["bound"]?.text.flatMap(ProfileRow.Bound.init))
      #expect((seconds > 4 * roofline) == (bound == .overhead), "\(row.line)")
    }
    #expect(report["ceilings"]?["caches"]?.elements?.count == 2 && report["overheadFactor"]?.double == 4)
    #expect((1...3).contains(report["opportunities"]?.elements?.count ?? 0))
  }
}
