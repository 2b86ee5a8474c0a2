import NIOCore
import NIOHTTP1
import NIOPosix

/// The network library's errors in words.
enum Words {
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
