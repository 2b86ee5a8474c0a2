import Profiling
import Venturi

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
    "hub": "models of a model hub", "train": "trains a model as a file describes it",
    "plan": "what a model would cost on machines that are not here",
  ]

  /// Verbs that a sibling of another name does: `venturi reproduce 67` is `venturi-atlas reproduce 67`.
  package static let verbs = [
    "reproduce": (sibling: "atlas", purpose: "repeats a published system's measurements and checks"),
    "results": (sibling: "atlas", purpose: "writes what was measured into RESULTS.md"),
    "plan": (sibling: "plan", purpose: "what a model would cost on machines that are not here"),
    "tune": (sibling: "serve", purpose: "searches for the settings with which a model is served fastest"),
  ]

  /// Verbs of this program that a sibling does in some cases: what the case is, and what the sibling's arguments begin with instead of the
  /// given number of words.
  private static let cases: [(verb: [String], option: String?, sibling: String, words: [String])] = [
    (["chat"], "--server", "serve", ["client", "chat"]), (["run"], "--server", "serve", ["client", "run"]),
    (["bench", "serve"], nil, "serve", ["bench", "serve"]),
    (["bench", "landscape"], nil, "serve", ["bench", "landscape"]),
  ]

  /// The sibling that a call is for though its verb is of this program, and the arguments for it.
  package static func exception(_ arguments: [String]) -> (sibling: String, arguments: [String])? {
    for (verb, option, sibling, words) in cases where arguments.starts(with: verb) {
      let rest = arguments.dropFirst(verb.count)
      // What stands behind `--` is no option.
      let options = rest.prefix { $0 != "--" }
      if let option, !options.contains(where: { $0 == option || $0.hasPrefix(option + "=") }) { continue }
      return (sibling, words + rest)
    }
    // Talking to a hub takes libraries that nothing else needs.
    if arguments.first == "pull", arguments.contains(where: { $0.hasPrefix("hf:") }) { return ("hub", arguments) }
    return nil
  }

  /// The sibling that does a verb.
  package static func name(for verb: String) -> String { verbs[verb]?.sibling ?? verb }

  /// The verbs of siblings, for help.
  package static var help: String {
    let lines = verbs.map { "  \($0)  \($1.purpose) (venturi-\($1.sibling))" }
    let others = known.filter { name, _ in !verbs.values.contains { $0.sibling == name } }
    return (lines + others.map { "  \($0)  \($1) (venturi-\($0))" }).sorted().joined(separator: "\n")
  }

  /// Becomes the sibling program for the first argument, if that is not of `own` verbs and there is such a program.
  package static func dispatch(_ arguments: [String], own: Set<String>) {
    // `help VERB` asks the program that does the verb.
    let asksHelp = arguments.count == 2 && arguments[0] == "help" && verbs[arguments[1]] != nil
    let arguments = asksHelp ? [arguments[1], "--help"] : arguments
    guard let verb = arguments.first, isName(verb) else { return }
    let exception = exception(arguments)
    if own.contains(verb), exception == nil { return }
    let sibling = exception?.sibling ?? name(for: verb)
    guard let program = locate(sibling, beside: Files.programPath, path: environmentValue("PATH") ?? "") else { return }
    // A sibling that has several verbs is told which; one that has its own name is the verb.
    let words = exception?.arguments ?? (verbs[verb] != nil ? arguments : Array(arguments.dropFirst()))
    var pointers: [UnsafeMutablePointer<CChar>?] = ([program] + words).map { strdup($0) }
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
}
