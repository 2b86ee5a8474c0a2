import Costs
import NumericTypes

/// The published measurements as a device model with three constants predicts them.
public struct SplitwisePrediction: Sendable {
  /// The group of two devices.
  public let device: Device
  /// The fraction of arithmetic that is reached, fitted.
  public let compute: Double
  /// The fraction of the memory's rate that is reached, fitted.
  public let memory: Double
  /// Seconds of every iteration beside its operators, fitted.
  public let overhead: Double
  /// The model.
  public let shape: TransformerShape

  /// Rows whose prompts and tokens the constants are fitted on: one prompt of 512 and of 4096 tokens.
  static let fitted = [512, 4096]
  /// Tokens of an answer in the measurements; their mean context is the prompt and half of them.
  static let answer = 128

  /// Fits the fractions and the overhead: both prompts' times give arithmetic and overhead, a token after the shorter
  /// one gives the memory's.
  ///
  /// - Throws: ``PlannerError``.
  public init(fittedOn rows: [SplitwiseProfile.Row], shape: TransformerShape, device: Device) throws(PlannerError) {
    func row(_ tokens: Int) throws(PlannerError) -> SplitwiseProfile.Row {
      guard let row = rows.first(where: { $0.promptTokens == tokens && $0.batch == 1 }) else {
        throw .invalid(field: "rows", problem: "there is none of one prompt of \(tokens) tokens")
      }
      return row
    }
    let (short, long) = (try row(Self.fitted[0]), try row(Self.fitted[1]))
    var (compute, memory, overhead) = (0.5, 0.5, 0.0)
    func seconds(_ row: SplitwiseProfile.Row, ofToken: Bool, _ compute: Double, _ memory: Double)
      throws(PlannerError) -> Double
    {
      try Self.seconds(row, ofToken: ofToken, shape, device, compute, memory)
    }
    // Each constant in turn, the others held: every round leaves a tenth of the error or less.
    for _ in 0..<60 {
      compute = try Bisection.solve(for: long.promptMilliseconds / 1e3 - overhead) {
        (fraction: Double) throws(PlannerError) in
        try seconds(long, ofToken: false, fraction, memory)
      }
      memory = try Bisection.solve(for: short.tokenMilliseconds / 1e3 - overhead) {
        (fraction: Double) throws(PlannerError) in
        try seconds(short, ofToken: true, compute, fraction)
      }
      overhead = max(0, short.promptMilliseconds / 1e3 - (try seconds(short, ofToken: false, compute, memory)))
    }
    self.shape = shape
    self.device = device
    (self.compute, self.memory, self.overhead) = (compute, memory, overhead)
  }

  /// Seconds of a row's prompts, or of a token after them.
  ///
  /// - Throws: ``PlannerError``.
  public func seconds(_ row: SplitwiseProfile.Row, ofToken: Bool) throws(PlannerError) -> Double {
    overhead + (try Self.seconds(row, ofToken: ofToken, shape, device, compute, memory))
  }

  private static func seconds(
    _ row: SplitwiseProfile.Row, ofToken: Bool, _ shape: TransformerShape, _ device: Device, _ compute: Double,
    _ memory: Double
  ) throws(PlannerError) -> Double {
    let load =
      ofToken
      ? try Workload(sequences: row.batch, tokens: 1, past: row.promptTokens + answer / 2)
      : try Workload(sequences: row.batch, tokens: row.promptTokens)
    let model = try RooflineCostModel(fallback: Efficiency(compute: compute, memory: memory))
    return try model.estimate(shape.forward(load, precision: .f16, lastLogitsOnly: true), on: device).seconds
  }

  /// Llama-2-70B's rows on two A100 and two H100: prompts, and tokens of up to 16 sequences.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let shape = try ModelCatalogue.published.entry("Llama-2-70B").shape
    var predictions: [Prediction] = []
    for (hardware, catalogued) in [(SplitwiseProfile.Hardware.a100, "A100-SXM-80GB"), (.h100, "H100-SXM")] {
      let device: Device
      do { device = try DeviceCatalogue.published.device(catalogued).group(of: 2) } catch { throw .device(error) }
      let rows = SplitwiseProfile.measured(.llama70BOnTwo, on: hardware).rows
      let fit = try SplitwisePrediction(fittedOn: rows, shape: shape, device: device)
      for row in rows {
        let isFitted = row.batch == 1 && fitted.contains(row.promptTokens)
        for ofToken in [false, true] where !ofToken || row.batch <= 16 {
          let name = "Llama-2-70B on 2 \(hardware.rawValue.uppercased()), \(row.batch) × \(row.promptTokens)"
          let published = Published(
            name + (ofToken ? ", token ms" : ", prompt ms"),
            Figure(
              ofToken ? row.tokenMilliseconds : row.promptMilliseconds,
              source: "github.com/Mutinifni/splitwise-sim data/perf_model.csv, median", date: "2023"),
            verified: true)
          predictions.append(
            Prediction(
              of: published, predicted: 1e3 * (try fit.seconds(row, ofToken: ofToken)),
              plainRoofline: 1e3 * (try seconds(row, ofToken: ofToken, shape, device, 1, 1)), limit: 0.15,
              heldOut: !isFitted))
        }
      }
    }
    return predictions
  }

  /// The mean error of what lies between measurements: of each model and device a fifth of the rows is left out, other
  /// rows than the outermost, and predicted from the others; over `draws` divisions.
  ///
  /// - Throws: ``PlannerError``.
  public static func interpolationError(draws: Int = 200) throws(PlannerError) -> (prompts: Double, tokens: Double) {
    var (prompts, tokens) = ([Double](), [Double]())
    var random = Random(seed: 80)
    for model in SplitwiseProfile.Model.allCases {
      for hardware in [SplitwiseProfile.Hardware.a100, .h100] {
        let rows = SplitwiseProfile.measured(model, on: hardware).rows.sorted { $0.tokens < $1.tokens }
        for _ in 0..<draws {
          // In a random order; the outermost stay, beyond them nothing is interpolated.
          let order = rows.indices.dropFirst().dropLast().map { ($0, random.next()) }.sorted { $0.1 < $1.1 }.map(\.0)
          let out = Set(order.prefix(rows.count / 5))
          let profile = try SplitwiseProfile(rows.indices.filter { !out.contains($0) }.map { rows[$0] })
          for index in out {
            let row = rows[index]
            prompts.append(abs(profile.promptSeconds(Double(row.tokens)) * 1e3 / row.promptMilliseconds - 1))
            tokens.append(abs(profile.tokenSeconds(Double(row.batch)) * 1e3 / row.tokenMilliseconds - 1))
          }
        }
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
    return (mean(prompts), mean(tokens))
  }
}
