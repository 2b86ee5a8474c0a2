import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Options from the environment and the configuration file, put before those of the call: a flag counts over the
/// environment, the environment over the file, and that over the default.
package struct Settings: Sendable {
  /// Where a value comes from.
  package enum Origin: Sendable, Equatable {
    case environment(String)
    case file(String, line: Int)

    /// `environment VENTURI_THREADS`.
    package var description: String {
      switch self {
      case .environment(let name): "environment \(name)"
      case .file(let path, let line): "\(path), line \(line)"
      }
    }
  }

  /// A value and where it comes from.
  package struct Entry: Sendable, Equatable {
    package var setting: Setting
    package var value: String
    package var origin: Origin
  }

  /// The values found, one for each setting.
  package let entries: [Entry]

  /// Reads the environment and the configuration file.
  ///
  /// - Throws: ``CommandFailure`` naming the file and line of what makes no sense.
  package static func load() throws -> Settings {
    let path = configurationPath
    var content: String?
    if let path, access(path, F_OK) == 0 { content = String(decoding: try readWholeFile(path), as: UTF8.self) }
    return try Settings(environment: environmentValue, file: content, path: path ?? "")
  }

  /// The configuration file: what `VENTURI_CONFIG` names, else `venturi/config` where the user keeps configurations.
  package static var configurationPath: String? {
    if let path = environmentValue("VENTURI_CONFIG"), !path.isEmpty { return path }
    if let folder = environmentValue("XDG_CONFIG_HOME"), !folder.isEmpty { return "\(folder)/venturi/config" }
    return environmentValue("HOME").map { "\($0)/.config/venturi/config" }
  }

  /// Settings from an environment and the content of a configuration file: lines `name = value`, `#` for comments.
  ///
  /// - Throws: ``CommandFailure``.
  package init(environment: (String) -> String?, file: String?, path: String) throws {
    var entries: [Entry] = []
    var number = 0
    for line in (file ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let text = Self.trimmed(line.prefix { $0 != "#" })
      if text.isEmpty { continue }
      guard let equals = text.firstIndex(of: "=") else {
        throw Self.failure("\(path), line \(number): 'name = value' is expected")
      }
      let name = Self.trimmed(text[..<equals])
      guard let setting = Setting.all.first(where: { $0.name == name }) else {
        throw Self.failure("\(path), line \(number): '\(name)' is no setting")
      }
      let value = Self.trimmed(text[text.index(after: equals)...])
      entries.removeAll { $0.setting.name == name }
      entries.append(Entry(setting: setting, value: value, origin: .file(path, line: number)))
    }
    for setting in Setting.all {
      guard let value = environment(setting.variable), !value.isEmpty else { continue }
      entries.removeAll { $0.setting.name == setting.name }
      entries.append(Entry(setting: setting, value: value, origin: .environment(setting.variable)))
    }
    self.entries = entries
  }

  private static func failure(_ message: String) -> CommandFailure {
    CommandFailure(status: .usage, kind: "usage", message: message)
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let first = text.firstIndex(where: { !blank($0) }), let last = text.lastIndex(where: { !blank($0) }) else {
      return ""
    }
    return String(text[first...last])
  }

  /// Whether a switch's value says yes; llama.cpp's words.
  package static func isOn(_ value: String?) -> Bool {
    guard let value else { return false }
    return ["1", "on", "true", "enabled", "yes"].contains(value.lowercased())
  }

  /// The call with the settings' options behind the verb and before its own, where a later one counts.
  ///
  /// - Parameter program: the verb that all arguments are for, in a program that is one.
  package func completing(_ arguments: [String], program: String? = nil) -> [String] {
    let depth = program == nil ? Self.verbLength(arguments) : 0
    let words = program.map { [$0] } ?? Array(arguments.prefix(depth))
    guard !words.isEmpty, let verb = Setting.verb(words) else { return arguments }
    let given = Array(arguments.dropFirst(depth))
    var added: [String] = []
    for entry in entries where entry.setting.verbs.contains(verb) {
      // Lists would grow by the given ones rather than yield to them, and a switch has no way to be switched off.
      if entry.setting.isGiven(in: given) { continue }
      switch entry.setting.kind {
      case .value: added.append("--\(entry.setting.name)=\(entry.value)")
      case .flag: if Self.isOn(entry.value) { added.append("--\(entry.setting.name)") }
      case .list: added += entry.value.split(separator: ",").map { "--\(entry.setting.name)=\($0)" }
      }
    }
    return arguments.prefix(depth) + added + given
  }

  /// The number of words that name a verb with settings.
  static func verbLength(_ arguments: [String]) -> Int {
    let words = arguments.prefix { !$0.hasPrefix("-") }
    return [2, 1].first { words.count >= $0 && Setting.verb(words.prefix($0)) != nil } ?? 0
  }

  /// For every option that was added, a line that says where it comes from.
  package func origins(_ completed: [String], beside arguments: [String]) -> [String] {
    guard completed.count > arguments.count else { return [] }
    return entries.filter { entry in
      completed.contains { $0 == "--\(entry.setting.name)" || $0.hasPrefix("--\(entry.setting.name)=") }
        && !entry.setting.isGiven(in: arguments)
    }.map { "note: --\($0.setting.name) comes from \($0.origin.description)" }
  }
}
