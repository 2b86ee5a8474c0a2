import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Ctrl-C: the running verb may take it, else the program ends with 130.
///
/// One thread waits for the signal, so what it calls is ordinary code, not a signal handler's.
package enum Interrupts {
  /// Takes an interrupt: `true` when it was dealt with.
  package typealias Handler = @Sendable () -> Bool

  /// What else than Ctrl-C a handler can take.
  package enum Other: Sendable {
    /// SIGTERM, by which systems end services.
    case terminate
  }

  private static let handler = Mutex<(Handler, takesTermination: Bool)?>(nil)
  private static let requested = Atomic<Bool>(false)
  private static let reportsJSON = Atomic<Bool>(false)

  /// Whether an interrupt that ends the program says so in an object on standard output.
  package static func reportAsJSON(_ isOn: Bool) { reportsJSON.store(isOn, ordering: .relaxed) }

  /// Starts the thread. Called first, while there is one thread: all later ones inherit the blocked signals.
  package static func install() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { _ in
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        while true {
          var received: Int32 = 0
          guard sigwait(&signals, &received) == 0 else { continue }
          Interrupts.deliver(received)
        }
      }, nil)
    // Without the thread nobody would take the signals: let them end the program as usual.
    if code != 0 { pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
  }

  private static func deliver(_ signal: Int32) {
    let isSecond = requested.exchange(true, ordering: .relaxed)
    let taken = handler.withLock { $0 }
    if let (take, takesTermination) = taken, signal == SIGINT || takesTermination {
      // Whoever ends a service may say so twice; only a person who is tired of waiting means more by it.
      if isSecond && signal == SIGTERM || !isSecond && take() { return }
    }
    Terminal.restore()
    // What comes next on the terminal does not continue a line of progress.
    if Output.noteIsTerminal { Output.notePiece("\n") }
    if signal == SIGINT, reportsJSON.load(ordering: .relaxed) {
      Output.answer(CommandFailure(CancellationError()).json.line)
    }
    _exit(signal == SIGINT ? ExitStatus.interrupted.rawValue : 128 + signal)
  }

  /// Hands interrupts, and what else is named, to `body`'s `handler` while it runs. A second interrupt ends the program.
  package static func handled<Value>(
    by newHandler: @escaping Handler, also others: Set<Other> = [], isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> Value
  ) async rethrows -> Value {
    requested.store(false, ordering: .relaxed)
    handler.withLock { $0 = (newHandler, others.contains(.terminate)) }
    defer { handler.withLock { $0 = nil } }
    return try await body()
  }

  /// What a task gives; an interrupt, and what else is named, cancels it.
  package static func value<Value: Sendable>(
    of task: Task<Value, any Error>, cancelledAlsoBy others: Set<Other> = []
  ) async throws -> Value {
    try await handled(
      by: {
        task.cancel()
        return true
      }, also: others
    ) { try await task.value }
  }
}
