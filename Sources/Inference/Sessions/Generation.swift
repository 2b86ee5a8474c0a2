/// An answer being generated: a sequence of events for one reader.
///
/// Work begins at once. Leaving the loop, dropping the generation or cancelling the task that reads it stops the work:
/// between layers when no other session is in the step, else before the next one. Errors are thrown by the loop.
///
/// ```swift
/// for try await event in session.respond(to: "Why is the sky blue?") {
///   if case .text(let piece) = event { print(piece, terminator: "") }
/// }
/// ```
public struct Generation: AsyncSequence, Sendable {
  /// An event.
  public typealias Element = GenerationEvent

  let stream: AsyncThrowingStream<GenerationEvent, any Error>
  let place: Place
  /// Why nothing will be generated, where that is known at once; the loop throws it too.
  public let refusal: (any Error)?

  /// Ends the answer early; the reader still gets what is there and ``FinishReason/cancelled``. One that waits has given
  /// its place back when this returns.
  public func cancel() { place.cancel() }

  /// Reads the answer to its end.
  ///
  /// - Throws: what the loop would throw; `CancellationError` when the task is cancelled.
  public func completion() async throws -> Completion {
    for try await event in self {
      if case .finished(let completion) = event { return completion }
    }
    throw CancellationError()
  }

  /// Reads the answer to its end and gives its text.
  ///
  /// - Throws: what ``completion()`` throws.
  public func text() async throws -> String { try await completion().text }

  /// The reader of the events.
  public func makeAsyncIterator() -> Iterator {
    Iterator(base: stream.makeAsyncIterator(), reader: Reader(place))
  }

  /// Reads events; dropping it cancels the answer.
  public struct Iterator: AsyncIteratorProtocol {
    var base: AsyncThrowingStream<GenerationEvent, any Error>.Iterator
    let reader: Reader

    /// The next event, or `nil` after the last.
    ///
    /// - Throws: ``InferenceError`` and the model's errors.
    public mutating func next() async throws -> GenerationEvent? { try await base.next() }

    /// The next event, or `nil` after the last.
    ///
    /// - Throws: ``InferenceError`` and the model's errors.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> GenerationEvent? {
      try await base.next(isolation: actor)
    }
  }

  /// Cancels when the loop that reads is left, even while the generation itself is still held.
  final class Reader: Sendable {
    private let place: Place
    init(_ place: Place) { self.place = place }
    deinit { place.cancel() }
  }
}
