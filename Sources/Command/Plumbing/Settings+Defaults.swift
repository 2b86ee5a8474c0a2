import ArgumentParser
import Profiling
import Venturi

extension Settings {
  /// What counts for each setting where nothing else is given, as the parser has it: `off` for a switch, nothing where
  /// the engine decides.
  package static func defaults() -> [String: String] {
    guard let dump = VenturiCommand.dumpedHelp else { return [:] }
    var found: [String: String] = [:]
    collect(dump["command"] ?? .null, into: &found)
    for setting in Setting.all where setting.kind == .flag { found[setting.name] = "off" }
    return found
  }

  private static func collect(_ command: JSON, into found: inout [String: String]) {
    for argument in command["arguments"]?.elements ?? [] {
      guard let value = argument["defaultValue"]?.text else { continue }
      for name in argument["names"]?.elements ?? [] {
        guard let text = name["name"]?.text, found[text] == nil else { continue }
        found[text] = value
      }
    }
    for child in command["subcommands"]?.elements ?? [] { collect(child, into: &found) }
  }
}
