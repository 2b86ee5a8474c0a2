import Formats
import Hummingbird
import NIOCore
import Synchronization

/// The parts of a stream between those who have something to say and the connection that takes it: bounded, so that a client
/// who does not read costs no more than that.
///
/// What waits is written at once, so a connection that keeps up gets each event by itself, and one that does not gets many
/// in one piece.
final class EventStream: Sendable {
  /// Thrown to those who say more than the client takes.
  struct Overflow: Error {}

  private struct State {
    var waiting = ByteBuffer()
    var isFinished = false
    var isOver = false
    var isQuiet = true
    var reader: CheckedContinuation<Void, Never>?
  }

  /// How the parts of a stream are told apart.
  enum Framing: Sendable {
    /// Server-sent events.
    case events
    /// One JSON value a line, which leaves no room for signs of life.
    case lines

    /// The headers of such an answer; the last one keeps proxies from collecting parts.
    var headers: HTTPFields {
      let type = self == .events ? "text/event-stream" : "application/x-ndjson"
      return [.contentType: type, .cacheControl: "no-cache", .accelBuffering: "no"]
    }
  }

  private let limit: Int
  private let framing: Framing
  private let state = Mutex(State())

  /// A stream of which at most `limit` bytes wait.
  init(limit: Int, framing: Framing = .events) {
    self.limit = limit
    self.framing = framing
  }

  /// The bytes that wait.
  var waitingBytes: Int { state.withLock { $0.waiting.readableBytes } }

  /// Says an event.
  ///
  /// - Throws: ``Overflow`` when too much waits, or nobody reads any more.
  func send(_ event: ServerEvent) throws(Overflow) {
    let line = framing == .events ? event.text : event.data.map { $0.line + "\n" } ?? ""
    let (isFull, reader) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
      if state.isOver || state.waiting.readableBytes + line.utf8.count > limit { return (true, nil) }
      state.waiting.writeString(line)
      state.isQuiet = false
      defer { state.reader = nil }
      return (false, state.reader)
    }
    if isFull { throw Overflow() }
    reader?.resume()
  }

  /// Gives a sign of life, unless something was said since the last one.
  private func ping() {
    if framing == .lines { return }
    let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
      defer { state.isQuiet = true }
      guard state.isQuiet, !state.isFinished, !state.isOver, state.waiting.readableBytes == 0 else { return nil }
      state.waiting.writeString(": ping\n\n")
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume()
  }

  /// Nothing more will be said.
  func finish() {
    let reader = state.withLock { state in
      state.isFinished = true
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume()
  }

  /// Nobody reads any more.
  private func close() { state.withLock { $0.isOver = true } }

  /// What waits, as soon as there is something; `nil` at the end.
  private func next() async -> ByteBuffer? {
    while true {
      let (buffer, isFinished) = state.withLock { state -> (ByteBuffer?, Bool) in
        guard state.waiting.readableBytes > 0 else { return (nil, state.isFinished) }
        defer { state.waiting = ByteBuffer() }
        return (state.waiting, false)
      }
      if let buffer { return buffer }
      if isFinished { return nil }
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if state.waiting.readableBytes > 0 || state.isFinished { return true }
          state.reader = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    }
  }

  /// Writes what `produce` says to a connection, with a sign of life after each `ping` seconds of silence.
  ///
  /// - Parameter produce: says everything and returns; it learns of a client that left by its own means.
  /// - Throws: the connection's errors.
  func run(
    _ writer: inout any ResponseBodyWriter, ping: Double, _ produce: @escaping @Sendable () async -> Void
  ) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { [self] in
        await produce()
        finish()
      }
      group.addTask { [self] in
        while !Task.isCancelled {
          try? await Task.sleep(for: .seconds(ping))
          self.ping()
        }
      }
      defer {
        close()
        group.cancelAll()
      }
      while let buffer = await next() { try await writer.write(buffer) }
    }
  }
}
