#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Another program, run to its end.
package enum Subprocess {
  /// Runs a program that is looked for in the search path; what it says goes to the file `log`.
  ///
  /// - Parameter whileRunning: called ten times a second; `false` kills the program.
  /// - Returns: its exit code, or 128 and the signal that ended it.
  /// - Throws: ``InferenceError/system(operation:path:code:)`` when it cannot be started; `CancellationError` when
  ///   it was killed.
  package static func run(_ arguments: [String], log: String, whileRunning: () -> Bool) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var words = arguments.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var process = pid_t()
    let code = posix_spawnp(&process, arguments[0], &actions, nil, words, environ)
    if code != 0 { throw InferenceError.system(operation: "run", path: arguments[0], code: code) }
    var status: Int32 = 0
    var isKilled = false
    while true {
      let ended = waitpid(process, &status, WNOHANG)
      if ended == process { break }
      if ended < 0, errno != EINTR {
        throw InferenceError.system(operation: "wait for", path: arguments[0], code: errno)
      }
      if !isKilled, !whileRunning() {
        kill(process, SIGKILL)
        isKilled = true
      }
      usleep(100_000)
    }
    if isKilled { throw CancellationError() }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }
}
