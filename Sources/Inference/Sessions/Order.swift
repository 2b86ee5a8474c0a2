import Text

/// A generation that was asked for, before its prompt is known in tokens.
struct Order: Sendable {
  let session: Session
  let request: Session.Request
  let options: GenerationOptions
  let events: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
  let place: Place
  let seed: UInt64
  let submitted = ContinuousClock.now

  init(
    session: Session, request: Session.Request, options: GenerationOptions,
    events: AsyncThrowingStream<GenerationEvent, any Error>.Continuation, place: Place
  ) {
    self.session = session
    self.request = request
    self.options = options
    self.events = events
    self.place = place
    // A drawn seed is one that readers of JSON hold exactly, so that it can be given again.
    seed = options.seed ?? UInt64.random(in: 0..<1 << 53)
  }

  /// Checks what can be checked before the session is free, and takes the place. A prompt that does not depend on the
  /// session gives its tokens.
  ///
  /// - Throws: ``InferenceError`` and the template's errors; no place is taken then.
  func enter() throws -> [Int32]? {
    let engine = session.engine
    // Where no place is left no time is spent on the prompt.
    try engine.scheduler.admission.check()
    try options.validate(vocabularySize: engine.model.description.vocabularySize)
    var tokens: [Int32]?
    if case .prompt(let prompt) = request { tokens = try engine.tokens(of: prompt) }
    try place.take(tokens: tokens?.count ?? 0) { [self] tokens, isQueued in withdraw(tokens, isQueued) }
    return tokens
  }

  /// Hands the generation to the scheduler; tells whether it did. The session is free now.
  func begin(_ known: [Int32]?) -> Bool {
    if place.isOver { return false }
    let engine = session.engine
    do {
      let prompt = try known ?? engine.tokens(of: turn())
      let job = try Job(order: self, prompt: prompt)
      guard try place.enqueue(tokens: prompt.count) else { return false }
      if engine.scheduler.submit(job) { return true }
      throw InferenceError.engineStopped
    } catch {
      if place.end(.failed) { events.finish(throwing: error) }
      return false
    }
  }

  private func turn() -> Prompt {
    switch request {
    case .prompt(let prompt): prompt
    case .turn(let message): .chat(session.messages + [ChatMessage(role: .user, content: message)])
    }
  }

  /// Ends the generation before it has run, on the thread that cancels.
  private func withdraw(_ tokens: Int, _ isQueued: Bool) {
    session.forget(place)
    var timings = GenerationTimings()
    timings.queueSeconds = submitted.seconds(to: .now)
    events.yield(
      .finished(
        Completion(
          text: "", tokens: [], reason: .cancelled, seed: seed, usage: Usage(promptTokens: tokens), timings: timings)))
    events.finish()
    // The session is a queued generation's.
    if isQueued { session.release() }
  }
}
