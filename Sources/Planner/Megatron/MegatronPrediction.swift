// Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM (SC 2021), https://arxiv.org/abs/2104.04473:
// its tables of speeds in layouts of tensor, pipeline and data parallelism, predicted from two rows.
import Costs

/// Predicts the paper's speeds.
public struct MegatronPrediction: Sendable {
  /// The fraction of peak that products of matrices reach, fitted on the first row of table 1, which has one device a group.
  public let matmul: Double
  /// The fraction of its bandwidth that the link inside a node reaches, fitted on the fourth row, whose groups have eight.
  public let node: Double
  /// The model with these.
  public let model: ParallelCostModel

  /// The rows of table 1 that constants are fitted on.
  static let fitted = [0, 3]
  /// The fraction of a card's bandwidth that transfers between nodes reach: more than 40 of 50 · 10⁹ bytes a second, measured with
  /// other cards by DeepSeek (arXiv 2505.09343, figure 7). No row is fitted on it.
  static let network = 0.8

  /// Fits both fractions. The fraction of the memory's rate is that of FlashAttention-2's table on the same device.
  ///
  /// - Throws: ``PlannerError``.
  public init() throws(PlannerError) {
    let cluster = try AcceleratorCluster.selene()
    guard let row = FlashAttention2Row.table.first else {
      throw .invalid(field: "FlashAttention2Row.table", problem: "is empty")
    }
    let memory = try FlashAttention2Prediction(fittedOn: row, device: cluster.device).memory
    func model(_ matmul: Double, _ node: Double) throws(PlannerError) -> ParallelCostModel {
      try ParallelCostModel(
        cluster,
        operators: RooflineCostModel(
          [.matmul: Efficiency(compute: matmul, memory: memory)], fallback: Efficiency(memory: memory)),
        linkFractions: [node, Self.network])
    }
    let rows = Self.fitted.map { MegatronRow.weakScaling[$0] }
    // The first row has no groups: its speed depends on products alone.
    let matmul = try Bisection.solve(for: rows[0].published.figure.value) { (matmul: Double) throws(PlannerError) in
      try Self.value(rows[0], model(matmul, 1))
    }
    let node = try Bisection.solve(for: rows[1].published.figure.value) { (node: Double) throws(PlannerError) in
      try Self.value(rows[1], model(matmul, node))
    }
    self.matmul = matmul
    self.node = node
    self.model = try model(matmul, node)
  }

  /// A row's number as a model predicts it; that the layout fits is taken from its having run.
  static func value(_ row: MegatronRow, _ model: ParallelCostModel) throws(PlannerError) -> Double {
    let run = try TrainingRun(row.shape, sequence: 2048, batch: row.batch)
    let estimate = try model.estimate(run, row.layout, checksMemory: false)
    switch row.quantity {
    case .teraflops: return estimate.teraflops(run)
    case .utilization:
      guard let peak = model.cluster.device.compute[run.precision] else {
        throw .unsupportedPrecision(run.precision, device: model.cluster.device.name)
      }
      return 100 * estimate.modelTeraflops(run) * 1e12 / peak.value
    }
  }

  /// All rows: both tables, the times to train and the follow-up's utilization.
  ///
  /// - Throws: ``PlannerError``.
  public func predictions() throws(PlannerError) -> [Prediction] {
    let plain = try ParallelCostModel.plain(model.cluster)
    var all: [Prediction] = []
    func add(_ rows: [MegatronRow], limit: Double, fitted: [Int] = []) throws(PlannerError) {
      for (index, row) in rows.enumerated() {
        all.append(
          Prediction(
            of: row.published, predicted: try Self.value(row, model), plainRoofline: try Self.value(row, plain),
            limit: limit, heldOut: !fitted.contains(index)))
      }
    }
    try add(MegatronRow.weakScaling, limit: 0.15, fitted: Self.fitted)
    all += try days(plain)
    try add(MegatronRow.composed, limit: 0.2)
    // Nothing is fitted on these, but that operators wait for gathered weights was settled with the rows in sight.
    try add(MegatronRow.sharded, limit: 0.2, fitted: Array(MegatronRow.sharded.indices))
    try add(MegatronRow.selective, limit: 0.15)
    return all
  }

  /// Days to train: 8·T·P / (n·X) with the predicted speed X, as the paper reckons with its own.
  private func days(_ plain: ParallelCostModel) throws(PlannerError) -> [Prediction] {
    let source = "arXiv 2104.04473, section 5.1"
    let layout = ParallelLayout(tensor: 8, pipeline: 8, data: 16, chunks: 2)
    let cases: [(String, TransformerShape, Int, ParallelLayout, Double, Double, Double)] = [
      // The layout on 1024 devices was not published.
      ("175B on 300·10⁹ tokens and 1024, days", MegatronRow.composed[0].shape, 1536, layout, 175e9, 300e9, 34),
      (
        "1T on 450·10⁹ tokens and 3072, days", MegatronRow.weakScaling[9].shape, 3072,
        MegatronRow.weakScaling[9].layout,
        1008e9, 450e9, 84
      ),
    ]
    var rows: [Prediction] = []
    for (name, shape, batch, layout, weights, tokens, published) in cases {
      let run = try TrainingRun(shape, sequence: 2048, batch: batch)
      func days(_ model: ParallelCostModel) throws(PlannerError) -> Double {
        let estimate = try model.estimate(run, layout, checksMemory: false)
        return 8 * tokens * weights / Double(estimate.devices) / (estimate.teraflops(run) * 1e12) / 86400
      }
      rows.append(
        Prediction(
          of: Published(name, Figure(published, source: source, date: "2021-04"), verified: true),
          predicted: try days(model), plainRoofline: try days(plain), limit: 0.05, heldOut: true))
    }
    return rows
  }

  /// The layouts of the 162-billion model on 64 devices that figure 13 compares, with their predicted speeds at a batch; the
  /// paper finds t = p = 8 the fastest.
  ///
  /// - Throws: ``PlannerError``.
  public func figure13(batch: Int) throws(PlannerError) -> [(layout: ParallelLayout, teraflops: Double)] {
    let shape = TransformerShape.gpt(
      "GPT 162.2B", layers: 32, heads: 128, headDim: 160, positions: 2048, vocabulary: 51200)
    let run = try TrainingRun(shape, sequence: 2048, batch: batch)
    var rows: [(layout: ParallelLayout, teraflops: Double)] = []
    for tensor in [2, 4, 8, 16, 32] {
      let layout = ParallelLayout(tensor: tensor, pipeline: 64 / tensor, data: 1)
      rows.append((layout, try model.estimate(run, layout, checksMemory: false).teraflops(run)))
    }
    return rows
  }
}
