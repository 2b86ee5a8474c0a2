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

  private static let handler = Mutex<Handler?>(nil)
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
    if signal == SIGINT, !isSecond, let taken, taken() { return }
    Terminal.restore()
    // What comes next on the terminal does not continue a line of progress.
    if Output.noteIsTerminal { Output.notePiece("\n") }
    if signal == SIGINT, reportsJSON.load(ordering: .relaxed) {
      Output.answer(CommandFailure(CancellationError()).json.line)
    }
    _exit(signal == SIGINT ? ExitStatus.interrupted.rawValue : 128 + signal)
  }

  /// Hands interrupts to `body`'s `handler` while it runs. A second interrupt ends the program.
  package static func handled<Value>(
    by newHandler: @escaping Handler, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
  ) async rethrows -> Value {
    requested.store(false, ordering: .relaxed)
    handler.withLock { $0 = newHandler }
    defer { handler.withLock { $0 = nil } }
    return try await body()
  }
}
