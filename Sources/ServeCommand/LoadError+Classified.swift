import Console
import Load

extension LoadError: ClassifiedError {
  package var status: ExitStatus {
    switch self {
    case .invalidSetting, .invalidTrace: .usage
    case .noSuchPrompt, .nothingAnswered: .failure
    case .serverFailed: .unavailable
    }
  }

  package var kindOfFailure: String {
    switch self {
    case .invalidSetting: "usage"
    case .invalidTrace: "bad_trace"
    case .noSuchPrompt: "no_prompt"
    case .nothingAnswered: "nothing_answered"
    case .serverFailed: "server_failed"
    }
  }
}
