import Client
import Console

extension ClientError: ClassifiedError {
  /// What a script can tell apart.
  package var status: ExitStatus {
    switch self {
    case .invalidAddress: .usage
    case .certificate, .cannotConnect, .cannotEncrypt: .unavailable
    case .refused(429, _, _), .refused(503, _, _): .overloaded
    case .refused(401, _, _), .refused(403, _, _): .unavailable
    default: .failure
    }
  }

  package var kindOfFailure: String { status == .usage ? "usage" : kind }
}
