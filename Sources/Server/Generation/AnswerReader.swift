import Formats
import Inference

/// Reads generations to their ends and keeps the time.
struct AnswerReader: Sendable {
  let answer: PreparedAnswer
  let request: RunningRequest
  let metrics: ServerMetrics

  /// Thrown when the request was stopped.
  struct Stopped: Error {}

  /// Reads all choices.
  ///
  /// - Throws: ``Stopped``; the generations' errors.
  func collect() async throws -> [ChoiceAnswer] {
    try await each { generation, _ in try await read(generation) { _, _ in }.answer }
  }

  /// Says all choices to a stream, as they come; what ends them too early is said as an event of its own.
  func stream(to stream: EventStream, _ client: ClientConnection?) async {
    let form = answer.form
    do {
      for index in answer.generations.indices {
        if let opening = form.opening(index: index) { try stream.send(opening) }
      }
      let answers = try await each { generation, index in
        var offset = 0
        let (answer, rest) = try await read(generation) { piece, tokens in
          try stream.send(form.piece(piece, tokens: tokens, index: index, offset: offset))
          for token in tokens { offset += TokenText.length(token) }
        }
        try stream.send(form.ending(answer, tokens: rest, index: index, offset: offset))
        return answer
      }
      let usage = usage(answers)
      request.note(usage)
      if let closing = form.closing(usage) { try stream.send(closing) }
      try stream.sendDone()
      request.end(.ok)
    } catch is EventStream.Overflow {
      // A client that is gone reads nothing either.
      request.stop(.slowReader)
      request.end(.clientGone)
      client?.close()
    } catch is Stopped {
      if request.cause == .shutdown { try? stream.send(form.failure(request.stopFailure)) }
      request.end(request.cause == .shutdown ? .error : .clientGone)
    } catch {
      request.stop(.clientGone)
      let failure = RequestFailure(error)
      try? stream.send(form.failure(failure))
      request.end(Outcome(failure))
    }
  }

  /// The tokens of the answers.
  func usage(_ answers: [ChoiceAnswer]) -> AnswerUsage {
    AnswerUsage(answers.map(\.completion.usage), perPrompt: answer.choices)
  }

  private func each(
    _ body: @escaping @Sendable (Generation, Int) async throws -> ChoiceAnswer
  ) async throws -> [ChoiceAnswer] {
    let generations = answer.generations
    if generations.count == 1 { return [try await body(generations[0], 0)] }
    return try await withThrowingTaskGroup(of: (Int, ChoiceAnswer).self) { group in
      for (index, generation) in generations.enumerated() {
        group.addTask { (index, try await body(generation, index)) }
      }
      var answers = [ChoiceAnswer?](repeating: nil, count: generations.count)
      do {
        for try await (index, answer) in group { answers[index] = answer }
      } catch {
        // Nobody waits for the others any more.
        for generation in generations { generation.cancel() }
        throw error
      }
      return answers.compactMap { $0 }
    }
  }

  /// Reads one choice; `report` gets each piece of text with the tokens that led to it.
  private func read(
    _ generation: Generation, _ report: (String, [GeneratedToken]) throws -> Void
  ) async throws -> (answer: ChoiceAnswer, rest: [GeneratedToken]) {
    var last: ContinuousClock.Instant?
    var all: [GeneratedToken] = []
    var reported = 0
    for try await event in generation {
      switch event {
      case .progress: break
      case .token(let token):
        let now = ContinuousClock.now
        if let last {
          metrics.recordToken(seconds: last.seconds(to: now))
        } else {
          metrics.recordFirstToken(seconds: request.begun.seconds(to: now))
        }
        last = now
        if answer.keepsTokens { all.append(token) }
      case .text(let piece):
        // The token that ends an answer says nothing, and what was held back may come after it.
        let count = endsAnswer(all.last) ? all.count - 1 : all.count
        try report(piece, Array(all[min(reported, count)..<count]))
        reported = count
      case .finished(let completion):
        metrics.record(completion)
        if completion.reason == .cancelled { throw Stopped() }
        if completion.reason == .stop, endsAnswer(all.last) { all.removeLast() }
        return (ChoiceAnswer(completion: completion, tokens: all), Array(all[min(reported, all.count)...]))
      }
    }
    throw Stopped()
  }

  private func endsAnswer(_ token: GeneratedToken?) -> Bool {
    token.map { answer.vocabulary.endsGeneration($0.id) } ?? false
  }
}
