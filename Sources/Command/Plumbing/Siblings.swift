import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Verbs that are programs of their own, `venturi-VERB` beside this one or on the path, as git has them; so a heavy
/// dependency stays in the one that needs it.
package enum Siblings {
  /// Siblings of the house, and what they do.
  package static let known = [
    "serve": "the HTTP server", "cluster": "work across machines", "atlas": "reproductions of published systems",
  ]

  /// The verbs of this program.
  static var verbs: Set<String> {
    Set(VenturiCommand.configuration.subcommands.map { $0._commandName } + ["help"])
  }

  /// Becomes the sibling program for the first argument, if that is no verb of this one and there is such a program.
  static func dispatch(_ arguments: [String]) {
    guard let verb = arguments.first, isName(verb), !verbs.contains(verb) else { return }
    guard let program = locate(verb, beside: executablePath, path: environmentValue("PATH") ?? "")
    else { return }
    var pointers: [UnsafeMutablePointer<CChar>?] = ([program] + arguments.dropFirst()).map { strdup($0) }
    pointers.append(nil)
    execv(program, pointers)
    // The kernel refused it: go on, and report the verb as unknown.
    for pointer in pointers { free(pointer) }
  }

  /// Whether `verb` can name a program.
  package static func isName(_ verb: String) -> Bool {
    guard let first = verb.utf8.first, (97...122).contains(first) else { return false }
    return verb.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
  }

  /// The program `venturi-VERB` beside `executable`, else in a folder of `path`.
  package static func locate(_ verb: String, beside executable: String?, path: String) -> String? {
    var folders = path.split(separator: ":").map(String.init)
    if let executable, let end = executable.lastIndex(of: "/") { folders.insert(String(executable[..<end]), at: 0) }
    let candidates = folders.map { folder in "\(folder)/venturi-\(verb)" }
    return candidates.first { program in access(program, X_OK) == 0 }
  }

  /// The path of the running program.
  package static var executablePath: String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink("/proc/self/exe", $0.assumingMemoryBound(to: CChar.self), bytes.count) } ?? -1
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
