import CVenturi
import Formats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Another engine in a process of its own: one JSON request a line on its input, one JSON answer a line on its output.
///
/// The process says first that it is ready. It ends when this object goes.
public final class PeerProcess {
  /// The peer's name.
  public let name: String
  /// What it said when it was ready.
  public private(set) var greeting: JSON = .null
  private let child: ChildProcess
  private var pending: [UInt8] = []

  /// Starts `command` and waits until it is ready.
  ///
  /// - Parameters:
  ///   - name: the peer's name, for errors.
  ///   - command: the program's path and its arguments.
  ///   - environment: `NAME=VALUE` settings beside those of this process.
  ///   - hint: how to install it.
  ///   - startTimeout: seconds to wait for the first line.
  /// - Throws: ``ProfilingError/peerAbsent(name:hint:)`` when there is no such program,
  ///   ``ProfilingError/peerFailed(name:problem:)``, ``ProfilingError/peerEnded(name:lastWords:)`` and
  ///   ``ProfilingError/peerTimedOut(name:seconds:)``.
  public init(
    name: String, command: [String], environment: [String] = [], hint: String, startTimeout: Double = 120
  ) throws(ProfilingError) {
    self.name = name
    guard let program = command.first, access(program, X_OK) == 0 else { throw .peerAbsent(name: name, hint: hint) }
    child = try ChildProcess(name: name, command: command, environment: environment, streams: .pipes)
    greeting = try readAnswer(timeout: startTimeout)
    if let problem = greeting["error"]?.text { throw .peerFailed(name: name, problem: problem) }
  }

  deinit { stop() }

  /// Asks for one thing and waits for the answer.
  ///
  /// - Throws: ``ProfilingError/peerFailed(name:problem:)`` also when the answer is an error,
  ///   ``ProfilingError/peerEnded(name:lastWords:)`` and ``ProfilingError/peerTimedOut(name:seconds:)``.
  public func request(_ request: JSON, timeout: Double = 900) throws(ProfilingError) -> JSON {
    let bytes = Array((request.line + "\n").utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { write(child.input, $0.baseAddress.map { $0 + sent }, bytes.count - sent) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .peerEnded(name: name, lastWords: child.lastWords) }
      sent += count
    }
    let answer = try readAnswer(timeout: timeout)
    if let problem = answer["error"]?.text { throw .peerFailed(name: name, problem: problem) }
    return answer
  }

  private func readAnswer(timeout: Double) throws(ProfilingError) -> JSON {
    let deadline = vt_monotonic_seconds() + timeout
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        do throws(JSONError) { return try JSON(parsing: line) } catch {
          throw .peerFailed(name: name, problem: error.description)
        }
      }
      let left = deadline - vt_monotonic_seconds()
      if left <= 0 { throw .peerTimedOut(name: name, seconds: timeout) }
      var waiting = pollfd(fd: child.output, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, Int32(min(left * 1000 + 1, 60_000)))
      if ready < 0, errno != EINTR { throw .peerFailed(name: name, problem: systemErrorText(errno)) }
      if ready <= 0 { continue }
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(child.output, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .peerEnded(name: name, lastWords: child.lastWords) }
      pending.append(contentsOf: chunk[..<count])
      if pending.count > 1 << 26 { throw .peerFailed(name: name, problem: "an answer of more than 64 MiB") }
    }
  }

  private func stop() {
    let quit = Array("{\"op\":\"quit\"}\n".utf8)
    _ = write(child.input, quit, quit.count)
  }
}
