import ArgumentParser
import Profiling
import Venturi

/// Fetches a model.
package struct Pull: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetches a model by name into the model home.",
    discussion: "The home is what VENTURI_HOME names, else ~/.cache/venturi. Known names: smollm2.")

  @Argument(help: "The model's name.")
  package var name: String

  @Flag(help: "Fetch it again where it is there already.")
  package var force = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() async throws {
    throw CommandFailure(status: .unavailable, kind: "unavailable", message: "not yet")
  }
}
