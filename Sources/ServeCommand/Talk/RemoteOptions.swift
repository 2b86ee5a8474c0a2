import ArgumentParser
import Client
import Console

/// Which server is talked to.
package struct RemoteOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A server of the OpenAI interface, as http://127.0.0.1:8080.", valueName: "url"))
  package var server: String

  @Option(
    help: ArgumentHelp(
      "The key that the server wants.",
      discussion: "Other users of the machine see the arguments of programs: VENTURI_API_KEY is better.",
      valueName: "key"))
  package var apiKey: String?

  @Option(help: ArgumentHelp("A certificate to trust beside the system's, PEM.", valueName: "file"))
  package var serverCertificate: String?

  @Option(
    name: [.customShort("m"), .customLong("served-model")],
    help: ArgumentHelp("The model's name at the server; by default the first that it lists.", valueName: "name"))
  package var servedModel: String?

  package init() {}

  /// The client, and the model's name at the server.
  ///
  /// - Throws: `ClientError`, ``CommandFailure``.
  func connect() async throws -> (APIClient, model: String) {
    let client = try APIClient(try ServerAddress(server), key: apiKey, certificate: serverCertificate)
    if let servedModel { return (client, servedModel) }
    guard let model = try await client.models().first else {
      throw CommandFailure(
        status: .unavailable, kind: "model_not_found", message: "the server at \(client.address) has no model")
    }
    return (client, model)
  }
}
