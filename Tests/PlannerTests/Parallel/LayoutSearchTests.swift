import Costs
import Planner
import Testing

@Suite struct LayoutSearchTests {
  private static func run(batch: Int = 24) throws(PlannerError) -> TrainingRun {
    try TrainingRun(
      TransformerShape(
        name: "g", layers: 12, width: 512, heads: 8, kvHeads: 8, headDim: 64, feedForward: 2048, gated: false,
        vocabulary: 4096, tied: true, biased: true, positions: .learned(256)), sequence: 256, batch: batch)
  }

  private static func model(memory: Double) throws(PlannerError) -> ParallelCostModel {
    func figure(_ value: Double) -> Figure { Figure(value, source: "test", date: "2026-11") }
    let device = Device(
      name: "test", compute: [.f16: figure(300e12), .f32: figure(20e12)], memory: figure(memory),
      bandwidth: figure(2e12))
    return try ParallelCostModel.plain(
      AcceleratorCluster(
        "test", device: device,
        tiers: [
          AcceleratorCluster.Tier(devices: 4, bandwidth: figure(300e9), latency: figure(1e-6)),
          AcceleratorCluster.Tier(devices: .max, bandwidth: figure(25e9), latency: figure(3e-6)),
        ]))
  }

  /// Every layout of a small cluster, tried one by one: all that can be and fit are found, and nothing else.
  @Test func theSearchFindsWhatTryingFinds() throws {
    let (run, model) = (try Self.run(), try Self.model(memory: 0.9e9))
    for devices in [1, 6, 8] {
      var tried: [ParallelLayout: Double] = [:]
      var nearest: [[Int]: Double] = [:]
      for t in 1...devices where devices % t == 0 {
        for p in 1...devices / t where devices / t % p == 0 {
          for b in 1...24 {
            for v in 1...12 {
              for schedule in PipelineSchedule.allCases where p > 1 || schedule != .gpipe {
                for recomputation in Recomputation.allCases {
                  for sharding in StateSharding.allCases where devices / t / p > 1 || sharding == .none {
                    for shared in [false, true] {
                      let layout = ParallelLayout(
                        tensor: t, pipeline: p, data: devices / t / p, microbatch: b, chunks: v, schedule: schedule,
                        recomputation: recomputation, sharding: sharding, sharesNorms: shared)
                      guard model.refusal(of: layout, run, devices: devices) == nil else { continue }
                      let estimate = try model.estimate(run, layout, checksMemory: false)
                      if estimate.bytes <= 0.9e9 { tried[layout] = estimate.seconds }
                      let key = [t, p, devices / t / p]
                      nearest[key] = min(nearest[key] ?? .infinity, estimate.bytes)
                    }
                  }
                }
              }
            }
          }
        }
      }
      let search = try LayoutSearch(run, devices: devices, model)
      #expect(search.ranked.count == tried.count && !tried.isEmpty, "\(devices) devices")
      for estimate in search.ranked { #expect(tried[estimate.layout] == estimate.seconds) }
      #expect(zip(search.ranked, search.ranked.dropFirst()).allSatisfy { $0.seconds <= $1.seconds })
      for refused in search.refused {
        let key = [refused.layout.tensor, refused.layout.pipeline, refused.layout.data]
        if case .memory(let bytes, _) = refused.refusal {
          #expect(nearest[key] == bytes)
        } else {
          #expect(nearest[key] == nil)
        }
      }
      // Nothing is both faster and smaller than one of the front, and each of the rest has something that is no worse.
      for estimate in search.front {
        #expect(!search.ranked.contains { $0.seconds < estimate.seconds && $0.bytes <= estimate.bytes })
      }
      for estimate in search.ranked {
        #expect(search.front.contains { $0.seconds <= estimate.seconds && $0.bytes <= estimate.bytes })
      }
    }
  }

  /// A trillion weights on 3072 devices: the published layout is among those that fit.
  @Test func aTrillionWeightsHaveLayouts() throws {
    let row = try #require(MegatronRow.weakScaling.last)
    let run = try TrainingRun(row.shape, sequence: 2048, batch: row.batch)
    let model = try MegatronPrediction().model
    let search = try LayoutSearch(run, devices: 3072, model)
    #expect(search.examined > 5000 && search.ranked.contains { $0.layout == row.layout })
    // No layout fits without tensor groups: one layer's activations and the states of a stage are too large.
    #expect(search.refused.contains { $0.layout.tensor == 1 && $0.layout.pipeline == 64 })
    let narrow = try LayoutSearch(
      run, devices: 3072, model,
      LayoutSearch.Choices(
        recomputations: [.layer], shardings: [.none], sharesNorms: [false], schedules: [.oneForwardOneBackward],
        largestMicrobatch: 1, largestTensor: 8))
    #expect(narrow.ranked.allSatisfy { $0.layout.tensor <= 8 && $0.layout.microbatch == 1 && $0.layout.chunks == 1 })
    #expect(narrow.examined < search.examined && !narrow.ranked.isEmpty)
  }

  @Test func nothingFitsASmallDevice() throws {
    let search = try LayoutSearch(Self.run(), devices: 4, Self.model(memory: 1e6))
    #expect(search.ranked.isEmpty && search.front.isEmpty && !search.refused.isEmpty)
    #expect(search.refused.allSatisfy { !"\($0.refusal)".isEmpty })
    for devices in [0, -1, Int.max] {
      #expect(throws: PlannerError.self) { try LayoutSearch(Self.run(), devices: devices, Self.model(memory: 1e9)) }
    }
  }
}
