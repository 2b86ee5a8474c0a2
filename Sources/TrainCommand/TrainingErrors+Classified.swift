import Console
import Images
import Training

extension TrainingError: ClassifiedError {
  package var status: ExitStatus {
    switch self {
    case .invalidOption, .noBatches, .noTargets, .otherRun, .notEmpty: .usage
    case .notFinite: .failure
    case .doesNotFit: .unavailable
    }
  }

  package var kindOfFailure: String {
    switch self {
    case .invalidOption, .noBatches, .noTargets: "bad_configuration"
    case .notFinite: "not_finite"
    case .doesNotFit: "out_of_memory"
    case .otherRun: "other_run"
    case .notEmpty: "not_empty"
    }
  }
}

extension CheckpointError: ClassifiedError {
  package var status: ExitStatus {
    switch self {
    case .file, .unwritable: .failure
    case .damaged, .unsupportedVersion, .noneWhole: .badModel
    case .inUse, .outOfMemory: .unavailable
    }
  }

  package var kindOfFailure: String {
    switch self {
    case .file, .unwritable: "failure"
    case .damaged, .unsupportedVersion, .noneWhole: "bad_checkpoint"
    case .inUse: "in_use"
    case .outOfMemory: "out_of_memory"
    }
  }
}

extension OptimizerError: ClassifiedError {
  package var status: ExitStatus {
    switch self {
    case .missingState, .unknownState, .wrongState, .invalidState: .badModel
    case .invalidSetting: .usage
    default: .failure
    }
  }

  package var kindOfFailure: String {
    switch self {
    case .missingState, .unknownState, .wrongState, .invalidState: "bad_checkpoint"
    case .invalidSetting: "bad_configuration"
    default: "failure"
    }
  }
}

extension DataError: ClassifiedError {
  package var status: ExitStatus {
    switch self {
    case .invalidOption, .wrongState: .usage
    case .cancelled: .interrupted
    case .corpus, .format, .wrongVocabulary, .mismatch: .badModel
    case .system(let error): CommandFailure(error).status
    }
  }

  package var kindOfFailure: String {
    switch self {
    case .invalidOption: "bad_configuration"
    case .wrongState: "other_run"
    case .cancelled: "interrupted"
    case .corpus, .format, .wrongVocabulary, .mismatch: "bad_data"
    case .system(let error): CommandFailure(error).kind
    }
  }
}

extension ImageError: ClassifiedError {
  package var status: ExitStatus { .badModel }
  package var kindOfFailure: String { "bad_data" }
}
