import ArgumentParser
import Console
import Foundation
import Hub
import Profiling
import Synchronization
import Venturi

/// Fetches a model of a hub.
package struct HubPullVerb: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetches a model of a hub into the model home.",
    discussion: """
      hf:user/model takes the GGUF file of type Q4_K_M where there is one, else the next best, else the folder with \
      config.json and safetensors; hf:user/model:Q8_0 takes that type. A fetch that was interrupted goes on where it ended. \
      HF_ENDPOINT names another hub, HF_TOKEN proves who asks.
      """)

  @Argument(help: "The model, as hf:user/model[:quant].")
  package var name: String

  @Flag(help: "Fetch it again where it is there already.")
  package var force = false

  @Option(help: "Connections at once.")
  package var connections = 4

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if !(1...16).contains(connections) { throw ValidationError("--connections \(connections): must be from 1 to 16") }
  }

  package func run() async throws {
    let progress = ProgressBar(name)
    defer { progress.finish() }
    let flag = Interruption()
    let outcome: HubPull.Outcome
    do {
      let reference = try HubReference(name)
      var pull = HubPull(client: try HubClient())
      pull.connections = connections
      outcome = try await Interrupts.handled(by: {
        flag.isSet.withLock { $0 = true }
        return true
      }) {
        try pull(reference, again: force, isCancelled: { flag.isSet.withLock { $0 } }) { state in
          progress.update(bytes: state.received, of: state.total)
        }
      }
    } catch let error as HubError { throw Self.failure(error) }
    progress.finish()
    guard output.json else { return Output.answer(outcome.path) }
    Output.answer(
      JSON.object([
        JSON.Member("name", .string(outcome.name)), JSON.Member("path", .string(outcome.path)),
        JSON.Member("bytes", .integer(outcome.bytes)),
        JSON.Member("files", .array(outcome.files.map { .string($0) })),
      ]).line)
  }

  /// Whether the user has interrupted.
  private final class Interruption: Sendable {
    let isSet = Mutex(false)
  }

  private static func failure(_ error: HubError) -> CommandFailure {
    let (status, kind): (ExitStatus, String) =
      switch error {
      case .invalidEndpoint: (.usage, "usage")
      case .badAnswer, .checksumMismatch: (.badModel, "bad_model")
      case .notFound, .noMatch: (.unavailable, "model_not_found")
      case .unauthorized: (.unavailable, "unauthorized")
      case .unreachable, .server, .stalled, .changed, .noRoom, .inUse: (.unavailable, "unavailable")
      }
    return CommandFailure(status: status, kind: kind, message: "\(error)")
  }
}
