import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One request and its answer, handed over piece by piece as it comes; at most one use.
///
/// Answers are awaited on the calling thread, which looks a few times a second whether the task was cancelled and whether
/// anything has come.
final class HubExchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  /// Why an exchange ended without its whole answer.
  enum Failure: Error {
    /// Nothing came for as long as is waited.
    case silence
    /// The connection broke, or was never made.
    case connection(String)
    /// A redirection that is not followed.
    case redirection(String)

    /// What went wrong, in words.
    var problem: String {
      switch self {
      case .silence: "nothing came"
      case .connection(let problem), .redirection(let problem): problem
      }
    }
  }

  /// The answer's head.
  struct Head: Sendable {
    let status: Int
    let headers: [String: String]

    /// A header's value; names are compared without case.
    subscript(name: String) -> String? { headers[name.lowercased()] }
  }

  private struct State {
    var heard = ContinuousClock.now
    var redirections = 0
    var failure: (any Error)?
    var isDone = false
  }

  private let state = Mutex(State())
  private let done = DispatchSemaphore(value: 0)
  private let onHead: (Head) throws -> Void
  private let onBytes: (UnsafeRawBufferPointer) throws -> Void

  private static let redirectionLimit = 8

  private init(
    onHead: @escaping (Head) throws -> Void, onBytes: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) {
    self.onHead = onHead
    self.onBytes = onBytes
  }

  /// Asks, and hands over the head and then every piece of the body; both are called on another thread, one call at a
  /// time, and what they throw ends the exchange.
  ///
  /// - Throws: ``Failure``; `CancellationError`; what the handlers throw.
  static func run(
    _ request: URLRequest, patience: Duration, isCancelled: () -> Bool, onHead: @escaping (Head) throws -> Void,
    onBytes: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let exchange = HubExchange(onHead: onHead, onBytes: onBytes)
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = 24 * 3600
    configuration.httpCookieStorage = nil
    configuration.urlCache = nil
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    let session = URLSession(configuration: configuration, delegate: exchange, delegateQueue: queue)
    defer { session.invalidateAndCancel() }
    let task = session.dataTask(with: request)
    task.resume()
    while exchange.done.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      if isCancelled() { exchange.end(CancellationError()) }
      if exchange.silence > patience { exchange.end(Failure.silence) }
      if exchange.isDone {
        task.cancel()
        // The handlers may still run: what they use must outlive them.
        queue.addBarrierBlock { exchange.done.signal() }
        exchange.done.wait()
        break
      }
    }
    queue.waitUntilAllOperationsAreFinished()
    if let failure = exchange.state.withLock({ $0.failure }) { throw failure }
  }

  private var silence: Duration { state.withLock { ContinuousClock.now - $0.heard } }
  private var isDone: Bool { state.withLock { $0.isDone } }

  /// Ends the exchange, unless it has ended.
  private func end(_ failure: (any Error)?) {
    state.withLock { state in
      if state.isDone { return }
      state.isDone = true
      state.failure = failure
    }
  }

  private func hear(_ body: () throws -> Void) {
    guard !isDone else { return }
    do {
      try body()
      state.withLock { $0.heard = .now }
    } catch { end(error) }
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    hear {
      guard let response = response as? HTTPURLResponse else { throw Failure.connection("no HTTP answer") }
      var headers: [String: String] = [:]
      for (name, value) in response.allHeaderFields {
        headers["\(name)".lowercased()] = "\(value)"
      }
      try onHead(Head(status: response.statusCode, headers: headers))
    }
    completionHandler(isDone ? .cancel : .allow)
    if isDone { done.signal() }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let wasDone = isDone
    hear { try data.withUnsafeBytes { try onBytes($0) } }
    if isDone, !wasDone { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
  ) {
    let count = state.withLock { state in
      state.redirections += 1
      return state.redirections
    }
    let (from, to) = (task.currentRequest?.url ?? task.originalRequest?.url, newRequest.url)
    let isWeaker = from?.scheme == "https" && to?.scheme != "https"
    guard count <= Self.redirectionLimit, let to, to.scheme == "https" || to.scheme == "http", !isWeaker else {
      end(Failure.redirection("a redirection to \(to?.absoluteString ?? "nowhere") is not followed"))
      completionHandler(nil)
      return
    }
    var request = newRequest
    // The range goes with it; a token is for the host that it was given for.
    for (name, value) in task.originalRequest?.allHTTPHeaderFields ?? [:] {
      request.setValue(value, forHTTPHeaderField: name)
    }
    let origin = task.originalRequest?.url
    if to.host != origin?.host || to.port != origin?.port || to.scheme != origin?.scheme {
      request.setValue(nil, forHTTPHeaderField: "Authorization")
    }
    completionHandler(request)
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    end(error.map { Failure.connection("\(($0 as NSError).localizedDescription)") })
    done.signal()
  }
}
