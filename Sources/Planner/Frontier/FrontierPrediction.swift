// Optimizing Distributed Training on Frontier for Large Language Models (2023), https://arxiv.org/abs/2312.12705: the speeds of three
// models and how they scale, predicted from one of them.
import Costs

/// Predicts the paper's figures.
public struct FrontierPrediction: Sendable {
  /// A model with the layout that it ran in. Layouts and batches are recalled, not read.
  public struct Case: Sendable, Hashable {
    /// The model.
    public let shape: TransformerShape
    /// Its layout.
    public let layout: ParallelLayout
    /// Sequences of a step.
    public let batch: Int
    /// Its published part of peak, in percent.
    public let utilization: Double
    /// Its published state, in bytes.
    public let state: Double
  }

  /// 22, 175 and 1008 billion weights.
  public static let cases: [Case] = [
    Case(
      shape: .gpt("GPT 22B", layers: 48, heads: 48, headDim: 128, positions: 2048, vocabulary: 51200),
      layout: layout(t: 2, p: 8, d: 4), batch: 1024, utilization: 38.38, state: 308e9),
    Case(
      shape: .gpt("GPT 175B", layers: 96, heads: 96, headDim: 128, positions: 2048, vocabulary: 51200),
      layout: layout(t: 4, p: 16, d: 16), batch: 10240, utilization: 36.14, state: 2.45e12),
    Case(
      shape: .gpt("GPT 1T", layers: 128, heads: 128, headDim: 200, positions: 2048, vocabulary: 51200),
      layout: layout(t: 8, p: 64, d: 6), batch: 9600, utilization: 31.96, state: 14e12),
  ]

  private static func layout(t: Int, p: Int, d: Int) -> ParallelLayout {
    ParallelLayout(tensor: t, pipeline: p, data: d, sharding: .optimizer)
  }

  /// The fraction of peak that products reach, fitted on the 22-billion model.
  public let matmul: Double
  /// The model.
  public let model: ParallelCostModel

  /// The fraction of the memory's rate that passes reach; FlashAttention-2's table on A100, whose stack is not this one.
  static let memory = 0.67
  /// The fractions of bandwidth that links reach: those of Megatron's table inside a node, DeepSeek's measurement between nodes.
  static let links = [0.54, 0.54, 0.8]

  /// Fits the fraction of products.
  ///
  /// - Throws: ``PlannerError``.
  public init() throws(PlannerError) {
    let cluster = try AcceleratorCluster.frontier()
    func model(_ matmul: Double) throws(PlannerError) -> ParallelCostModel {
      let product = Efficiency(compute: matmul, memory: Self.memory)
      return try ParallelCostModel(
        cluster,
        operators: RooflineCostModel(
          [.matmul: product, .attention: product, .attentionBackward: product],
          fallback: Efficiency(memory: Self.memory)), linkFractions: Self.links)
    }
    let first = Self.cases[0]
    let matmul = try Bisection.solve(for: first.utilization) { (matmul: Double) throws(PlannerError) in
      try Self.utilization(first, model(matmul))
    }
    self.matmul = matmul
    self.model = try model(matmul)
  }

  /// A case's run; attention in tiles, as the paper's.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func run(_ item: Case, batch: Int? = nil) throws(PlannerError) -> TrainingRun {
    try TrainingRun(item.shape, sequence: 2048, batch: batch ?? item.batch, kernel: .tiled)
  }

  /// The part of peak in percent, what is computed again counted, as Megatron counts.
  static func utilization(_ item: Case, _ model: ParallelCostModel) throws(PlannerError) -> Double {
    let run = try run(item)
    guard let peak = model.cluster.device.compute[run.precision] else {
      throw .unsupportedPrecision(run.precision, device: model.cluster.device.name)
    }
    return 100 * (try model.estimate(run, item.layout)).teraflops(run) * 1e12 / peak.value
  }

  /// All figures.
  ///
  /// - Throws: ``PlannerError``.
  public func predictions() throws(PlannerError) -> [Prediction] {
    let plain = try ParallelCostModel.plain(model.cluster)
    let abstract = "arXiv 2312.12705, abstract"
    func published(_ name: String, _ value: Double, _ source: String, verified: Bool) -> Published {
      Published(name, Figure(value, source: source, date: "2023-12"), verified: verified)
    }
    var rows: [Prediction] = []
    for (index, item) in Self.cases.enumerated() {
      rows.append(
        Prediction(
          of: published("\(item.shape.name), part of peak, %", item.utilization, abstract, verified: true),
          predicted: try Self.utilization(item, model), plainRoofline: try Self.utilization(item, plain), limit: 0.1,
          heldOut: index > 0))
    }
    for (item, weak, strong, from, batch) in [
      (Self.cases[1], 1024, 0.89, 4, 8000), (Self.cases[2], 3072, 0.87, 2, 8016),
    ] {
      let copies = [from, item.layout.data]
      func efficiency(_ kind: ScalingStudy.Kind, _ batch: Int, _ model: ParallelCostModel) throws(PlannerError)
        -> Double
      {
        let study = try ScalingStudy(kind, Self.run(item, batch: batch), item.layout, copies: copies, model)
        return study.points.last?.efficiency ?? .nan
      }
      let share = item.batch / item.layout.data * from
      rows += [
        Prediction(
          of: published("\(item.shape.name), weak efficiency on \(weak)", 1, abstract, verified: true),
          predicted: try efficiency(.weak, share, model), plainRoofline: try efficiency(.weak, share, plain),
          limit: 0.03,
          heldOut: true),
        Prediction(
          of: published("\(item.shape.name), strong efficiency on \(weak)", strong, abstract, verified: true),
          predicted: try efficiency(.strong, batch, model), plainRoofline: try efficiency(.strong, batch, plain),
          limit: 0.05 / strong, heldOut: true),
      ]
    }
    for item in Self.cases {
      rows.append(
        Prediction(
          of: published(
            "\(item.shape.name), state at 14 bytes a weight, TB", item.state / 1e12, "recalled in sheet 038",
            verified: false),
          predicted: StateAccounting.fourteen.bytes(item.shape) / 1e12,
          plainRoofline: StateAccounting.sixteen.bytes(item.shape) / 1e12, limit: 0.02, heldOut: true))
    }
    let trillion = Self.cases[2].shape
    rows.append(
      Prediction(
        of: published("a trillion weights on 20·10¹² tokens, 10¹⁸ operations", 120e6, abstract, verified: true),
        predicted: 6 * Double(trillion.parameters) * 20e12 / 1e18,
        plainRoofline: (try trillion.trainingOperationsPerToken(sequence: 2048, causal: true)) * 20e12 / 1e18,
        limit: 0.02,
        heldOut: true))
    return rows
  }

  /// The space that the paper tuned 175 billion weights in, recalled: stages, tensor groups, microbatches, microbatches of a step,
  /// ZeRO-1, nodes of 8. In this model one of twenty settings fits.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func paperSpace() throws(PlannerError) -> SearchSpace {
    try SearchSpace([
      SearchSpace.Dimension("pipeline", [1, 2, 4, 8, 12, 16]), SearchSpace.Dimension("tensor", [1, 2, 4, 8]),
      SearchSpace.Dimension("microbatch", Array(4...20)), SearchSpace.Dimension("accumulation", [5, 10]),
      SearchSpace.Dimension("zero1", [0, 1]), SearchSpace.Dimension("nodes", [12, 16]),
    ])
  }

  /// The space that searches are measured in: the same model on 32 nodes, with chunks and what is computed again.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func space() throws(PlannerError) -> SearchSpace {
    try SearchSpace([
      SearchSpace.Dimension("pipeline", [1, 2, 4, 8, 16, 32]), SearchSpace.Dimension("tensor", [1, 2, 4, 8]),
      SearchSpace.Dimension("microbatch", [1, 2, 4, 8]), SearchSpace.Dimension("accumulation", [8, 16, 32, 64]),
      SearchSpace.Dimension("zero1", [0, 1]), SearchSpace.Dimension("nodes", [32]),
      SearchSpace.Dimension("chunks", [1, 2, 3]), SearchSpace.Dimension("recompute", [0, 1, 2]),
    ])
  }
}
