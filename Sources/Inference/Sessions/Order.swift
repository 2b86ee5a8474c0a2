import Text

/// A generation that was asked for, before its prompt is known in tokens.
struct Order: Sendable {
  let session: Session
  let request: Session.Request
  let options: GenerationOptions
  let events: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
  let cancellation: Cancellation
  let submitted = ContinuousClock.now

  /// Makes tokens of the prompt and hands them to the scheduler; tells whether it did. The session is free now.
  func begin() -> Bool {
    let engine = session.engine
    do {
      try options.validate(vocabularySize: engine.model.description.vocabularySize)
      let prompt = try engine.tokens(of: prompt())
      let job = try Job(order: self, prompt: prompt)
      if engine.scheduler.submit(job) { return true }
      throw InferenceError.engineStopped
    } catch {
      engine.scheduler.unreserve()
      events.finish(throwing: error)
      return false
    }
  }

  private func prompt() -> Prompt {
    switch request {
    case .prompt(let prompt): prompt
    case .turn(let message): .chat(session.messages + [ChatMessage(role: .user, content: message)])
    }
  }
}
