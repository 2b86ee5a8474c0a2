import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Inference
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization

/// A server of the OpenAI interface over models of a catalogue.
///
/// ```swift
/// let catalogue = FixedCatalogue([("smollm2", .language(try await Engine.load("smollm2")))])
/// let server = try APIServer(settings: ServerSettings(), catalogue: catalogue)
/// try await server.run { port in print("http://127.0.0.1:\(port)") }
/// ```
///
/// ``drain()`` ends it: requests that come are refused, those that run are answered, up to a limit of time.
public final class APIServer: Sendable {
  private let services: ServerServices
  private let logger: Logger
  private let stop = Mutex<(group: ServiceGroup?, isAsked: Bool)>((nil, false))

  /// A server that does not listen yet.
  ///
  /// - Throws: ``ServerError/invalidSetting(field:value:problem:)``.
  public init(
    settings: ServerSettings, catalogue: any ModelCatalogue, logger: Logger = Logger(label: "venturi-serve")
  ) throws(ServerError) {
    try settings.validate()
    services = ServerServices(settings: settings, catalogue: catalogue)
    self.logger = logger
  }

  /// The server's figures, for programs that have some of their own to add.
  public var metrics: PrometheusRegistry { services.metrics.registry }

  /// How many requests are being answered.
  public var runningRequests: Int { services.requests.count }

  /// How many connections are open.
  public var openConnections: Int { services.connections.count }

  /// Listens and serves until ``drain()`` is done, or the task is cancelled.
  ///
  /// - Parameter ready: called with the port once connections are accepted.
  /// - Throws: ``ServerError``.
  public func run(ready: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
    let settings = services.settings
    let (registry, deadlines) = (services.connections, settings.deadlines)
    let http = HTTPServerBuilder.http1(
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [ConnectionHandler(registry: registry, deadlines: deadlines)],
        idleTimeout: .nanoseconds(Int64(deadlines.idle * 1e9))))
    let application = Application(
      router: ServerRoutes(services: services).router(), server: try encrypted(http),
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: settings.port), serverName: "venturi",
        availableConnectionsDelegate: ConnectionLimit(most: settings.limits.connections)),
      onServerRunning: { channel in ready(channel.localAddress?.port ?? settings.port) }, logger: logger)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          ServiceGroupConfiguration.ServiceConfiguration(
            service: application, successTerminationBehavior: .gracefullyShutdownGroup)
        ], logger: logger))
    let isAsked = stop.withLock { stop in
      stop.group = group
      return stop.isAsked
    }
    if isAsked { return }
    do { try await group.run() } catch let error as IOError {
      throw ServerError.cannotListen(host: settings.host, port: settings.port, problem: error.description)
    } catch let error as SocketAddressError {
      throw ServerError.cannotListen(host: settings.host, port: settings.port, problem: "\(error)")
    }
  }

  private func encrypted(_ http: HTTPServerBuilder) throws -> HTTPServerBuilder {
    guard let files = services.settings.tls else { return http }
    let chain: [NIOSSLCertificateSource]
    do { chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) } } catch {
      throw ServerError.certificate(path: files.certificate, problem: "\(error)")
    }
    do {
      let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain, privateKey: .privateKey(key))
      configuration.minimumTLSVersion = .tlsv12
      return try .tls(http, tlsConfiguration: configuration)
    } catch { throw ServerError.certificate(path: files.key, problem: "\(error)") }
  }

  /// Refuses what comes from now on, waits until what runs is answered or the drain deadline has passed, ends what is left
  /// with an error, and stops listening; ``run(ready:)`` returns then.
  public func drain() async {
    let isFirst = stop.withLock { stop in
      defer { stop.isAsked = true }
      return !stop.isAsked
    }
    guard isFirst else { return }
    let requests = services.requests
    logger.notice("shutting down", metadata: ["running": .stringConvertible(requests.count)])
    requests.drain()
    if !(await Self.within(services.settings.deadlines.drain) { await requests.whenNoneIsLeft() }) {
      logger.warning("ending requests", metadata: ["running": .stringConvertible(requests.count)])
      requests.stopAll()
      // Enough for a step of the model and a few bytes; a client that reads nothing is not waited for.
      _ = await Self.within(2) { await requests.whenNoneIsLeft() }
    }
    // A load that nobody waits for any more is not cut short, but not waited for longer than that either.
    let catalogue = services.catalogue
    _ = await Self.within(2) { await catalogue.stop() }
    let group = stop.withLock { $0.group }
    let connections = services.connections
    // Answers that are written are on their way to clients that read.
    let closing = Task {
      try await Task.sleep(for: .seconds(2))
      connections.closeAll()
    }
    await group?.triggerGracefulShutdown()
    _ = closing
  }

  /// Waits for `body`, but not longer than so many seconds; tells whether it ended.
  private static func within(_ seconds: Double, _ body: @escaping @Sendable () async -> Void) async -> Bool {
    let (stream, continuation) = AsyncStream.makeStream(of: Bool.self)
    // `body` cannot be cancelled, so nobody waits for its task.
    let work = Task {
      await body()
      continuation.yield(true)
    }
    let clock = Task {
      try await Task.sleep(for: .seconds(seconds))
      continuation.yield(false)
    }
    defer {
      clock.cancel()
      work.cancel()
    }
    for await isDone in stream { return isDone }
    return false
  }
}
