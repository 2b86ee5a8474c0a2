extension TransformerShape {
  /// Refuses what cannot be divided over devices layer by layer: models that are not dense, and devices that do not divide the key
  /// heads and the columns of the feed-forward layer.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  func checkDivision(over devices: Int) throws(PlannerError) {
    guard experts == nil, latent == nil else { throw .invalid(field: "model", problem: "\(name) is not dense") }
    guard (1...kvHeads).contains(devices), kvHeads.isMultiple(of: devices), feedForward.isMultiple(of: devices) else {
      throw .invalid(
        field: "devices", problem: "\(devices) do not divide \(kvHeads) key heads and \(feedForward) columns")
    }
  }
}
