/// A step whose time was measured, to calibrate a device with or to judge the calibration by.
public struct MeasuredStep: Sendable, Hashable {
  /// What it is, for example `Q8_0 pp512`.
  public var name: String
  /// Its operators.
  public var step: PlannedStep
  /// Seconds that it took.
  public var seconds: Double
  /// Whether constants are fitted on it; else it is held out.
  public var isFitted: Bool

  /// A measured step.
  public init(_ name: String, _ step: PlannedStep, seconds: Double, isFitted: Bool) {
    self.name = name
    self.step = step
    self.seconds = seconds
    self.isFitted = isFitted
  }
}
