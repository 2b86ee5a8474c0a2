import ArgumentParser
import Planner

/// The parts of a device's limits that are reached, the same for all operators.
struct ReachedShares: ParsableArguments {
  @Option(help: "The part of the arithmetic rate that is reached.")
  var computeShare = 1.0

  @Option(help: "The part of the memory's rate that is reached.")
  var memoryShare = 1.0

  /// Both.
  var efficiency: Efficiency { Efficiency(compute: computeShare, memory: memoryShare) }
}
