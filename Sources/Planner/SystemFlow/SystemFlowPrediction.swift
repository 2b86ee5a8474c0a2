import Costs

/// The published runs, predicted from two fitted skills and two energies of an event.
public enum SystemFlowPrediction {
  private static let notebook = "github.com/zzheng33/systemflow HEP/results_table.ipynb, its printed results"

  /// Power, F1 and productivity of variants. Fitted: the Level-1 skill on its error matrix, the high-level skill on the baseline's
  /// F1, the energy of an event on GPUs on that run's power. The plain column is the baseline's own figure: that the change
  /// changes nothing.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let baseline = CMSPipeline.graph().evaluate()
    func row(
      _ name: String, _ value: Double, _ predicted: Double, plain: Double, limit: Double, heldOut: Bool = true
    ) -> Prediction {
      Prediction(
        of: Published(name, Figure(value, source: notebook, date: "2025"), verified: true), predicted: predicted,
        plainRoofline: plain, limit: limit, heldOut: heldOut)
    }
    func rows(
      _ name: String, _ variant: CMSPipeline.Variant, power: Double, f1: Double, perKilojoule: Double, limit: Double,
      fitted: Set<String> = []
    ) -> [Prediction] {
      let report = CMSPipeline.graph(variant).evaluate()
      return [
        row(
          name + ", MW", power, report.watts / 1e6, plain: baseline.watts / 1e6, limit: limit,
          heldOut: !fitted.contains("power")),
        row(
          name + ", F1", f1, report.contingency.f1, plain: baseline.contingency.f1, limit: limit,
          heldOut: !fitted.contains("f1")),
        row(
          name + ", relevant samples/kJ", perKilojoule, report.productivity * 1e3, plain: baseline.productivity * 1e3,
          limit: limit, heldOut: fitted.isEmpty),
      ]
    }
    let both = CMSPipeline.graph(.init(hasGPUs: true, hasSmartPixels: true)).evaluate()
    return rows("baseline", .init(), power: 51.6115, f1: 0.385988, perKilojoule: 0.0561951, limit: 0.1, fitted: ["f1"])
      + rows(
        "GPUs in the high-level trigger", .init(hasGPUs: true), power: 25.8553, f1: 0.392740, perKilojoule: 0.113697,
        limit: 0.1, fitted: ["power"])
      + rows(
        "smart pixels", .init(hasSmartPixels: true), power: 40.8444, f1: 0.385988, perKilojoule: 0.0710089, limit: 0.1)
      + rows(
        "GPUs and smart pixels", .init(hasGPUs: true, hasSmartPixels: true), power: 20.4670, f1: 0.392740,
        perKilojoule: 0.143629, limit: 0.1)
      + [
        row(
          "power saved by both, percent (abstract: 60)", 60, 100 * (1 - both.watts / baseline.watts), plain: 0,
          limit: 5.0 / 60),
        row(
          "Level-1 reduction of 400, MW", 6.978288, CMSPipeline.graph(.init(reduction: 400)).evaluate().watts / 1e6,
          plain: baseline.watts / 1e6 * 53.3 / 400, limit: 0.1),
        row(
          "links of the GPU variant, kW", 124.60167,
          CMSPipeline.graph(.init(hasGPUs: true)).evaluate().linkWatts / 1e3, plain: 2 * 8.165 * 40 * 8 * 22.2 / 1e3,
          limit: 0.1),
      ]
  }
}
