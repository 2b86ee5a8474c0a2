import ArgumentParser
import Venturi

/// Which profile decides what the options leave open.
package struct ProfileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The profile that `venturi optimize` wrote; by default the one beside the model.", valueName: "path"))
  package var profile: String?

  @Flag(help: "Leave profiles alone.")
  package var noProfile = false

  package init() {}

  /// Where to look.
  package var source: ProfileSource {
    if noProfile { return .none }
    return profile.map { .path($0) } ?? .automatic
  }
}
