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
  func stream(to events: EventStream, _ client: ClientConnection?) async {
    let form = answer.form
    do {
      var opened: [any ChoiceStream] = []
      for index in answer.generations.indices {
        var stream = form.stream(of: index)
        for event in stream.opening() { try events.send(event) }
        opened.append(stream)
      }
      let streams = opened
      let answers = try await each { generation, index in
        var stream = streams[index]
        let (answer, rest) = try await read(generation) { part, tokens in
          for event in stream.say(part, tokens: tokens) { try events.send(event) }
        }
        for event in stream.ending(answer, tokens: rest) { try events.send(event) }
        return answer
      }
      let usage = usage(answers)
      request.note(usage)
      for event in form.closing(usage) { try events.send(event) }
      request.end(.ok)
    } catch is EventStream.Overflow {
      // A client that is gone reads nothing either.
      request.stop(.slowReader)
      request.end(.clientGone)
      client?.close()
    } catch is Stopped {
      if request.cause == .shutdown { try? events.send(form.failure(request.stopFailure)) }
      request.end(request.cause == .shutdown ? .error : .clientGone)
    } catch {
      request.stop(.clientGone)
      let failure = RequestFailure(error)
      try? events.send(form.failure(failure))
      request.end(Outcome(failure))
    }
  }

  /// The tokens of all answers that were drawn.
  func usage(_ answers: [ChoiceAnswer]) -> AnswerUsage {
    AnswerUsage(answers.map(\.completion.usage), perPrompt: answer.drawn)
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

  /// Reads one choice; `report` gets each part of it with the tokens that led to it.
  private func read(
    _ generation: Generation, _ report: (AnswerPart, [GeneratedToken]) throws -> Void
  ) async throws -> (answer: ChoiceAnswer, rest: [GeneratedToken]) {
    var last: ContinuousClock.Instant?
    var all: [GeneratedToken] = []
    var reported = 0
    var reader = PartReader(answer.tools)
    func tell(_ parts: [AnswerPart]) throws {
      for part in parts {
        // The token that ends an answer says nothing, and what was held back may come after it.
        let count = endsAnswer(all.last) ? all.count - 1 : all.count
        try report(part, Array(all[min(reported, count)..<count]))
        reported = count
      }
    }
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
        try tell(reader.append(token))
      case .text(let piece): try tell(reader.append(piece))
      case .finished(let completion):
        metrics.record(completion)
        if completion.reason == .cancelled { throw Stopped() }
        if completion.reason == .stop, endsAnswer(all.last) { all.removeLast() }
        try tell(reader.finish())
        let answer = ChoiceAnswer(completion: completion, segments: reader.segments, tokens: all)
        return (answer, Array(all[min(reported, all.count)...]))
      }
    }
    throw Stopped()
  }

  private func endsAnswer(_ token: GeneratedToken?) -> Bool {
    token.map { answer.vocabulary.endsGeneration($0.id) } ?? false
  }
}
