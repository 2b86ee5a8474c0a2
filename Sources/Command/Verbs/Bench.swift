import ArgumentParser

/// Our speed beside the peers'.
package struct Bench: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures speed, in turns with other engines, against this machine's ceilings.",
    discussion: """
      Contestants take turns in one run after a warm-up. Figures are medians with their range; a ratio is the median \
      over the pairs of turns, with a 95 % bootstrap interval, against the strongest peer in its best configuration. A peer \
      that is not installed is reported as absent.
      """,
    subcommands: [
      BenchModel.self, BenchGemm.self, BenchAttention.self, BenchTokenize.self, BenchEmbed.self,
      BenchAdapters.self, BenchTrain.self, BenchDissect.self, BenchAlgoPerf.self,
    ])

  package init() {}
}
