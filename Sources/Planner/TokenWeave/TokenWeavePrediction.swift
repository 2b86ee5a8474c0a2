import Costs

/// The paper's shares and gains of Llama-3.3-70B on eight H100. Nothing is fitted on them.
public enum TokenWeavePrediction {
  /// Batches that are looked at.
  public static let batches = [1024, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384]

  /// The model on its devices; every batch is one sequence.
  ///
  /// - Throws: ``PlannerError``.
  public static func engine(
    _ model: String = "Llama-3-70B", constants: TokenWeave.Constants = TokenWeave.Constants()
  ) throws(PlannerError) -> TokenWeave {
    let device: Device
    do { device = try DeviceCatalogue.published.device("H100-SXM") } catch { throw .device(error) }
    return try TokenWeave(try ModelCatalogue.published.entry(model).shape, on: device, constants: constants)
  }

  /// The largest share of exchange and norm, and the largest gain, over batches of 1024 to 16,384 tokens. The plain column is the
  /// device at its limits: whole tiles, but all of the rates.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let source = "arXiv 2505.11329, abstract"
    func most(_ engine: TokenWeave) throws(PlannerError) -> (share: Double, gain: Double) {
      var most = (share: 0.0, gain: 0.0)
      for tokens in batches {
        let estimate = try engine.estimate(tokens: tokens)
        most = (max(most.share, estimate.shareWithNorm), max(most.gain, estimate.gain()))
      }
      return most
    }
    let ours = try most(engine())
    let plain = try most(
      engine(constants: TokenWeave.Constants(compute: 1, memory: 1, link: Link(checked: 0, 450e9))))
    return [
      Prediction(
        of: Published(
          "Llama-3-70B on 8 H100, share of exchange and norm, at the most, %",
          Figure(20, source: source, date: "2025-05"), verified: true), predicted: 100 * ours.share,
        plainRoofline: 100 * plain.share, limit: 8.0 / 20, heldOut: true),
      Prediction(
        of: Published(
          "Llama-3-70B on 8 H100, times faster at the most", Figure(1.29, source: source, date: "2025-05"),
          verified: true), predicted: ours.gain, plainRoofline: plain.gain, limit: 0.08 / 1.29, heldOut: true),
    ]
  }
}
