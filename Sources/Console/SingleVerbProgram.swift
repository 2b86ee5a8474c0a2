import ArgumentParser

/// A program that is one verb: its settings are those of the verb, which its arguments do not name.
package protocol SingleVerbProgram: ParsableCommand {
  /// The verb.
  static var verb: String { get }
  /// Whether its arguments begin with words that are no verbs.
  static var takesWords: Bool { get }
}

extension SingleVerbProgram {
  /// Whether its arguments begin with words that are no verbs.
  package static var takesWords: Bool { false }
}
