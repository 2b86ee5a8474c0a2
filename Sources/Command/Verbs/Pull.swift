import ArgumentParser
import Profiling
import Venturi

/// Fetches a model, or data for training.
package struct Pull: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetches a model, or data for training, by name into the model home.",
    discussion: """
      The home is what VENTURI_HOME names, else ~/.cache/venturi. Known models: \(names(of: .model)); \
      hf:user/model[:quant] is a model of a hub. Known data: \(names(of: .data)).
      """)

  private static func names(of content: ModelPackage.Content) -> String {
    ModelPackage.known.filter { $0.content == content }.map(\.name).joined(separator: ", ")
  }

  @Argument(help: "The model's or the data's name.")
  package var name: String

  @Flag(help: "Fetch it again where it is there already.")
  package var force = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() async throws {
    if name.hasPrefix(HubReference.scheme) {
      // The sibling would have taken over.
      throw CommandFailure(
        status: .unavailable, kind: "unavailable",
        message: "'\(name)' is fetched by the program venturi-hub, which is not installed")
    }
    let progress = ProgressBar(name)
    defer { progress.finish() }
    let name = name, force = force
    // Cancelling the task stops the fetch and removes what it left behind.
    let fetch = Task {
      try await ModelPull()(name, again: force) { state in
        switch state {
        case .fetching(let bytes, let total): progress.update(bytes: bytes, of: total)
        case .unpacking: progress.show("unpacking")
        case .verifying: progress.show("verifying")
        }
      }
    }
    let path = try await Interrupts.value(of: fetch)
    progress.finish()
    if output.json {
      Output.answer(JSON.object([JSON.Member("name", .string(name)), JSON.Member("path", .string(path))]).line)
    } else {
      Output.answer(path)
    }
  }
}
