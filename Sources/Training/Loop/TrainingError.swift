import NumericTypes

/// What can end a training run early. Every case names the field or the step, and the value.
public enum TrainingError: Error, Sendable, Equatable {
  /// A setting outside of what it may be.
  case invalidOption(field: String, value: String, expected: String)
  /// A loss or a norm of gradients that is infinite or not a number, in the step of this number, from 1 on. The weights are
  /// those before it.
  case notFinite(step: Int, what: String, value: String)
  /// A source of batches that has none.
  case noBatches
  /// A step whose batches have no target.
  case noTargets(step: Int)
  /// A checkpoint of another run: a setting, or a tensor, that is not this run's.
  case otherRun(field: String, found: String, expected: String)
  /// A run that needs more memory than there is, or than it may take, as its sizes say before any of it is taken.
  case doesNotFit(neededBytes: Int, availableBytes: Int)
  /// A run's folder that has checkpoints already, of a run that is not resumed.
  case notEmpty(path: String)
}

extension TrainingError: CustomStringConvertible {
  /// A sentence that names the field or the step.
  public var description: String {
    switch self {
    case .invalidOption(let field, let value, let expected): "\(field) is \(value), expected \(expected)"
    case .notFinite(let step, let what, let value): "the \(what) of step \(step) is \(value)"
    case .noBatches: "the data give no batch"
    case .noTargets(let step): "the batches of step \(step) have no target"
    case .otherRun(let field, let found, let expected):
      "the checkpoint is of another run: its \(field) is \(found), that of this run \(expected)"
    case .doesNotFit(let needed, let available):
      "the run needs \(needed) bytes of memory where \(available) are available: a smaller batch or model needs less"
    case .notEmpty(let path): "\(path) has the checkpoints of a run already: resume it, or give another folder"
    }
  }
}
