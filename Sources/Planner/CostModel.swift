import Costs

/// Predicts what a step costs on a device; the simulator takes any of them.
public protocol CostModel: Sendable {
  /// Time, bytes, operations, energy and price of `step` on `device`.
  ///
  /// - Throws: ``PlannerError`` when the device cannot run the step.
  func estimate(_ step: PlannedStep, on device: Device) throws(PlannerError) -> StepEstimate
}
