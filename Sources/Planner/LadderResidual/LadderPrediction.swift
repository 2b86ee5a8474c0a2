import Costs

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The published speeds from constants that are fitted on the standard wiring's rows alone.
public struct LadderPrediction: Sendable {
  /// Constants where devices write to each other's memory.
  public let direct: LadderResidual.Constants
  /// Constants where they do not: the links alone differ.
  public let indirect: LadderResidual.Constants
  /// The model.
  public let shape: TransformerShape
  /// The device.
  public let device: Device

  /// The part of the arithmetic rate that products reach, as fitted on Megatron's first row. It is not fitted here: seconds of prompts
  /// and of cached keys both grow with batch / devices, so that the rows tell one of both alone.
  public static let compute = 0.737

  /// Where the fit begins, near the best end that scipy finds from four places (a kink between the indirect links makes others), and
  /// where it ends at the most: shares, seconds, passes, and of three links latency and bandwidth.
  private static let start = [0.86, 0.72, 1.29e-5, 5.68, 1.84e-6, 1.405e11, 4.25e-6, 7.57e9, 6.59e-6, 1.62e11]
  private static let bounds = [
    0.1...1, 0.1...1, 1e-7...1e-3, 0.5...20, 1e-8...1e-3, 1e9...9e11, 1e-8...1e-3, 1e9...9e11, 1e-8...1e-3, 1e9...9e11,
  ]

  /// Fits ten constants on the twenty rows of the standard wiring, by the logarithm of their speeds.
  ///
  /// - Throws: ``PlannerError``.
  public init() throws(PlannerError) {
    let shape = try ModelCatalogue.published.entry("Llama-3-70B").shape
    let device: Device
    do { device = try DeviceCatalogue.published.device("H100-SXM") } catch { throw .device(error) }
    let rows = LadderRow.table.filter { $0.wiring == .standard }
    let fit = try CurveFit(
      start: Self.start.map { log($0) }, bounds: Self.bounds.map { log($0.lowerBound)...log($0.upperBound) }
    ) { parameters in
      let constants = Self.constants(parameters.map { exp($0) })
      return rows.map { row in
        let own = row.isDirect ? constants.direct : constants.indirect
        let speed = try? LadderResidual(shape, on: device, devices: row.devices, constants: own)
          .standardTokensPerSecond(batch: row.batch, prompt: 1024, answer: 512)
        return speed.map { log($0 / row.tokensPerSecond) } ?? .infinity
      }
    }
    (direct, indirect) = Self.constants(fit.parameters.map { exp($0) })
    self.shape = shape
    self.device = device
  }

  private static func constants(
    _ p: [Double]
  ) -> (direct: LadderResidual.Constants, indirect: LadderResidual.Constants) {
    // A bound's exponential may lie a rounding above it.
    func constants(_ links: [Link]) -> LadderResidual.Constants {
      LadderResidual.Constants(
        oneRow: min(1, p[0]), manyRows: min(1, p[1]), compute: compute, overhead: p[2], cachePasses: p[3], links: links)
    }
    return (
      constants([Link(checked: p[4], p[5])]), constants([Link(checked: p[6], p[7]), Link(checked: p[8], p[9])])
    )
  }

  /// The speed that a row was measured at, as it is predicted.
  ///
  /// - Throws: ``PlannerError``.
  public func tokensPerSecond(_ row: LadderRow) throws(PlannerError) -> Double {
    try speed(row, row.isDirect ? direct : indirect, taken: LadderResidual.taken)
  }

  private func speed(
    _ row: LadderRow, _ constants: LadderResidual.Constants, taken: Double
  ) throws(PlannerError) -> Double {
    let wiring: ResidualWiring =
      switch row.wiring {
      case .standard: .standard
      case .ladder: .ladder(0..<shape.layers)
      case .parallel: .parallel
      case .silent: .silent
      }
    return try LadderResidual(shape, on: device, devices: row.devices, constants: constants)
      .tokensPerSecond(wiring, batch: row.batch, prompt: 1024, answer: 512, taken: taken)
  }

  /// All rows: speeds, and how many times the standard wiring's they are.
  ///
  /// - Throws: ``PlannerError``.
  public func predictions() throws(PlannerError) -> [Prediction] {
    var predictions: [Prediction] = []
    func add(
      _ name: String, _ value: Double, _ predicted: Double, plain: Double, limit: Double, heldOut: Bool
    ) {
      let figure = Figure(value, source: LadderRow.source, date: "2025")
      predictions.append(
        Prediction(
          of: Published(name, figure, verified: true), predicted: predicted, plainRoofline: plain, limit: limit,
          heldOut: heldOut))
    }
    var standard: [String: (published: Double, predicted: Double, plain: Double)] = [:]
    for row in LadderRow.table {
      let predicted = try tokensPerSecond(row)
      let plain = try speed(row, .plain, taken: 0)
      let place = "\(row.batch) \(row.devices) \(row.isDirect)"
      add(
        "\(row.name), tokens/s", row.tokensPerSecond, predicted, plain: plain, limit: 0.2,
        heldOut: row.wiring != .standard)
      if row.wiring == .standard {
        standard[place] = (row.tokensPerSecond, predicted, plain)
      } else if let base = standard[place] {
        add(
          "\(row.name), times standard", row.tokensPerSecond / base.published, predicted / base.predicted,
          plain: plain / base.plain, limit: 0.1, heldOut: true)
      }
    }
    return predictions
  }
}
