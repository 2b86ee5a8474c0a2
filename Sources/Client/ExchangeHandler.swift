import NIOCore
import NIOHTTP1
import NIOTLS

/// Carries one exchange after the other on a connection.
final class ExchangeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private var exchange: Exchange?
  /// Waits until the encryption is there.
  private var secured: EventLoopPromise<Void>?
  /// Called when the connection waits for its next exchange, or is gone.
  private let idle: @Sendable (any Channel, _ isOpen: Bool) -> Void

  init(secured: EventLoopPromise<Void>?, idle: @escaping @Sendable (any Channel, _ isOpen: Bool) -> Void) {
    (self.secured, self.idle) = (secured, idle)
  }

  /// Sends a request.
  func begin(_ exchange: Exchange, _ channel: any Channel) {
    guard channel.isActive else { return exchange.lose("it was closed") }
    self.exchange = exchange
    exchange.start(channel.eventLoop) { channel.close(promise: nil) }
    channel.write(HTTPClientRequestPart.head(exchange.head), promise: nil)
    if let body = exchange.body { channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil) }
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let exchange else { return }
    let part = unwrapInboundIn(data)
    let result: Result<[UInt8]?, any Error> = Result { try exchange.take(part) }
    guard case .end = part else {
      if case .failure(let error) = result {
        exchange.fail(error)
        context.close(promise: nil)
      }
      return
    }
    self.exchange = nil
    // Ready for the next request before anyone learns that this one is answered; also after a refusal that came as a whole.
    if exchange.keepsAlive, !exchange.isOver { idle(context.channel, true) } else { context.close(promise: nil) }
    switch result {
    case .success(let answer): exchange.succeed(answer ?? [])
    case .failure(let error): exchange.fail(error)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let problem = Words.ofEncryption(error).map { ClientError.cannotEncrypt(problem: $0) }
    secure(.failure(problem ?? ClientError.connectionLost(problem: Words.of(error))))
    if let problem { exchange?.fail(problem) } else { exchange?.lose(Words.of(error)) }
    context.close(promise: nil)
  }

  private func secure(_ result: Result<Void, any Error>) {
    secured?.completeWith(result)
    secured = nil
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event { secure(.success(())) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    secure(.failure(ClientError.connectionLost(problem: "the server closed it")))
    exchange?.lose("the server closed it")
    exchange = nil
    idle(context.channel, false)
    context.fireChannelInactive()
  }
}
