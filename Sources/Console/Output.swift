import Profiling
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Standard output carries the answer and nothing else; all else goes to standard error.
package enum Output {
  /// Whether standard output is a terminal.
  package static let answerIsTerminal = isatty(STDOUT_FILENO) == 1
  /// Whether standard error is a terminal.
  package static let noteIsTerminal = isatty(STDERR_FILENO) == 1

  /// A line of the answer.
  package static func answer(_ line: String) { write(line.hasSuffix("\n") ? line : line + "\n", to: STDOUT_FILENO) }

  /// A piece of the answer, as it comes.
  package static func piece(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// A line beside the answer.
  package static func note(_ line: String) {
    write(printable(line.hasSuffix("\n") ? line : line + "\n"), to: STDERR_FILENO)
  }

  /// The text without the characters that command a terminal; what a file says may be quoted in a note.
  package static func printable(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      out.append(isControl && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar)
    }
    return String(out)
  }

  /// A piece beside the answer.
  package static func notePiece(_ text: String) { write(text, to: STDERR_FILENO) }

  /// An error: a sentence on standard error and, for programs, an object on standard output.
  package static func failure(_ failure: CommandFailure, json: Bool) {
    if json { answer(failure.json.line) }
    note("venturi: \(failure.message)")
  }

  /// Ends the program when its answer could not be written.
  private static func lost(_ code: Int32) -> Never {
    if code != EPIPE { note("venturi: standard output: \(systemErrorText(code))") }
    Terminal.restore()
    _exit(ExitStatus.failure.rawValue)
  }

  /// Writes everything; a reader that went away ends the program quietly, as it does with any command.
  private static func write(_ text: String, to file: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = systemWrite(file, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
        if count < 0, errno == EINTR || errno == EAGAIN { continue }
        if count <= 0 {
          // Without its answer the program has failed; nobody can be told of a lost note.
          if file == STDOUT_FILENO { lost(errno) }
          return
        }
        sent += count
      }
    }
  }
}

private func systemWrite(_ file: Int32, _ base: UnsafePointer<UInt8>?, _ count: Int) -> Int {
  #if canImport(Glibc)
    Glibc.write(file, base, count)
  #else
    Musl.write(file, base, count)
  #endif
}
