import ArgumentParser
@_exported import Console

/// The command's root: verbs, and what holds for all of them.
package struct VenturiCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "venturi",
    abstract: "Runs, measures and inspects language models on this machine's processors.",
    discussion: """
      Every option of a verb can be given by an environment variable too: --threads by VENTURI_THREADS. A flag counts \
      over the environment, the environment over the configuration file, that over the model's profile, and that over \
      the default; `venturi doctor --show-origin` says which counts. Exit codes: 0 done, 1 failed, 2 wrong usage, \
      3 target missed, 65 bad model file, 69 something is missing, 75 overloaded, 130 interrupted.

      Verbs of programs beside this one:
      \(Siblings.help)
      """,
    version: Version.text,
    subcommands: [
      Run.self, Chat.self, Pull.self, Ls.self, Show.self, Rm.self, Tokenize.self, Embed.self, Quantize.self, Bench.self,
      Profile.self, Optimize.self, Eval.self, Systems.self, Doctor.self,
    ])

  package init() {}
}
