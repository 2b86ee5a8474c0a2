import Text

extension Session {
  /// What is to be generated.
  enum Request: Sendable {
    case turn(String)
    case prompt(Prompt)
  }

  /// Starts a generation as soon as the session is free.
  func start(_ request: Request, _ options: GenerationOptions) -> Generation {
    let cancellation = Cancellation()
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: GenerationEvent.self)
    continuation.onTermination = { end in
      if case .cancelled = end { cancellation.request() }
    }
    let order = Order(
      session: self, request: request, options: options, events: continuation, cancellation: cancellation)
    var refusal: (any Error)?
    do throws(InferenceError) {
      try engine.scheduler.reserve()
      whenFree { order.begin() }
    } catch {
      continuation.finish(throwing: error)
      refusal = error
    }
    return Generation(stream: stream, cancellation: cancellation, refusal: refusal)
  }

  /// Runs `body` when the session is free, now if it is; `body` tells whether the session stays taken.
  private func whenFree(_ body: @escaping @Sendable () -> Bool) {
    let isFree = content.withLock { content in
      if content.isTaken {
        content.waiting.append(body)
        return false
      }
      content.isTaken = true
      return true
    }
    if isFree, !body() { release() }
  }

  /// Gives the session to whoever waits for it.
  func release() {
    while true {
      let next = content.withLock { content in
        if content.waiting.isEmpty {
          content.isTaken = false
          return nil as (@Sendable () -> Bool)?
        }
        return content.waiting.removeFirst()
      }
      guard let next, !next() else { return }
    }
  }

  /// Runs `body` on the content when the session is free.
  func whenIdle<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable (inout Content) throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      whenFree { [self] in
        continuation.resume(
          returning: content.withLock { content in
            Result { () throws(Failure) in try body(&content) }
          })
        return false
      }
    }
    return try result.get()
  }
}
