import ArgumentParser
import Console

/// The program's root.
package struct AtlasProgram: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "venturi-atlas",
    abstract: "Repeats the measurements of published systems and keeps what was found.",
    discussion: """
      `venturi reproduce` and `venturi results` are these verbs. Exit codes: 0 done, 1 a check failed, 2 wrong usage, \
      3 a target was missed, 69 something is missing, 130 interrupted.
      """,
    version: Version.text, subcommands: [Reproduce.self, Results.self])

  package init() {}
}
