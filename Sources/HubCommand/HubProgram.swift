import ArgumentParser
import Console

/// The program's root.
package struct HubProgram: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "venturi-hub", abstract: "Fetches models of a model hub.",
    discussion: """
      `venturi pull hf:user/model[:quant]` is this program's verb. Exit codes: 0 done, 1 failed, 2 wrong usage, 65 a file \
      that is not what the hub says, 69 not to be had, 130 interrupted.
      """,
    version: Version.text, subcommands: [HubPullVerb.self])

  package init() {}
}
