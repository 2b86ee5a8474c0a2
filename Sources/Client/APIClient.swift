import Formats
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A client of a server of the OpenAI interface. It keeps connections and uses them again; cancelling a task that waits for an answer
/// closes its connection, so that the server stops working on it.
///
/// ```swift
/// let client = try APIClient(ServerAddress("http://127.0.0.1:8080"))
/// let models = try await client.models()
/// ```
public final class APIClient: Sendable {
  private struct State {
    var idle: [any Channel] = []
    var connections = 0
    var resent = 0
  }

  /// Where the server is.
  public let address: ServerAddress
  private let headers: HTTPHeaders
  private let limits: ClientLimits
  private let loop: any EventLoop
  private let tls: NIOSSLContext?
  private let state = Mutex(State())

  /// A client; connects when there is something to ask.
  ///
  /// - Parameters:
  ///   - key: the key that the server wants to see.
  ///   - certificate: a PEM file of a certificate to trust beside the system's.
  /// - Throws: ``ClientError/certificate(path:problem:)``.
  public init(
    _ address: ServerAddress, key: String? = nil, certificate: String? = nil, limits: ClientLimits = ClientLimits()
  ) throws(ClientError) {
    self.address = address
    self.limits = limits
    var headers: HTTPHeaders = [
      "host": address.authority, "user-agent": "venturi", "accept": "application/json, text/event-stream",
    ]
    if let key {
      // A key with a line's end would be a header of its own.
      guard !key.isEmpty, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        throw .invalidAddress(address.description, problem: "its key has characters that a key does not have")
      }
      headers.add(name: "authorization", value: "Bearer \(key)")
    }
    self.headers = headers
    loop = MultiThreadedEventLoopGroup.singleton.next()
    guard address.isEncrypted else {
      tls = nil
      return
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let certificate { configuration.additionalTrustRoots = [.file(certificate)] }
    do { tls = try NIOSSLContext(configuration: configuration) } catch {
      throw .certificate(path: certificate ?? "the system's certificates", problem: "\(error)")
    }
  }

  deinit {
    let idle = state.withLock { $0.idle }
    for channel in idle { channel.close(promise: nil) }
  }

  /// Connections that were made so far.
  public var connectionsMade: Int { state.withLock { $0.connections } }

  /// Requests that were sent again on a new connection, because the server had closed the kept one before anything of an answer came.
  public var requestsResent: Int { state.withLock { $0.resent } }

  /// Asks for a JSON answer: POST with a body, GET without.
  ///
  /// - Throws: ``ClientError``, `CancellationError`.
  public func json(_ path: String, _ body: JSON? = nil) async throws -> JSON {
    let bytes = try await exchange(path, body: body.map { Array($0.line.utf8) }, report: nil)
    do { return try JSON(parsing: bytes) } catch { throw ClientError.malformed(problem: "\(path): \(error)") }
  }

  /// Asks for a stream of events and hands over each of them as it comes, with the seconds of a monotonic clock, on the thread that
  /// reads the network; returns after the stream's closing word.
  ///
  /// - Throws: ``ClientError``, also for an error that the server reports in the stream; `CancellationError`; what `report` throws.
  public func stream(
    _ path: String, body: [UInt8], _ report: @escaping @Sendable (_ event: JSON, _ seconds: Double) throws -> Void
  ) async throws {
    _ = try await exchange(path, body: body) { bytes, seconds in
      let event: JSON
      do { event = try JSON(parsing: bytes, values: 1 << 16) } catch {
        throw ClientError.malformed(problem: "an event: \(error)")
      }
      if let problem = ServerProblem.inStream(event) { throw problem }
      try report(event, seconds)
    }
  }

  /// The names of the models that the server has.
  ///
  /// - Throws: ``ClientError``, `CancellationError`.
  public func models() async throws -> [String] {
    let answer = try await json("/v1/models")
    guard let list = answer["data"]?.elements else { throw ClientError.malformed(problem: "/v1/models: no list") }
    return list.compactMap { $0["id"]?.text }
  }

  private func exchange(_ path: String, body: [UInt8]?, report: Exchange.Report?) async throws -> [UInt8] {
    while true {
      try Task.checkCancellation()
      let kept = state.withLock { $0.idle.popLast() }
      let channel: any Channel
      if let kept { channel = kept } else { channel = try await connect() }
      do { return try await exchange(path, body, report, on: channel) } catch let lost as Exchange.Unanswered {
        // Servers close connections that they have kept for long enough just when another request comes.
        if kept == nil { throw lost.error }
        state.withLock { $0.resent += 1 }
      }
    }
  }

  private func exchange(
    _ path: String, _ body: [UInt8]?, _ report: Exchange.Report?, on channel: any Channel
  ) async throws -> [UInt8] {
    var headers = headers
    if let body {
      headers.add(name: "content-type", value: "application/json")
      headers.add(name: "content-length", value: "\(body.count)")
    }
    let head = HTTPRequestHead(
      version: .http1_1, method: body == nil ? .GET : .POST, uri: address.prefix + path, headers: headers)
    let buffer = body.map { ByteBuffer(bytes: $0) }
    let promise = channel.eventLoop.makePromise(of: [UInt8].self)
    let limits = limits
    channel.eventLoop.execute {
      let exchange = Exchange(head: head, body: buffer, limits: limits, report: report, promise: promise)
      do { try channel.pipeline.syncOperations.handler(type: ExchangeHandler.self).begin(exchange, channel) } catch {
        exchange.lose("it was closed")
      }
    }
    return try await withTaskCancellationHandler {
      do { return try await promise.futureResult.get() } catch {
        if Task.isCancelled { throw CancellationError() }
        throw error
      }
    } onCancel: {
      channel.close(promise: nil)
    }
  }

  private func connect() async throws -> any Channel {
    let (tls, host) = (tls, address.host)
    // A client that is gone keeps no connections.
    let settle: @Sendable (any Channel, Bool) -> Void = { [weak self] channel, isOpen in self?.settle(channel, isOpen) }
    let isName = (try? SocketAddress(ipAddress: host, port: 1)) == nil
    let secured = tls.map { _ in loop.makePromise(of: Void.self) }
    let channel: any Channel
    do {
      channel = try await ClientBootstrap(group: loop)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .connectTimeout(.nanoseconds(Int64(limits.connect * 1e9)))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls {
              try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isName ? host : nil))
            }
            try pipeline.addHTTPClientHandlers()
            try pipeline.addHandler(ExchangeHandler(secured: secured, idle: settle))
          }
        }
        .connect(host: host, port: address.port).get()
    } catch {
      secured?.fail(error)
      if Task.isCancelled { throw CancellationError() }
      throw ClientError.cannotConnect(address: address.description, problem: Words.of(error))
    }
    try await secured?.futureResult.get()
    state.withLock { $0.connections += 1 }
    return channel
  }

  private func settle(_ channel: any Channel, _ isOpen: Bool) {
    state.withLock { state in
      state.idle.removeAll { $0 === channel }
      if isOpen { state.idle.append(channel) }
    }
  }
}
