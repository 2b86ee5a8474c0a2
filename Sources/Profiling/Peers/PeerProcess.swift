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
  private var process: pid_t = 0
  private var input: Int32 = -1
  private var output: Int32 = -1
  private var log: Int32 = -1
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
  ///   ``ProfilingError/peerFailed(name:problem:)`` and ``ProfilingError/peerTimedOut(name:seconds:)``.
  public init(
    name: String, command: [String], environment: [String] = [], hint: String, startTimeout: Double = 120
  ) throws(ProfilingError) {
    self.name = name
    guard let program = command.first, access(program, X_OK) == 0 else { throw .peerAbsent(name: name, hint: hint) }
    // A peer that died must show as an error of a write, not as a signal.
    signal(SIGPIPE, SIG_IGN)
    try start(command, environment)
    greeting = try readAnswer(timeout: startTimeout)
    if let problem = greeting["error"]?.text { throw .peerFailed(name: name, problem: problem) }
  }

  deinit { stop() }

  /// Asks for one thing and waits for the answer.
  ///
  /// - Throws: ``ProfilingError/peerFailed(name:problem:)`` also when the answer is an error, and
  ///   ``ProfilingError/peerTimedOut(name:seconds:)``.
  public func request(_ request: JSON, timeout: Double = 900) throws(ProfilingError) -> JSON {
    let bytes = Array((request.line + "\n").utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { write(input, $0.baseAddress.map { $0 + sent }, bytes.count - sent) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .peerFailed(name: name, problem: ended()) }
      sent += count
    }
    let answer = try readAnswer(timeout: timeout)
    if let problem = answer["error"]?.text { throw .peerFailed(name: name, problem: problem) }
    return answer
  }

  private func start(_ command: [String], _ environment: [String]) throws(ProfilingError) {
    var toPeer: [Int32] = [-1, -1]
    var fromPeer: [Int32] = [-1, -1]
    guard pipe(&toPeer) == 0, pipe(&fromPeer) == 0 else {
      throw .peerFailed(name: name, problem: systemErrorText(errno))
    }
    // The child keeps only the ends that become its own input and output.
    for end in toPeer + fromPeer { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (input, output) = (toPeer[1], fromPeer[0])
    var pattern = Array("/tmp/venturi-peer-XXXXXX".utf8CString)
    log = mkstemp(&pattern)
    if log >= 0 { unlink(pattern) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toPeer[0], STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, fromPeer[1], STDOUT_FILENO)
    if log >= 0 { posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO) }

    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    // The command blocks signals that one of its threads waits for; a peer takes them as usual.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let names = environment.map { $0.prefix { $0 != "=" } + "=" }
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
    var entry = environ
    while let variable = entry.pointee {
      let text = String(cString: variable)
      if !names.contains(where: { text.hasPrefix($0) }) { variables.append(strdup(text)) }
      entry += 1
    }
    variables.append(nil)
    defer { for variable in variables { free(variable) } }
    let code = posix_spawn(&process, command[0], &actions, &attributes, &arguments, &variables)
    close(toPeer[0])
    close(fromPeer[1])
    if code != 0 {
      process = 0
      throw .peerFailed(name: name, problem: systemErrorText(code))
    }
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
      var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, Int32(min(left * 1000 + 1, 60_000)))
      if ready < 0, errno != EINTR { throw .peerFailed(name: name, problem: systemErrorText(errno)) }
      if ready <= 0 { continue }
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(output, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .peerFailed(name: name, problem: ended()) }
      pending.append(contentsOf: chunk[..<count])
      if pending.count > 1 << 26 { throw .peerFailed(name: name, problem: "an answer of more than 64 MiB") }
    }
  }

  /// Why the process is gone: the last line of its own log.
  private func ended() -> String {
    guard log >= 0 else { return "it ended" }
    let size = lseek(log, 0, SEEK_END)
    var tail = [UInt8](repeating: 0, count: Int(min(max(size, 0), 2000)))
    let count = pread(log, &tail, tail.count, size - Int(tail.count))
    let text = String(decoding: tail.prefix(max(0, count)), as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).last.map { "it ended: \($0)" } ?? "it ended"
  }

  private func stop() {
    if input >= 0 {
      let quit = Array("{\"op\":\"quit\"}\n".utf8)
      _ = write(input, quit, quit.count)
      close(input)
    }
    if output >= 0 { close(output) }
    if log >= 0 { close(log) }
    guard process > 0 else { return }
    var status: Int32 = 0
    for _ in 0..<100 {
      if waitpid(process, &status, WNOHANG) != 0 { return }
      usleep(20_000)
    }
    kill(process, SIGKILL)
    waitpid(process, &status, 0)
  }
}
