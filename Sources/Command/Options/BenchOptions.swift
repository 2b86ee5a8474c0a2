import ArgumentParser
import Profiling
import Venturi

/// How a benchmark is run.
package struct BenchOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The peers, separated by commas.", valueName: "names"))
  package var against: String?

  @Option(help: "Turns of each contestant that count; ten or more for a headline.")
  package var pairs: Int = 5

  @Option(help: "Turns of each contestant before those.")
  package var warmUp: Int = 1

  @Option(help: ArgumentHelp("Keep finished cells in this file, and go on from it.", valueName: "path"))
  package var resume: String?

  package init() {}

  package func validate() throws {
    if !(1...1000).contains(pairs) { throw ValidationError("--pairs \(pairs): must be from 1 to 1000") }
    if !(0...1000).contains(warmUp) { throw ValidationError("--warm-up \(warmUp): must be from 0 to 1000") }
  }

  /// The peers' names.
  var peers: [String] { (against ?? "").split(separator: ",").map(String.init) }

  /// How turns are taken.
  var timing: TimingProtocol { TimingProtocol(warmUps: warmUp, pairs: pairs) }

  /// Finished cells.
  func store() throws -> CellStore? { try resume.map { path in try CellStore(path: path) } }

  /// What this run's cells have in common: other settings mean other cells.
  func fingerprint(_ subject: String) -> String {
    "venturi \(Version.number) | \(KernelSet.preferred.rawValue) | \(subject) | against \(peers.joined(separator: ",")) | "
      + "\(pairs) pairs after \(warmUp)"
  }
}
