import Costs

/// The paper's figures of Mixtral-8x7B on an A40 that gets its weights over a link of 19.5·10⁹ bytes a second.
public enum MoELensPrediction {
  private static let source = "arXiv 2504.09345, as sheet 040 read it"

  /// The part of the device's rate that products reach. The paper's 18,500 tokens are this part of n*, so that they are no evidence.
  public static let computeShare = 0.66

  /// The paper's machine.
  ///
  /// - Throws: ``PlannerError``.
  public static func machine(
    _ model: String = "Mixtral-8x7B", stateMemory: Double = 70e9, computeShare: Double = computeShare
  ) throws(PlannerError) -> MoELens {
    let device: Device
    do { device = try DeviceCatalogue.published.device("A40") } catch { throw .device(error) }
    return try MoELens(
      try ModelCatalogue.published.entry(model).shape, on: device, computeShare: computeShare,
      stateMemory: stateMemory, link: 19.5e9, processorBandwidth: 150e9)
  }

  /// MTBench's requests: 98 tokens of a prompt.
  ///
  /// - Throws: ``PlannerError``.
  public static func load(answer: Int, requests: Int = 25_000) throws(PlannerError) -> MoELensLoad {
    try MoELensLoad(prompt: 98, answer: answer, requests: requests)
  }

  /// What the paper says. The plain column takes the link at the 31.5·10⁹ bytes a second of 16 lanes and the device at its peak.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    var rows: [Prediction] = []
    func add(
      _ name: String, _ value: Double, verified: Bool, _ predicted: Double, plain: Double, limit: Double,
      heldOut: Bool = true
    ) {
      rows.append(
        Prediction(
          of: Published(name, Figure(value, source: source, date: "2025-04"), verified: verified),
          predicted: predicted, plainRoofline: plain, limit: limit, heldOut: heldOut))
    }
    for (model, gigabytes) in [("Mixtral-8x7B", 94.0), ("Mixtral-8x22B", 282), ("DBRX", 264)] {
      let bytes = try machine(model).weightBytes / 1e9
      add("\(model), weights in 16 bits, GB", gigabytes, verified: false, bytes, plain: bytes, limit: 0.02)
    }
    let peak = try machine(computeShare: 1)
    let plainStream = peak.weightBytes / 31.5e9
    add(
      "Mixtral-8x7B on an A40, δ, s", 4.8, verified: true, peak.streamSeconds, plain: plainStream, limit: 0.02)
    add(
      "Mixtral-8x7B on an A40, tokens that saturate it in theory", 2.8e4, verified: true, peak.saturatingTokens,
      plain: peak.deviceRate * plainStream, limit: 0.02)
    add(
      "Mixtral-8x7B on an A40, tokens that saturate it, with 66 % of peak", 18_500, verified: true,
      try machine().saturatingTokens, plain: peak.deviceRate * plainStream, limit: 0.02, heldOut: false)
    let estimate = try MoELensEstimate(try machine(), load(answer: 32))
    let bound = try peak.bound(load(answer: 32)) / peak.deviceRate
    add(
      "Mixtral-8x7B on an A40, 70 GB of keys, 98 + 32 tokens, device busy, %", 90, verified: false,
      100 * estimate.deviceUtilization, plain: 100 * bound, limit: 10.0 / 90)
    return rows
  }
}
