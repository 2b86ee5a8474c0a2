import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The terminal's mode: keys one by one while a line is edited, as usual otherwise.
package enum Terminal {
  private static let saved = Mutex<termios?>(nil)

  /// Takes keys as they are pressed, without echo; `false` where standard input is no terminal.
  package static func enterRawMode() -> Bool {
    var mode = termios()
    guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &mode) == 0 else { return false }
    saved.withLock { if $0 == nil { $0 = mode } }
    mode.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INPCK | ISTRIP | IXON)
    mode.c_cflag |= tcflag_t(CS8)
    mode.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN | ISIG)
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0
  }

  /// Gives the terminal back as it was.
  package static func restore() {
    let mode = saved.withLock { saved in
      defer { saved = nil }
      return saved
    }
    if var mode { tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) }
  }

  /// The number of columns.
  package static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// The next bytes that were typed; empty at the end of input. With a timeout, `nil` when nothing came.
  package static func read(timeoutMilliseconds: Int32 = -1) -> [UInt8]? {
    var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    while true {
      let ready = poll(&waiting, 1, timeoutMilliseconds)
      if ready == 0 { return nil }
      if ready < 0 { if errno == EINTR { continue } else { return [] } }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = systemRead(&bytes)
      if count < 0, errno == EINTR { continue }
      return Array(bytes.prefix(max(0, count)))
    }
  }

  private static func systemRead(_ bytes: inout [UInt8]) -> Int {
    #if canImport(Glibc)
      Glibc.read(STDIN_FILENO, &bytes, bytes.count)
    #else
      Musl.read(STDIN_FILENO, &bytes, bytes.count)
    #endif
  }
}
