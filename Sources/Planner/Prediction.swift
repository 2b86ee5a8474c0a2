/// A published number beside what a model predicts of it.
public struct Prediction: Sendable, Hashable, Codable {
  /// What it is of.
  public var name: String
  /// What the model predicts.
  public var predicted: Double
  /// What was published.
  public var published: Double
  /// The error that may be, as a fraction of the published number.
  public var limit: Double
  /// Whether the published number was read in its source.
  public var verified: Bool
  /// Whether no constant of the model was fitted on its row.
  public var heldOut: Bool
  /// What the device's limits alone predict.
  public var plainRoofline: Double

  /// A prediction of `row`.
  public init(
    of row: Published, predicted: Double, plainRoofline: Double, limit: Double, heldOut: Bool
  ) {
    name = row.name
    self.predicted = predicted
    published = row.figure.value
    self.limit = limit
    verified = row.verified
    self.heldOut = heldOut
    self.plainRoofline = plainRoofline
  }

  /// By how much the prediction is off, as a signed fraction of the published number.
  public var error: Double { predicted / published - 1 }
  /// By how much the plain roofline is off, as a signed fraction of the published number.
  public var plainError: Double { plainRoofline / published - 1 }
  /// Whether the error is within the limit.
  public var met: Bool { abs(error) <= limit }
  /// Whether it counts as evidence: verified and held out.
  public var isEvidence: Bool { verified && heldOut }
}
