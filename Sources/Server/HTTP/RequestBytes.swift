import Hummingbird
import NIOCore
import Synchronization

/// Reads the bodies of requests, each up to a limit and all of them together up to another.
final class RequestBytes: Sendable {
  private let limits: RequestLimits
  private let held = Mutex(0)

  init(limits: RequestLimits) { self.limits = limits }

  /// The bytes of bodies that are being read or worked on.
  var inFlight: Int { held.withLock { $0 } }

  /// Reads a body and hands it to `use`; its bytes count as held until that returns.
  ///
  /// - Throws: ``RequestFailure`` with status 413 or 415, or 429 when too many bytes are held; what `use` throws.
  func read<Value>(_ request: Request, _ use: ([UInt8]) async throws -> Value) async throws -> Value {
    if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw RequestFailure(
        status: 415, type: "invalid_request_error", code: "unsupported_encoding",
        message: "Content-Encoding '\(FieldReader.quoted(encoding))': bodies are taken as they are only")
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes {
      throw tooLarge("\(length)")
    }
    var taken = 0
    defer { held.withLock { $0 -= taken } }
    var bytes: [UInt8] = []
    for try await part in request.body {
      let count = part.readableBytes
      if bytes.count + count > limits.bodyBytes { throw tooLarge("more than \(limits.bodyBytes)") }
      let isFree = held.withLock { held in
        if held + count > limits.bodyBytesInFlight { return false }
        held += count
        return true
      }
      guard isFree else { throw RequestFailure.overloaded("too many bytes of requests are held", retryAfter: 1) }
      taken += count
      bytes.append(contentsOf: part.readableBytesView)
    }
    return try await use(bytes)
  }

  private func tooLarge(_ found: String) -> RequestFailure {
    .tooLarge("the body has \(found) bytes; at most \(limits.bodyBytes) are taken")
  }
}
