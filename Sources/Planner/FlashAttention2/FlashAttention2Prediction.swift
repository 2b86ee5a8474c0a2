// FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning (2023),
// https://arxiv.org/abs/2307.08691: what it gains in training GPTs end to end, predicted.
import Costs

/// Predicts the paper's table of training speeds from one of its rows.
public struct FlashAttention2Prediction: Sendable {
  /// The three ways of computing attention that the table compares.
  public enum Attention: String, Sendable, CaseIterable {
    /// Matrices in memory.
    case standard
    /// The first FlashAttention.
    case v1
    /// The second.
    case v2
  }

  /// Parts of peak that attention kernels reach at their best, from the paper's text (abstract, sections 1 and 3.1), not
  /// from its table: the first version 50 % forward and 35 % backward, the second 73 % and 63 %. Skipping the blocks
  /// above the diagonal saves a factor of 1.7 to 1.8, not 2.
  static let kernels: [Attention: (forward: Double, backward: Double)] = [.v1: (0.50, 0.35), .v2: (0.73, 0.63)]
  static let causalGain = 1.75 / 2

  /// 8 A100 with 80 GB; the optimizer's state is shared among them (the repository's configurations).
  static let devices = 8
  /// Tokens between two runs of the optimizer, over all devices (the repository's configurations, 512 × 2048).
  static let batchTokens = 1 << 20
  /// 16 bits, with the residual stream in 32 (the repository's configurations).
  package static let widths = NumberWidths(weights: 2, activations: 2, residual: 4, gradients: 2, optimizer: 12)

  /// The device that everything runs on.
  public let device: Device
  /// The fraction of peak that products of matrices reach, fitted.
  public let matmul: Double
  /// The fraction of the memory's rate that passes over numbers reach, fitted.
  public let memory: Double

  /// Fits both fractions on one row: its speeds without FlashAttention and with v2.
  ///
  /// - Throws: ``PlannerError`` when the row's model cannot be planned on the device.
  public init(fittedOn row: FlashAttention2Row, device: Device) throws(PlannerError) {
    self.device = device
    let standard = try Self.step(row, .standard, on: device)
    let v2 = try Self.step(row, .v2, on: device)
    let operations = Self.countedOperations(row)
    func speed(
      _ step: PlannedStep, _ attention: Attention, _ matmul: Double, _ memory: Double
    ) throws(PlannerError) -> Double {
      let model = try Self.model(attention, matmul: matmul, memory: memory)
      return operations / (try model.estimate(step, on: device).seconds) / 1e12
    }
    func matmul(at memory: Double) throws(PlannerError) -> Double {
      try Bisection.solve(for: row.v2.figure.value) { (matmul: Double) throws(PlannerError) -> Double in
        try speed(v2, .v2, matmul, memory)
      }
    }
    memory = try Bisection.solve(for: row.standard.figure.value) { (memory: Double) throws(PlannerError) -> Double in
      try speed(standard, .standard, try matmul(at: memory), memory)
    }
    self.matmul = try matmul(at: memory)
  }

  /// The paper's rows and the ratios of v2 to v1, predicted from `rows[0]`.
  ///
  /// - Throws: ``PlannerError`` when a row's model cannot be planned on the device.
  public static func predictions(
    rows: [FlashAttention2Row] = FlashAttention2Row.table, device: Device? = nil
  ) throws(PlannerError) -> [Prediction] {
    guard let first = rows.first else { return [] }
    let device = if let device { device } else { try a100() }
    let fitted = try FlashAttention2Prediction(fittedOn: first, device: device)
    var predictions: [Prediction] = []
    for row in rows {
      var speeds: [Attention: (predicted: Double, plain: Double)] = [:]
      for attention in Attention.allCases {
        let speed = (
          predicted: try fitted.teraflops(row, attention), plain: try plainTeraflops(row, attention, on: device)
        )
        speeds[attention] = speed
        predictions.append(
          Prediction(
            of: row[attention], predicted: speed.predicted, plainRoofline: speed.plain, limit: 0.2,
            heldOut: row != first))
      }
      guard let v1 = speeds[.v1], let v2 = speeds[.v2] else { continue }
      predictions.append(
        Prediction(
          of: row.ratio, predicted: v2.predicted / v1.predicted, plainRoofline: v2.plain / v1.plain, limit: 0.2,
          heldOut: row != first))
    }
    return predictions
  }

  /// The speed of a row's training in the paper's unit, 10¹² counted operations a second on each device.
  ///
  /// - Throws: ``PlannerError`` when the row's model cannot be planned on the device.
  public func teraflops(_ row: FlashAttention2Row, _ attention: Attention) throws(PlannerError) -> Double {
    let model = try Self.model(attention, matmul: matmul, memory: memory)
    let estimate = try model.estimate(try Self.step(row, attention, on: device), on: device)
    return Self.countedOperations(row) / estimate.seconds / 1e12
  }

  /// The same at the device's limits, with everything kept: both versions of FlashAttention are one to it.
  private static func plainTeraflops(
    _ row: FlashAttention2Row, _ attention: Attention, on device: Device
  ) throws(PlannerError) -> Double {
    let step = try step(row, attention, recomputation: Recomputation.none, on: device)
    return countedOperations(row) / (try RooflineCostModel.plain.estimate(step, on: device).seconds) / 1e12
  }

  private static func model(
    _ attention: Attention, matmul: Double, memory: Double
  ) throws(PlannerError) -> RooflineCostModel {
    var efficiencies = [OperatorKind.matmul: Efficiency(compute: matmul, memory: memory)]
    if let kernel = kernels[attention] {
      efficiencies[.attentionForward] = Efficiency(compute: kernel.forward * causalGain, memory: memory)
      efficiencies[.attentionBackward] = Efficiency(compute: kernel.backward * causalGain, memory: memory)
    }
    return try RooflineCostModel(efficiencies, fallback: Efficiency(memory: memory))
  }

  /// One device's share of a training step, a sequence at a time; recomputes what the memory does not hold.
  package static func step(
    _ row: FlashAttention2Row, _ attention: Attention, recomputation: Recomputation? = nil, on device: Device
  ) throws(PlannerError) -> PlannedStep {
    let load = try Workload(tokens: row.tokens)
    let kernel: AttentionKernel = attention == .standard ? .materialized(dropout: true) : .tiled
    let policy =
      if let recomputation { recomputation } else {
        try row.shape.recomputation(load, kernel: kernel, widths: widths, shards: devices, on: device)
      }
    return try row.shape.training(
      load, microbatches: batchTokens / devices / row.tokens, kernel: kernel, recomputation: policy, widths: widths,
      shards: devices)
  }

  /// Operations as the paper counts them, of one device's share of a step: 6·N·parameters + 12·layers·width·N² for each
  /// sequence, without halving for causality.
  package static func countedOperations(_ row: FlashAttention2Row) -> Double {
    let tokens = Double(row.tokens)
    let sequence =
      6 * tokens * Double(row.shape.parameters) + 12 * Double(row.shape.layers * row.shape.width) * tokens * tokens
    return sequence * Double(batchTokens / devices / row.tokens)
  }

  private static func a100() throws(PlannerError) -> Device {
    do { return try DeviceCatalogue.published.device("A100-SXM-80GB") } catch {
      throw .device(error)
    }
  }
}
