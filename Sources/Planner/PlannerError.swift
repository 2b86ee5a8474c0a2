import Costs

/// Why something cannot be planned.
public enum PlannerError: Error, Sendable, Hashable {
  /// A field that holds no plannable value.
  case invalid(field: String, problem: String)
  /// A device that the catalogue does not have.
  case device(CostsError)
  /// A model that the catalogue does not have; `nearest` holds the names that may be meant.
  case unknownModel(String, nearest: [String])
  /// The device does not compute in a format that the step needs.
  case unsupportedPrecision(Precision, device: String)
  /// The step does not fit the device's memory in any way that the planner knows.
  case doesNotFit(step: String, bytes: Double, device: String)
  /// A simulation broke a law that always holds, at this second: a fault of the simulator.
  case brokenLaw(String, at: Double)
}

extension PlannerError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .invalid(let field, let problem): "\(field): \(problem)"
    case .device(let error): error.description
    case .unknownModel(let name, let nearest):
      "no model is called '\(name)'" + (nearest.isEmpty ? "" : "; did you mean \(nearest.joined(separator: ", "))?")
    case .unsupportedPrecision(let precision, let device): "\(device) does not compute in \(precision.rawValue)"
    case .doesNotFit(let step, let bytes, let device):
      "\(step) needs \((bytes / 1e9 * 10).rounded() / 10) GB, more than \(device) has"
    case .brokenLaw(let law, let time): "the simulator is wrong at \(time) s: \(law)"
    }
  }
}
