import Console
import Costs
import Planner

extension PlannerError: ClassifiedError {
  package var status: ExitStatus { .usage }
  package var kindOfFailure: String { "cannot_plan" }
}

extension CostsError: ClassifiedError {
  package var status: ExitStatus { .usage }
  package var kindOfFailure: String { "unknown_device" }
}
