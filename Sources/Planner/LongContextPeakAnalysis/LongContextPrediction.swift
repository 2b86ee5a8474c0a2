import Costs

/// The paper's running example, predicted: Yi-34B on one A100 with 80 GB.
public enum LongContextPrediction {
  private static let summary = "arXiv 2405.08944v1, as app.argminai.com/arxiv-dashboard/papers/2405.08944v1 quotes it"
  private static let sheet = "arXiv 2405.08944, as sheet 071 quotes it"

  /// Yi-34B as the paper counts it: 34·10⁹ weights.
  ///
  /// - Throws: ``PlannerError``.
  public static func yi34B() throws(PlannerError) -> LongContextModel {
    try LongContextModel(name: "Yi-34B", parameters: 34e9, layers: 60, width: 7168, kvHeads: 8, headDim: 128)
  }

  /// What the paper says, each beside what the formulas give. No constant is fitted; the plain column is the device's limits
  /// alone: no keys and values in a step, no attention in a prefill, one direction of a switch.
  ///
  /// Memory is 80·2³⁰ bytes: with 80·10⁹ not one user fits at 50K, with these one does. At 4K the formula gives 18 (12 with
  /// 80·10⁹), the paper about 20: what it leaves out of the weights or of the memory was not found.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let device: Device
    do { device = try DeviceCatalogue.published.device("A100-SXM-80GB") } catch { throw .device(error) }
    let model = try yi34B()
    let gibi = Double(1 << 30)
    let analysis = try LongContextAnalysis(model, on: device, memory: 80 * gibi, count: .paper)
    let rate = device.compute[.bf16]?.value ?? .nan
    func row(
      _ name: String, _ value: Double, verified: Bool, _ predicted: Double, plain: Double, limit: Double
    ) -> Prediction {
      let figure = Figure(value, source: verified ? summary : sheet, date: "2024-05")
      return Prediction(
        of: Published("Yi-34B on an A100, " + name, figure, verified: verified), predicted: predicted,
        plainRoofline: plain, limit: limit, heldOut: true)
    }
    func prefill(_ context: Int) throws(PlannerError) -> (Double, Double) {
      (try analysis.prefillSeconds(context), 2 * model.parameters * Double(context) / rate)
    }
    func screen(_ context: Int) throws(PlannerError) -> (Double, Double) {
      (250 * (try analysis.stepSeconds(context)), 250 * analysis.weightBytes / device.bandwidth.value)
    }
    let (long, short) = (try prefill(50_000), try prefill(4_000))
    let (longScreen, shortScreen) = (try screen(50_000), try screen(4_000))
    let users = Double(try analysis.users(50_000))
    return [
      row(
        "keys and values of 100K tokens, GiB", 22.8, verified: false, try analysis.keyValueBytes(100_000) / gibi,
        plain: try analysis.keyValueBytes(100_000) / gibi, limit: 0.01),
      row(
        "keys and values of 4K tokens, GiB", 0.91, verified: false, try analysis.keyValueBytes(4_000) / gibi,
        plain: try analysis.keyValueBytes(4_000) / gibi, limit: 0.01),
      row("prefill of 50K tokens, s", 14.1, verified: true, long.0, plain: long.1, limit: 0.03),
      row("prefill of 4K tokens, s", 0.89, verified: true, short.0, plain: short.1, limit: 0.03),
      row("250 tokens after 50K, s", 9.8, verified: true, longScreen.0, plain: longScreen.1, limit: 0.03),
      row("250 tokens after 4K, s", 8.5, verified: true, shortScreen.0, plain: shortScreen.1, limit: 0.03),
      row("users at 50K", 1, verified: true, users, plain: users, limit: 0),
      row(
        "users at 4K (about)", 20, verified: true, Double(try analysis.users(4_000)),
        plain: Double(try analysis.users(4_000)), limit: 0.1),
      row(
        "switch at 50K, s", 1.1, verified: false, try analysis.switchSeconds(50_000),
        plain: try analysis.keyValueBytes(50_000) / analysis.hostLink, limit: 0.12),
    ]
  }
}
