import NIOCore
import NIOHTTP1

/// One request and its answer on a connection; lives on the connection's event loop.
final class Exchange {
  /// What is done with each event of a stream, and the time it came at.
  typealias Report = @Sendable (_ event: [UInt8], _ seconds: Double) throws -> Void

  let head: HTTPRequestHead
  let body: ByteBuffer?
  private let limits: ClientLimits
  private let report: Report?
  private let promise: EventLoopPromise<[UInt8]>
  private var parser = EventParser()
  private var answer: HTTPResponseHead?
  private var collected: [UInt8] = []
  private var streamed = 0
  private var isStream = false
  private var isDone = false
  private var deadline: Scheduled<Void>?
  private var lastByte = NIODeadline.now()
  private var watch: Scheduled<Void>?
  /// Whether the answer is over, for good or ill.
  private(set) var isOver = false
  /// Whether the connection can be used again.
  var keepsAlive: Bool { answer?.isKeepAlive ?? false }

  init(
    head: HTTPRequestHead, body: ByteBuffer?, limits: ClientLimits, report: Report?,
    promise: EventLoopPromise<[UInt8]>
  ) {
    (self.head, self.body, self.limits, self.report, self.promise) = (head, body, limits, report, promise)
  }

  /// Begins to watch the clock; `expired` closes the connection.
  func start(_ loop: any EventLoop, expired: @escaping @Sendable () -> Void) {
    lastByte = .now()
    let bound = NIOLoopBound(self, eventLoop: loop)
    if let seconds = limits.answer {
      deadline = loop.scheduleTask(in: .nanoseconds(Int64(seconds * 1e9))) {
        bound.value.fail(ClientError.timedOut(seconds: seconds))
        expired()
      }
    }
    watchSilence(loop, bound, expired)
  }

  private func watchSilence(
    _ loop: any EventLoop, _ bound: NIOLoopBound<Exchange>, _ expired: @escaping @Sendable () -> Void
  ) {
    let seconds = limits.silence
    let end = lastByte + .nanoseconds(Int64(seconds * 1e9))
    watch = loop.scheduleTask(deadline: end) {
      let exchange = bound.value
      if exchange.isOver { return }
      if NIODeadline.now() - exchange.lastByte >= .nanoseconds(Int64(seconds * 1e9)) {
        exchange.fail(ClientError.silent(seconds: seconds))
        expired()
      } else {
        exchange.watchSilence(loop, bound, expired)
      }
    }
  }

  /// Takes a part of the answer.
  ///
  /// - Returns: the answer's bytes with the last part, none of a stream's.
  func take(_ part: HTTPClientResponsePart) throws -> [UInt8]? {
    lastByte = .now()
    switch part {
    case .head(let head):
      // 100 Continue and the like come before the answer.
      if (100..<200).contains(head.status.code) { return nil }
      answer = head
      let type = head.headers.first(name: "content-type") ?? ""
      isStream = report != nil && head.status == .ok && type.lowercased().hasPrefix("text/event-stream")
    case .body(let buffer):
      guard isStream, let report else {
        if collected.count + buffer.readableBytes > limits.bytes { throw ClientError.tooLarge(limit: limits.bytes) }
        collected.append(contentsOf: buffer.readableBytesView)
        return nil
      }
      streamed += buffer.readableBytes
      if streamed > limits.bytes { throw ClientError.tooLarge(limit: limits.bytes) }
      let seconds = APIClient.seconds(lastByte)
      try parser.read(buffer.readableBytesView) { event in
        if isDone { return }
        if event.elementsEqual(Self.done) { isDone = true } else { try report(event, seconds) }
      }
    case .end:
      guard let answer else { throw ClientError.malformed(problem: "an answer without a status") }
      if answer.status.code >= 300 { throw ServerProblem.refusal(status: Int(answer.status.code), body: collected) }
      if report != nil, !isStream {
        throw ServerProblem.inStream(collected) ?? ClientError.malformed(problem: "a stream of events was expected")
      }
      if isStream, !isDone { throw ClientError.streamCut }
      return collected
    }
    return nil
  }

  /// Ends the exchange with an answer.
  func succeed(_ answer: [UInt8]) { finish(.success(answer)) }

  /// The connection is gone. Where nothing of an answer had come, the request may not have been taken up at all.
  func lose(_ problem: String) {
    let error = ClientError.connectionLost(problem: problem)
    fail(answer == nil ? Unanswered(error: error) : error)
  }

  /// Thrown when a connection was lost before anything came.
  struct Unanswered: Error {
    let error: ClientError
  }

  /// Ends the exchange with an error, unless it is over.
  func fail(_ error: any Error) { finish(.failure(error)) }

  private func finish(_ result: Result<[UInt8], any Error>) {
    if isOver { return }
    isOver = true
    deadline?.cancel()
    watch?.cancel()
    promise.completeWith(result)
  }

  private static let done = Array("[DONE]".utf8)
}
