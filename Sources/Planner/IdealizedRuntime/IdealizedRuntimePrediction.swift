import Costs

/// Two models on A100s: the parts of the limits that one reaches predict the other.
public enum IdealizedRuntimePrediction {
  /// Llama2-70B as its configuration has it.
  ///
  /// - Throws: ``PlannerError``.
  public static func llama2() throws(PlannerError) -> LongContextModel {
    try LongContextModel(name: "Llama2-70B", parameters: 68.98e9, layers: 80, width: 8192, kvHeads: 8, headDim: 128)
  }

  /// BLOOM-176B as its configuration has it.
  ///
  /// - Throws: ``PlannerError``.
  public static func bloom() throws(PlannerError) -> LongContextModel {
    try LongContextModel(
      name: "BLOOM-176B", parameters: 176.25e9, layers: 70, width: 14336, kvHeads: 112, headDim: 128)
  }

  /// Each model's rows by the parts that were fitted on the other's alone. The plain column is both limits in full.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let device: Device
    do { device = try DeviceCatalogue.published.device("A100-SXM-80GB") } catch { throw .device(error) }
    let (llama, bloom) = (try llama2(), try bloom())
    let pairs = [
      (llama, 2, ReferenceRow.llama2On2A100, bloom, 8, ReferenceRow.bloomOn8A100),
      (bloom, 8, ReferenceRow.bloomOn8A100, llama, 2, ReferenceRow.llama2On2A100),
    ]
    var predictions: [Prediction] = []
    for (known, knownDevices, knownRows, asked, devices, rows) in pairs {
      let fit = try ReferenceStack.fitted(known, on: device, devices: knownDevices, rows: knownRows).stack
      let stack = try ReferenceStack(
        asked, on: device, devices: devices, efficiency: fit.efficiency, overlap: fit.overlap)
      let plain = try ReferenceStack(asked, on: device, devices: devices, overlap: .whole, messageSeconds: 0)
      for row in rows {
        func prediction(_ what: String, _ value: Double, _ predicted: Double, _ plain: Double) -> Prediction {
          let name =
            "\(asked.name) on \(devices) A100 from \(known.name) on \(knownDevices), \(row.prompt) tokens, \(what)"
          // Nothing is fitted on the row, but the time of a message was chosen among four with all rows in sight.
          return Prediction(
            of: Published(name, Figure(value, source: ReferenceRow.source, date: "2024-05"), verified: true),
            predicted: predicted, plainRoofline: plain, limit: 0.25, heldOut: false)
        }
        predictions += [
          prediction("prompt", row.promptSeconds, stack.promptSeconds(row.prompt), plain.promptSeconds(row.prompt)),
          prediction("token", row.tokenSeconds, stack.seconds(row), plain.seconds(row)),
        ]
      }
    }
    return predictions
  }
}
