import Costs

/// Times of published nets from other nets' counts, and what scaling does to counts.
public enum FastCompoundScalingPrediction {
  /// Milliseconds of 64 images on a V100 of all nets but those that the three constants were fitted on, and how activations grow
  /// with sixteen times the operations. The plain column is the device's 15.7·10¹² 32-bit operations a second alone (of the
  /// growths: that they grow with the operations).
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let model = try PublishedNet.v100()
    var predictions: [Prediction] = []
    for row in try PublishedNet.all() where !row.net.name.hasPrefix("RegNetX") {
      let figure = Figure(
        row.milliseconds, source: "github.com/facebookresearch/pycls MODEL_ZOO.md", date: "2020-09-28")
      predictions.append(
        Prediction(
          of: Published("\(row.net.name), 64 images on a V100, ms", figure, verified: true),
          predicted: 1e3 * model.seconds(row.complexity),
          plainRoofline: 1e3 * 64 * 2 * Double(row.complexity.multiplyAdds) / 15.7e12, limit: 0.25, heldOut: true))
    }
    return predictions
  }
}
