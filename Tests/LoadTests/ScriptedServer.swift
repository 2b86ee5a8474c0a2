import Formats
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server on loopback that answers as a test tells it to, one connection handler for all of it.
final class ScriptedServer: Sendable {
  /// What is answered to a request.
  struct Reply: Sendable {
    var status = 200
    var type = "text/event-stream"
    /// The pieces of the body, each written by itself.
    var pieces: [String] = []
    /// Milliseconds before each piece.
    var pause: Int64 = 0
    /// Whether the connection is broken instead of ending the answer.
    var breaksOff = false
    /// Whether it is broken before anything is answered.
    var hasNoHead = false
    /// Whether the connection is closed behind the answer, though nothing said so.
    var closesAfter = false
    /// Whether nothing is answered at all.
    var isSilent = false

    /// A JSON answer.
    static func json(_ json: JSON, status: Int = 200) -> Reply {
      Reply(status: status, type: "application/json", pieces: [json.line])
    }

    /// A completion of so many tokens, an event each.
    static func completion(_ tokens: Int, prompt: Int = 5, pause: Int64 = 0) -> Reply {
      var pieces = (0..<tokens).map { _ in event(["choices": [["text": "x", "index": 0, "finish_reason": .null]]]) }
      pieces.append(event(["choices": [["text": "", "index": 0, "finish_reason": "length"]]]))
      pieces.append(
        event([
          "choices": [], "usage": ["prompt_tokens": .integer(prompt), "completion_tokens": .integer(tokens)],
        ]))
      pieces.append("data: [DONE]\n\n")
      return Reply(pieces: pieces, pause: pause)
    }

    static func event(_ json: JSON) -> String { "data: \(json.line)\n\n" }
  }

  typealias Script = @Sendable (_ number: Int, _ path: String, _ body: JSON) -> Reply

  private let channel: any Channel
  private let state: State

  private init(_ channel: any Channel, _ state: State) { (self.channel, self.state) = (channel, state) }

  /// Listens on a free port; `script` gets the number of the request, from 0.
  static func start(_ script: @escaping Script) async throws -> ScriptedServer {
    let state = State(script)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(state))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return ScriptedServer(channel, state)
  }

  deinit { channel.close(promise: nil) }

  var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
  /// Bodies of the requests so far.
  var bodies: [JSON] { state.bodies.withLock { $0 } }
  /// The most requests that were answered at one time.
  var mostAtOnce: Int { state.counts.withLock { $0.most } }
  /// Connections that were accepted.
  var connections: Int { state.counts.withLock { $0.connections } }
  /// Connections that the client closed while it was being answered.
  var abandoned: Int { state.counts.withLock { $0.abandoned } }

  private final class State: Sendable {
    struct Counts {
      var requests = 0
      var running = 0
      var most = 0
      var connections = 0
      var abandoned = 0
    }
    let script: Script
    let bodies = Mutex<[JSON]>([])
    let counts = Mutex(Counts())

    init(_ script: @escaping Script) { self.script = script }
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let state: State
    private var path = ""
    private var body: [UInt8] = []
    private var isAnswering = false

    init(_ state: State) { self.state = state }

    func channelActive(context: ChannelHandlerContext) { state.counts.withLock { $0.connections += 1 } }

    func channelInactive(context: ChannelHandlerContext) {
      if isAnswering {
        state.counts.withLock {
          $0.abandoned += 1
          $0.running -= 1
        }
      }
      isAnswering = false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): (path, body) = (head.uri, [])
      case .body(let buffer): body += Array(buffer.readableBytesView)
      case .end:
        let json = (try? JSON(parsing: body)) ?? .null
        state.bodies.withLock { $0.append(json) }
        let number = state.counts.withLock { counts in
          counts.running += 1
          counts.most = max(counts.most, counts.running)
          defer { counts.requests += 1 }
          return counts.requests
        }
        isAnswering = true
        let reply = state.script(number, path, json)
        if reply.isSilent { return }
        if reply.hasNoHead {
          isAnswering = false
          return context.close(promise: nil)
        }
        var headers: HTTPHeaders = ["content-type": reply.type]
        if !reply.breaksOff, reply.type == "application/json" {
          headers.add(name: "content-length", value: "\(reply.pieces.reduce(0) { $0 + $1.utf8.count })")
        }
        let head = HTTPResponseHead(
          version: .http1_1, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        write(reply, from: 0, NIOLoopBound(context, eventLoop: context.eventLoop))
      }
    }

    private func write(_ reply: Reply, from index: Int, _ context: NIOLoopBound<ChannelHandlerContext>) {
      let bound = NIOLoopBound(self, eventLoop: context.value.eventLoop)
      context.value.eventLoop.scheduleTask(in: .milliseconds(reply.pause)) {
        let (handler, context) = (bound.value, context.value)
        guard context.channel.isActive else { return }
        if index < reply.pieces.count {
          let buffer = context.channel.allocator.buffer(string: reply.pieces[index])
          context.writeAndFlush(handler.wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
          return handler.write(reply, from: index + 1, NIOLoopBound(context, eventLoop: context.eventLoop))
        }
        handler.isAnswering = false
        handler.state.counts.withLock { $0.running -= 1 }
        if reply.breaksOff { return context.close(promise: nil) }
        context.writeAndFlush(handler.wrapOutboundOut(.end(nil)), promise: nil)
        if reply.closesAfter { context.close(promise: nil) }
      }
    }
  }
}
