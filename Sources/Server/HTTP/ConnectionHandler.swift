import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Watches one connection on its event loop: whether the client is still there, whether requests come and answers go in
/// time. What is no HTTP is answered here, since no route sees it.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let registry: ConnectionRegistry
  private let readTime: TimeAmount
  private let writeTime: TimeAmount
  private var connection: ClientConnection?
  /// Requests whose head, and whose end, has come; answers whose head, and whose end, has gone.
  private var (heads, ends, answerHeads, answers) = (0, 0, 0, 0)
  /// Whether the connection closes when the last answer that has begun is written.
  private var closesWhenWritten = false
  private var readDeadline: Scheduled<Void>?
  private var pendingWrites = 0
  private var lastProgress = NIODeadline.now()
  private var writeCheck: Scheduled<Void>?

  init(registry: ConnectionRegistry, deadlines: Deadlines) {
    self.registry = registry
    readTime = .nanoseconds(Int64(deadlines.read * 1e9))
    writeTime = .nanoseconds(Int64(deadlines.write * 1e9))
  }

  func handlerAdded(context: ChannelHandlerContext) { connection = registry.add(context.channel) }

  func handlerRemoved(context: ChannelHandlerContext) { end(context) }

  func channelInactive(context: ChannelHandlerContext) {
    end(context)
    context.fireChannelInactive()
  }

  private func end(_ context: ChannelHandlerContext) {
    readDeadline?.cancel()
    readDeadline = nil
    writeCheck?.cancel()
    writeCheck = nil
    registry.remove(context.channel)
    connection?.leave()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { connection?.leave() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head: heads += 1
    case .body: break
    case .end: ends += 1
    }
    watchReading(context)
    context.fireChannelRead(data)
  }

  /// The deadline runs while the request that is next to be answered is not whole: later ones may have to wait.
  private func watchReading(_ context: ChannelHandlerContext) {
    if heads > ends, heads == answers + 1 {
      guard readDeadline == nil else { return }
      let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
      readDeadline = context.eventLoop.scheduleTask(in: readTime) {
        bound.value.handler.readTimedOut(bound.value.context)
      }
    } else {
      readDeadline?.cancel()
      readDeadline = nil
    }
  }

  private func readTimedOut(_ context: ChannelHandlerContext) {
    readDeadline = nil
    refuse(.timedOut, context)
  }

  /// Answers in place of a route and closes; an answer that has begun is let come to its end first.
  private func refuse(_ failure: RequestFailure, _ context: ChannelHandlerContext) {
    // An answer that goes on without end is one that ends when the client has left.
    connection?.leave()
    // Neither is a request answered twice that was refused before it was whole.
    if answerHeads > answers || heads > ends && answers == heads {
      closesWhenWritten = true
      closeIfWritten(context.channel)
      return
    }
    var headers = failure.headers
    let body = ByteBuffer(string: failure.json.line)
    headers[.connection] = "close"
    headers[.contentLength] = "\(body.readableBytes)"
    let head = HTTPResponse(status: HTTPResponse.Status(code: failure.status), headerFields: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.close(promise: nil)
  }

  private func closeIfWritten(_ channel: any Channel) {
    if closesWhenWritten, answerHeads == answers, pendingWrites == 0 { channel.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
    let isOverflow = error == .headerOverflow
    refuse(
      RequestFailure(
        status: isOverflow ? 431 : 400, type: "invalid_request_error",
        code: isOverflow ? "headers_too_large" : "invalid_http",
        message: isOverflow ? "the request's headers are too large" : "this is not HTTP/1.1: \(error)"), context)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head): if head.status.kind != .informational { answerHeads += 1 }
    case .body: break
    case .end:
      answers += 1
      watchReading(context)
    }
    if pendingWrites == 0 { lastProgress = .now() }
    pendingWrites += 1
    let done = promise ?? context.eventLoop.makePromise(of: Void.self)
    let (bound, channel) = (NIOLoopBound(self, eventLoop: context.eventLoop), context.channel)
    done.futureResult.whenComplete { _ in
      bound.value.pendingWrites -= 1
      bound.value.lastProgress = .now()
      bound.value.closeIfWritten(channel)
    }
    context.write(data, promise: done)
    if writeCheck == nil { checkWriting(context, in: writeTime) }
  }

  /// Looks from time to time whether what was written has gone on.
  private func checkWriting(_ context: ChannelHandlerContext, in delay: TimeAmount) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    writeCheck = context.eventLoop.scheduleTask(in: delay) {
      let (handler, context) = bound.value
      handler.writeCheck = nil
      guard handler.pendingWrites > 0 else { return }
      let deadline = handler.lastProgress + handler.writeTime
      if deadline <= .now() {
        handler.connection?.leave()
        context.close(promise: nil)
      } else {
        handler.checkWriting(context, in: deadline - .now())
      }
    }
  }
}
