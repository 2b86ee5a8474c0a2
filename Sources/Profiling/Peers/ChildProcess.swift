import CVenturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A process that this one started: what it says on standard error is kept for when it fails. It ends when this object goes.
package final class ChildProcess {
  /// What is done with its standard input and output.
  package enum Streams {
    /// Both are pipes: ``ChildProcess/input`` and ``ChildProcess/output``.
    case pipes
    /// It reads nothing, and what it writes goes where its errors go.
    case none
  }

  /// Writes to its standard input; -1 without.
  package let input: Int32
  /// Reads its standard output; -1 without.
  package let output: Int32
  /// Its number.
  package let id: pid_t
  private let log: Int32
  private var isGone = false

  /// Starts `command`, the program's path and its arguments.
  ///
  /// - Parameter environment: `NAME=VALUE` settings beside those of this process.
  /// - Throws: ``ProfilingError/peerFailed(name:problem:)`` with `name`.
  package init(
    name: String, command: [String], environment: [String] = [], streams: Streams
  ) throws(ProfilingError) {
    // A peer that died must show as an error of a write, not as a signal.
    signal(SIGPIPE, SIG_IGN)
    var toChild: [Int32] = [-1, -1]
    var fromChild: [Int32] = [-1, -1]
    if streams == .pipes {
      guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
        throw .peerFailed(name: name, problem: systemErrorText(errno))
      }
      // The child keeps only the ends that become its own input and output.
      for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    var pattern = Array("/tmp/venturi-peer-XXXXXX".utf8CString)
    let log = mkstemp(&pattern)
    if log >= 0 {
      unlink(pattern)
      _ = fcntl(log, F_SETFD, FD_CLOEXEC)
    }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if streams == .pipes {
      posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO)
      posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO)
    } else {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
      if log >= 0 { posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO) }
    }
    if log >= 0 { posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO) }
    // Connections of this process would stay open for as long as the child has them.
    let files = Int32(clamping: min(max(sysconf(Int32(_SC_OPEN_MAX)), 1024), 1 << 16))
    for file in STDERR_FILENO + 1..<files where fcntl(file, F_GETFD) >= 0 { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }

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
    var process: pid_t = 0
    let code = posix_spawn(&process, command[0], &actions, &attributes, &arguments, &variables)
    if streams == .pipes {
      close(toChild[0])
      close(fromChild[1])
    }
    (id, input, output, self.log) = (process, toChild[1], fromChild[0], log)
    if code != 0 {
      isGone = true
      throw .peerFailed(name: name, problem: systemErrorText(code))
    }
  }

  deinit {
    if input >= 0 { close(input) }
    if output >= 0 { close(output) }
    if log >= 0 { close(log) }
    end(within: 2)
  }

  /// Whether it still runs.
  package var isRunning: Bool {
    if isGone { return false }
    var status: Int32 = 0
    isGone = waitpid(id, &status, WNOHANG) != 0
    return !isGone
  }

  /// Asks it to end.
  package func terminate() { if !isGone { kill(id, SIGTERM) } }

  /// Waits until it ends by itself, and ends it when it has not after so many seconds.
  package func end(within seconds: Double) {
    if isGone { return }
    let deadline = vt_monotonic_seconds() + seconds
    while vt_monotonic_seconds() < deadline {
      if !isRunning { return }
      usleep(20_000)
    }
    kill(id, SIGKILL)
    var status: Int32 = 0
    waitpid(id, &status, 0)
    isGone = true
  }

  /// The last line that it said on standard error.
  package var lastWords: String? {
    guard log >= 0 else { return nil }
    let size = lseek(log, 0, SEEK_END)
    var tail = [UInt8](repeating: 0, count: Int(min(max(size, 0), 2000)))
    let count = pread(log, &tail, tail.count, size - Int(tail.count))
    let text = String(decoding: tail.prefix(max(0, count)), as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).last.map(String.init)
  }

  /// The most memory that it had at one time, in bytes, and its processor time in seconds, as long as it runs.
  package var usage: (peakBytes: Int, seconds: Double)? {
    guard let status = try? readWholeFile("/proc/\(id)/status"), let times = try? readWholeFile("/proc/\(id)/stat")
    else {
      return nil
    }
    let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
    let peak = lines.first { $0.hasPrefix("VmHWM:") }?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    // The program's name, in brackets, may have blanks; the times are the 14th and 15th word.
    let words = String(decoding: times, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    guard let peak, words.count > 12, let user = Double(words[11]), let system = Double(words[12]) else { return nil }
    return (peak * 1024, (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))))
  }
}
