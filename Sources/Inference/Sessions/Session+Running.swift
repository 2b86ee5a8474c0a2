import Text

extension Session {
  /// What is to be generated.
  enum Request: Sendable {
    case turn(String)
    case prompt(Prompt)
  }

  /// Starts a generation as soon as the session is free.
  func start(_ request: Request, _ options: GenerationOptions) -> Generation {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: GenerationEvent.self)
    let place = Place(engine.scheduler.admission)
    continuation.onTermination = { end in
      if case .cancelled = end { place.cancel() }
    }
    let order = Order(session: self, request: request, options: options, events: continuation, place: place)
    var refusal: (any Error)?
    do {
      let tokens = try order.enter()
      whenFree(place) { order.begin(tokens) }
    } catch {
      continuation.finish(throwing: error)
      refusal = error
    }
    return Generation(stream: stream, place: place, refusal: refusal)
  }

  /// Runs `body` when the session is free, now if it is; `body` tells whether the session stays taken. What is asked for
  /// with a place is forgotten when that is withdrawn.
  private func whenFree(_ place: Place? = nil, _ body: @escaping @Sendable () -> Bool) {
    let isFree = content.withLock { content in
      if content.isTaken {
        if place?.isOver != true { content.waiting.append((place, body)) }
        return false
      }
      content.isTaken = true
      return true
    }
    if isFree, !body() { release() }
  }

  /// Waits no longer for what was asked for with `place`.
  func forget(_ place: Place) {
    // Released outside of the lock.
    _ = content.withLock { content in
      let index = content.waiting.firstIndex { $0.place === place }
      return index.map { content.waiting.remove(at: $0) }
    }
  }

  /// Gives the session to whoever waits for it.
  func release() {
    while true {
      let next = content.withLock { content in
        if content.waiting.isEmpty {
          content.isTaken = false
          return nil as (@Sendable () -> Bool)?
        }
        return content.waiting.removeFirst().body
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
