// Boosting Large-scale Parallel Training Efficiency with C4: A Communication-Driven Approach, 2024,
// https://arxiv.org/abs/2406.04594: what hashed paths cost two kinds of jobs, and what planned ones give back.
import Costs

/// The paper's two published gains, from the fabric's simulation. No constant is fitted on them.
public enum C4Prediction {
  /// How two ways of routing compare on one job.
  public struct Comparison: Sendable, Hashable {
    /// Seconds of a step that are not the fabric's.
    public var work: Double
    /// Seconds of its collectives at the line's rate.
    public var atLineRate: Double
    /// The same with hashed flows, one for each seed, [seeds].
    public var hashed: [Double]
    /// The same with planned flows.
    public var planned: Double

    /// Hashed seconds on average.
    public var meanHashed: Double { hashed.reduce(0, +) / Double(hashed.count) }
    /// The part of the rate without congestion that hashing loses.
    public var lost: Double { 1 - (work + atLineRate) / (work + meanHashed) }
    /// The part of it that planned flows reach.
    public var recovered: Double { (work + atLineRate) / (work + planned) }
    /// The part of a hashed step in which the job waits for the fabric.
    public var exposed: Double { meanHashed / (work + meanHashed) }
    /// How much faster the job is with planned flows, as a fraction.
    public var gain: Double { (work + meanHashed) / (work + planned) - 1 }
  }

  /// The fabric of 512 devices: nodes of 8 two-port cards at 2 × 200 Gbit/s, leaves of 32 ports down and 32 up.
  ///
  /// - Throws: ``PlannerError``.
  public static func fabric512() throws(PlannerError) -> FabricTopology {
    try FabricTopology(nodes: 64, cards: 8, nodesPerGroup: 4, spines: 32)
  }

  /// GPT-22B on 512 H800, eight devices to a copy as in its authors' run on eight (4 sequences of 2048), gradients summed in 16
  /// bits at the end of the step, one ring a card.
  ///
  /// Operators have the fractions that Megatron's table gives. The order of the rings is that of the nodes unless `shuffled`.
  ///
  /// - Throws: ``PlannerError``.
  public static func gpt22B(
    seeds: Int, queuePairs: Int = 4, overlapped: Bool = false, shuffled: Bool = false
  ) throws(PlannerError) -> Comparison {
    let topology = try fabric512()
    let fitted = try MegatronPrediction().model
    let model = try ParallelCostModel(.h800(), operators: fitted.operators, linkFractions: fitted.linkFractions)
    let shape = try ModelCatalogue.published.entry("GPT-22B").shape
    let run = try TrainingRun(shape, sequence: 2048, batch: 4 * topology.nodes, precision: .bf16)
    let layout = ParallelLayout(
      tensor: 8, pipeline: 1, data: topology.nodes, microbatch: 4, recomputation: .attention, sharesNorms: true)
    let estimate = try model.estimate(run, layout)
    let gradients =
      ShardWeights(shape, tensor: 8).stage(layers: Double(shape.layers), stages: 1) * run.widths.gradients
    var nodes = Array(0..<topology.nodes)
    if shuffled {
      // 27 and 64 have no common factor: neighbours of a ring are never of one group.
      nodes = nodes.map { $0 * 27 % topology.nodes }
    }
    let job = FabricJob(
      "GPT-22B", nodes: nodes, ranksPerNode: 1, bytes: Int(gradients) * topology.cards, operations: 1)
    // A backward pass takes two thirds of the products.
    let hidden = overlapped ? 2 * estimate.compute / 3 : 0
    func seconds(_ routing: FabricRouting) throws(PlannerError) -> Double {
      let catalogue = try PathCatalogue(topology)
      let report = try FabricSimulation([job], over: catalogue, routing: routing, queuePairs: queuePairs).run()
      return max(0, report.jobs[0].seconds - hidden)
    }
    var hashed: [Double] = []
    for seed in 0..<max(1, seeds) { hashed.append(try seconds(.ecmp(seed: UInt64(seed)))) }
    let line = try job.linkBytes(on: topology) / (2 * topology.portBandwidth)
    return Comparison(
      work: estimate.seconds - estimate.dataTransfers, atLineRate: max(0, line - hidden), hashed: hashed,
      planned: try seconds(.c4p))
  }

  /// Eight jobs of two nodes, each of which computes so long that it waits for the fabric in this part of a step where flows are
  /// hashed.
  ///
  /// - Throws: ``PlannerError``.
  public static func moderate(exposed: Double, seeds: Int, queuePairs: Int = 4) throws(PlannerError) -> Comparison {
    guard exposed > 0, exposed < 1 else {
      throw .invalid(field: "exposed", problem: "\(exposed) lies outside 0…1")
    }
    let topology = try FabricTopology()
    let catalogue = try PathCatalogue(topology)
    func seconds(_ work: Double, _ routing: FabricRouting) throws(PlannerError) -> Double {
      let jobs = try FabricJob.pairs(topology, compute: work)
      let report = try FabricSimulation(jobs, over: catalogue, routing: routing, queuePairs: queuePairs).run()
      return report.jobs.map(\.seconds).reduce(0, +) / Double(jobs.count)
    }
    let line = try FabricJob.pairs(topology)[0].linkBytes(on: topology) / (2 * topology.portBandwidth)
    var comparison = Comparison(work: 0, atLineRate: line, hashed: [], planned: 0)
    // The less often jobs communicate the less they meet: the work that gives the share is found in a few steps.
    for _ in 0..<6 {
      comparison.hashed = []
      for seed in 0..<max(1, seeds) {
        comparison.hashed.append(try seconds(comparison.work, .ecmp(seed: UInt64(seed))))
      }
      if comparison.work > 0, abs(comparison.exposed - exposed) < 0.005 { break }
      comparison.work = comparison.meanHashed * (1 - exposed) / exposed
    }
    comparison.planned = try seconds(comparison.work, .c4p)
    return comparison
  }

  /// The share that a 22-billion model loses on 512 devices, and the gain of a job that waits for a fifth of its time.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let large = try gpt22B(seeds: 3)
    let moderate = try moderate(exposed: 0.2, seeds: 5)
    return [
      Prediction(
        of: Published(
          "22 billion weights on 512 devices, lost to congestion with hashed paths, %",
          Figure(30, source: "arXiv 2406.04594v2, as others quote it", date: "2025-05"), verified: false),
        predicted: 100 * large.lost, plainRoofline: 0, limit: 10.0 / 30, heldOut: true),
      Prediction(
        of: Published(
          "a job that waits for the network a fifth of its time, faster with planned paths, %",
          Figure(15, source: "arXiv 2406.04594, abstract: moderate communication", date: "2024-06"), verified: true),
        predicted: 100 * moderate.gain, plainRoofline: 0, limit: 5.0 / 15, heldOut: true),
    ]
  }
}
