#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Standard input, output and error, as the program finds them.
package enum StandardFiles {
  /// Opens what the caller has closed of them, so that no file that is opened later gets their numbers and with them what
  /// is written to them. They are opened the wrong way round: using them fails as it does while they are closed.
  package static func occupy() {
    for file in STDIN_FILENO...STDERR_FILENO where fcntl(file, F_GETFD) < 0 {
      _ = open("/dev/null", file == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
