import ArgumentParser

/// A program that is one verb: its settings are those of the verb, which its arguments do not name.
package protocol SingleVerbProgram: ParsableCommand {
  /// The verb.
  static var verb: String { get }
}
