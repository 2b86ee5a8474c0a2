import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The network library's errors in words.
enum Words {
  /// What went wrong with the encryption, if that is what went wrong.
  static func ofEncryption(_ error: any Error) -> String? {
    if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
      return "the certificate is of another host"
    }
    guard error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError else { return nil }
    // The library's own words hold a reason in capitals, after names of its files.
    let reasons = [
      "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted", "WRONG_VERSION_NUMBER": "it speaks no TLS",
    ]
    let text = "\(error)"
    return reasons.first { text.contains($0.key) }?.value ?? "the handshake failed"
  }

  /// A sentence without the library's type names, as far as it has one.
  static func of(_ error: any Error) -> String {
    switch error {
    case let error as ClientError: return error.description
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first { return of(first.error) }
      if let problem = error.dnsAError ?? error.dnsAAAAError { return "the host is not known (\(problem))" }
      return "the host has no address"
    case ChannelError.connectTimeout: return "nobody answered in time"
    case let error as IOError: return error.description
    case is HTTPParserError: return "what came is not HTTP"
    default: return "\(error)"
    }
  }
}
