import Costs
import Planner
import Testing

@Suite struct ParallelCostModelTests {
  private static func figure(_ value: Double) -> Figure { Figure(value, source: "test", date: "2026-11") }

  private static func device(memory: Double = 80e9) -> Device {
    Device(
      name: "test", compute: [.f16: figure(300e12), .f32: figure(20e12)], memory: figure(memory),
      bandwidth: figure(2e12))
  }

  /// Nodes of 8 whose links are `node` and `network` bytes a second.
  private static func model(
    memory: Double = 80e9, node: Double = 300e9, network: Double = 25e9, latency: Double = 0
  ) throws(PlannerError) -> ParallelCostModel {
    let cluster = try AcceleratorCluster(
      "test", device: device(memory: memory),
      tiers: [
        AcceleratorCluster.Tier(devices: 8, bandwidth: figure(node), latency: figure(latency)),
        AcceleratorCluster.Tier(devices: .max, bandwidth: figure(network), latency: figure(latency)),
      ])
    return try ParallelCostModel(
      cluster, operators: RooflineCostModel([.matmul: Efficiency(compute: 0.7, memory: 0.6)]), linkFractions: [1])
  }

  private static func run(layers: Int = 8, batch: Int = 16) throws(PlannerError) -> TrainingRun {
    try TrainingRun(shape(layers: layers), sequence: 256, batch: batch)
  }

  private static func shape(layers: Int) throws(PlannerError) -> TransformerShape {
    try TransformerShape(
      name: "g", layers: layers, width: 512, heads: 8, kvHeads: 8, headDim: 64, feedForward: 2048, gated: false,
      vocabulary: 4096, tied: true, biased: true, positions: .learned(256))
  }

  /// On one device a layout is the training step that is planned operator by operator, and takes its memory.
  @Test func oneDeviceIsTheStepItself() throws {
    let (run, model) = (try Self.run(), try Self.model())
    for recomputation in Recomputation.allCases {
      for microbatch in [1, 4, 16] {
        let layout = ParallelLayout(
          tensor: 1, pipeline: 1, data: 1, microbatch: microbatch, recomputation: recomputation)
        let estimate = try model.estimate(run, layout)
        let load = try Workload(sequences: microbatch, tokens: 256)
        let step = try run.shape.training(
          load, microbatches: 16 / microbatch, kernel: run.kernel, recomputation: recomputation, precision: .f16)
        let seconds = try model.operators.estimate(step, on: model.cluster.device).seconds
        #expect(abs(estimate.seconds / seconds - 1) < 1e-12, "\(layout)")
        #expect(estimate.bubble == 0 && estimate.tensorTransfers == 0 && estimate.dataTransfers == 0)
        let bytes = run.shape.trainingBytes(load, kernel: run.kernel, recomputation: recomputation)
        #expect(abs(estimate.bytes / bytes - 1) < 1e-12, "\(layout)")
      }
    }
  }

  /// 96·B·s·l·h²·(1 + s/(6h) + V/(16lh)), and with 72 and V/12 where nothing is computed again.
  @Test func countedOperationsAreThePapers() throws {
    let run = try Self.run()
    let (b, s, l, h, v) = (16.0, 256.0, 8.0, 512.0, 4096.0)
    let again = 96 * b * s * l * h * h * (1 + s / (6 * h) + v / (16 * l * h))
    let once = 72 * b * s * l * h * h * (1 + s / (6 * h) + v / (12 * l * h))
    #expect(abs(run.countedOperations(recomputed: true) / again - 1) < 1e-12)
    #expect(abs(run.countedOperations(recomputed: false) / once - 1) < 1e-12)
  }

  /// 8·b·s·h·(t − 1)/t numbers of each layer and microbatch, and half as much again where layers are computed again.
  @Test func tensorGroupsMoveTheirTraffic() throws {
    let (run, model) = (try Self.run(), try Self.model())
    for tensor in [2, 4, 8] {
      for microbatch in [1, 2] {
        let kept = ParallelLayout(
          tensor: tensor, pipeline: 1, data: 1, microbatch: microbatch, recomputation: .none)
        var again = kept
        again.recomputation = .layer
        let (a, b) = (try model.estimate(run, kept), try model.estimate(run, again))
        // The difference is one forward pass of layers, without the embedding and the head.
        let numbers = 16.0 * 256 * 512
        let forward = 8 * 4 * numbers * Double(tensor - 1) / Double(tensor) * 2 / 300e9
        #expect(abs((b.tensorTransfers - a.tensorTransfers) / forward - 1) < 1e-9)
        #expect(a.tensorTransfers > 2 * forward && a.tensorTransfers < 2 * forward * 1.2)
        // Shared norms move as many bytes.
        var shared = kept
        shared.sharesNorms = true
        #expect(try model.estimate(run, shared).tensorTransfers == a.tensorTransfers)
        #expect(try model.estimate(run, shared).compute < a.compute)
        #expect(try model.estimate(run, shared).activationBytes < a.activationBytes)
      }
    }
  }

  /// A group that shares what it sends cuts a link's bytes by exactly t.
  @Test func scatteredBoundariesSendAPart() throws {
    let run = try Self.run()
    // The link inside is so fast that gathering takes no time.
    let model = try Self.model(node: 1e30)
    for tensor in [2, 4] {
      var layout = ParallelLayout(tensor: tensor, pipeline: 8, data: 1, scattersBoundary: false)
      let whole = try model.estimate(run, layout).boundaryTransfers
      layout.scattersBoundary = true
      let part = try model.estimate(run, layout).boundaryTransfers
      #expect(abs(whole / part - Double(tensor)) < 1e-9)
      // Two messages of b·s·h numbers a microbatch.
      #expect(abs(whole - 16 * 2 * 256 * 512 * 2 / 25e9) < 1e-12)
    }
  }

  /// (m + (p − 1)/v) times a stage's passes, where links take no time and the ends weigh nothing.
  @Test func thePipelineTakesTheClosedForm() throws {
    var shape = try Self.shape(layers: 8)
    shape.vocabulary = 1
    let run = try TrainingRun(shape, sequence: 256, batch: 16)
    let model = try Self.model(node: 1e30, network: 1e30)
    let one = try model.estimate(run, ParallelLayout(tensor: 1, pipeline: 1, data: 1)).compute / 16
    for (p, v) in [(2, 1), (2, 2), (2, 4), (4, 1), (4, 2), (8, 1)] {
      let estimate = try model.estimate(run, ParallelLayout(tensor: 1, pipeline: p, data: 1, chunks: v))
      let expected = one / Double(p) * (16 + Double(p - 1) / Double(v))
      let steps = estimate.compute + estimate.bubble
      #expect(abs(steps / expected - 1) < 0.03, "p \(p) v \(v)")
      #expect(estimate.bubbleFraction == Double(p - 1) / Double(16 * v))
    }
  }

  /// A ring over copies sends 2 (d − 1)/d of the gradients; ZeRO-1 as much, in a d-th of the optimizer's memory.
  @Test func copiesSumTheirGradients() throws {
    let (run, model) = (try Self.run(), try Self.model())
    let weights = Double(run.shape.parameters)
    for data in [2, 4, 16] {
      var layout = ParallelLayout(tensor: 1, pipeline: 1, data: data)
      let whole = try model.estimate(run, layout)
      let link = data <= 8 ? 300e9 : 25e9
      let expected = 2 * Double(data - 1) / Double(data) * 2 * weights / link
      #expect(abs(whole.dataTransfers / expected - 1) < 1e-9)
      #expect(abs(whole.stateBytes / (16 * weights) - 1) < 1e-12)
      layout.sharding = .optimizer
      let shared = try model.estimate(run, layout)
      #expect(abs(shared.dataTransfers / expected - 1) < 1e-9)
      #expect(abs(shared.stateBytes / ((4 + 12 / Double(data)) * weights) - 1) < 1e-12)
      #expect(abs(shared.optimizer * Double(data) / whole.optimizer - 1) < 1e-9)
      layout.overlapsGradients = true
      #expect(try model.estimate(run, layout).dataTransfers <= shared.dataTransfers)
      layout.sharding = .weights
      // Weights twice and gradients once: half as many bytes again, of which the backward pass may hide a third.
      let sharded = try model.estimate(run, layout).dataTransfers / Double(16 / data)
      #expect(sharded >= expected * (1 - 1e-9) && sharded <= 1.5 * expected * (1 + 1e-9))
    }
  }

  /// More of a resource is never slower; a slower network never faster.
  @Test func timeFollowsTheLinks() throws {
    let run = try Self.run()
    let layout = ParallelLayout(tensor: 4, pipeline: 2, data: 2)
    let base = try Self.model().estimate(run, layout).seconds
    #expect(try Self.model(node: 600e9).estimate(run, layout).seconds < base)
    #expect(try Self.model(network: 50e9).estimate(run, layout).seconds < base)
    #expect(try Self.model(latency: 1e-5).estimate(run, layout).seconds > base)
    let plain = try ParallelCostModel.plain(Self.model().cluster).estimate(run, layout).seconds
    #expect(plain < base)
  }

  @Test func whatCannotBeIsSaid() throws {
    let (run, model) = (try Self.run(), try Self.model())
    func refusal(_ layout: ParallelLayout, devices: Int? = nil) -> LayoutRefusal? {
      model.refusal(of: layout, run, devices: devices)
    }
    #expect(refusal(ParallelLayout(tensor: 2, pipeline: 2, data: 2)) == nil)
    #expect(refusal(ParallelLayout(tensor: 2, pipeline: 2, data: 2), devices: 9) == .devices(product: 8, devices: 9))
    #expect(
      refusal(ParallelLayout(tensor: 3, pipeline: 1, data: 1)) == .tensor(field: "heads", value: 8, tensor: 3))
    #expect(refusal(ParallelLayout(tensor: 1, pipeline: 3, data: 1)) == .layers(8, stages: 3, chunks: 1))
    #expect(
      refusal(ParallelLayout(tensor: 1, pipeline: 4, data: 8, chunks: 2)) == .microbatches(2, stages: 4))
    #expect(
      refusal(ParallelLayout(tensor: 1, pipeline: 2, data: 3)) == .batch(16, copies: 3, microbatch: 1))
    #expect(
      refusal(ParallelLayout(tensor: 1, pipeline: 2, data: 1, chunks: 2, schedule: .gpipe))
        == .chunks(2, schedule: .gpipe))
    #expect(
      refusal(ParallelLayout(tensor: 1, pipeline: 1, data: 1, chunks: 2)) == .chunks(2, schedule: .interleaved))
    #expect(refusal(ParallelLayout(tensor: 1, pipeline: 1, data: 1, sharesNorms: true)) == .norms)
    #expect(refusal(ParallelLayout(tensor: 2, pipeline: 1, data: 2, sharding: .weights)) == .sharding)
    #expect(refusal(ParallelLayout(tensor: 1, pipeline: 2, data: 2, sharding: .gradients)) == .sharding)
    for bad in [0, -1, Int.max, .min] {
      for layout in [
        ParallelLayout(tensor: bad, pipeline: 1, data: 1), ParallelLayout(tensor: 1, pipeline: bad, data: 1),
        ParallelLayout(tensor: 1, pipeline: 1, data: bad),
        ParallelLayout(tensor: 1, pipeline: 1, data: 1, microbatch: bad),
        ParallelLayout(tensor: 1, pipeline: 2, data: 1, chunks: bad, schedule: .interleaved),
      ] {
        let refusal = refusal(layout)
        #expect(refusal != nil && refusal.map { !"\($0)".isEmpty } == true)
        #expect(throws: PlannerError.self) { try model.estimate(run, layout) }
      }
    }
    let huge = ParallelLayout(tensor: 1 << 24, pipeline: 1 << 24, data: 1 << 24)
    #expect(throws: PlannerError.self) { try model.estimate(run, huge) }
    // What does not fit is said with its bytes.
    let small = try Self.model(memory: 1e8)
    #expect(throws: PlannerError.self) { try small.estimate(run, ParallelLayout(tensor: 1, pipeline: 1, data: 1)) }
    _ = try small.estimate(run, ParallelLayout(tensor: 1, pipeline: 1, data: 1), checksMemory: false)
  }

  @Test func hostileClustersAndRunsAreRefused() throws {
    let tier = AcceleratorCluster.Tier(devices: 8, bandwidth: Self.figure(1e9), latency: Self.figure(0))
    for tiers in [
      [], [tier, tier], [AcceleratorCluster.Tier(devices: 8, bandwidth: Self.figure(0), latency: Self.figure(0))],
      [AcceleratorCluster.Tier(devices: 0, bandwidth: Self.figure(1), latency: Self.figure(0))],
      [AcceleratorCluster.Tier(devices: 8, bandwidth: Self.figure(1), latency: Self.figure(.nan))],
    ] {
      #expect(throws: PlannerError.self) { try AcceleratorCluster("x", device: Self.device(), tiers: tiers) }
    }
    let cluster = try AcceleratorCluster("x", device: Self.device(), tiers: [tier])
    for fractions in [[], [0], [1.1], [.nan], [1, -1]] {
      #expect(throws: PlannerError.self) {
        try ParallelCostModel(cluster, operators: .plain, linkFractions: fractions)
      }
    }
    for (sequence, batch) in [(0, 1), (1, 0), (.max, 1), (1, .min)] {
      #expect(throws: PlannerError.self) {
        try TrainingRun(Self.shape(layers: 2), sequence: sequence, batch: batch)
      }
    }
    #expect(throws: PlannerError.self) {
      try TrainingRun(ModelCatalogue.published.entry("mixtral").shape, sequence: 1, batch: 1)
    }
    #expect(throws: PlannerError.self) { try AcceleratorCluster.named("fugaku") }
    for name in ["selene", "Frontier", "h800"] { _ = try AcceleratorCluster.named(name) }
  }
}
