import ArgumentParser
import Console
import Logging
import Metrics
import Server
import Venturi

/// Serves models to clients of the OpenAI interface.
package struct ServeProgram: AsyncParsableCommand, SingleVerbProgram, ModelVerb {
  package static let configuration = CommandConfiguration(
    commandName: "venturi-serve", abstract: "Serves models to clients of the OpenAI interface.",
    discussion: """
      Answers POST /v1/chat/completions, /v1/completions, /v1/embeddings, /tokenize, /detokenize and /apply-template, and \
      GET /v1/models, /health and /metrics. Only this machine reaches it unless --host says otherwise; --api-key then keeps \
      strangers out, and --tls-certificate what is said from those in between. SIGTERM or Ctrl-C refuses new requests, \
      answers those that run, and ends with 0; a second Ctrl-C ends at once.
      """,
    version: Version.text)
  package static let verb = "serve"

  @OptionGroup(title: "Model") package var model: ModelOptions

  @Option(
    name: [.customShort("c"), .customLong("ctx-size")], parsing: .unconditional,
    help: "The longest sequence; 0 takes the model's own.")
  package var contextSize: Int = 0

  @Option(
    name: [.customShort("b"), .customLong("batch-size")], parsing: .unconditional,
    help: "The most tokens computed in one step; 512 unless a profile says otherwise.")
  package var batchSize: Int?

  @Option(name: [.customLong("parallel"), .customLong("np", withSingleDash: true)], help: "Answers generated at once.")
  package var parallel = 64

  @Option(help: "Answers that may wait; further ones get 429.")
  package var maxQueued = 256

  @Option(help: ArgumentHelp("A further name of the model, comma-separated; repeatable.", valueName: "name"))
  package var alias: [String] = []

  @Option(help: ArgumentHelp("An encoder that answers /v1/embeddings, as minilm.", valueName: "model"))
  package var embedder: String?

  @OptionGroup(title: "Profile") package var profile: ProfileOptions
  @OptionGroup(title: "Network") package var network: NetworkOptions
  @OptionGroup(title: "Limits") package var limits: LimitOptions

  @Flag(help: "Write the log as one JSON object a line.")
  package var logJson = false

  @Option(help: "What is logged: trace, debug, info, notice, warning, error.")
  package var logLevel = "info"

  @OptionGroup(title: "Output") package var output: OutputOptions

  package var modelName: String { model.model }

  package init() {}

  package func validate() throws {
    if contextSize < 0 { throw ValidationError("--ctx-size \(contextSize): must be 0 or more") }
    if Logger.Level(rawValue: logLevel) == nil { throw ValidationError("--log-level \(logLevel): is no level") }
  }

  package func run() async throws {
    let log = LogForm(isJSON: logJson, level: Logger.Level(rawValue: logLevel) ?? .info)
    LoggingSystem.bootstrap { StandardErrorLog(label: $0, form: log) }
    let logger = Logger(label: "venturi-serve")
    let settings = try settings()
    let path = try ModelAccess.path(of: model.model)
    let embedderPath = try embedder.map { try ModelAccess.path(of: $0) }
    OpenFiles.allowMany()

    let catalogue = FixedCatalogue()
    let id = Self.id(model.model)
    catalogue.add(id, aliases: alias, kind: .language)
    let embedderID = embedder.map(Self.id)
    if let embedderID { catalogue.add(embedderID, kind: .embedding) }
    let server: APIServer
    do { server = try APIServer(settings: settings, catalogue: catalogue, logger: logger) } catch {
      throw Self.failure(error)
    }
    MetricsSystem.bootstrap(server.metrics)

    let engineOptions = engineOptions
    let embedderOptions = EmbedderOptions(threads: model.threads, memoryLimit: model.memoryLimit?.bytes)
    let loading = Task {
      do {
        let engine = try await Engine.load(path, options: engineOptions)
        for note in engine.notes { logger.notice("\(note)") }
        catalogue.set(id, .language(engine))
        logger.notice("loaded", metadata: ["model": "\(id)", "context": "\(engine.contextLength)"])
        if let embedderPath, let embedderID {
          catalogue.set(embedderID, .embedding(try await Embedder.load(embedderPath, options: embedderOptions)))
          logger.notice("loaded", metadata: ["model": "\(embedderID)"])
        }
      } catch {
        // A server without its model serves nobody.
        await server.drain()
        throw error
      }
    }
    let (network, json) = (network, output.json)
    try await Interrupts.handled(
      by: {
        Task { await server.drain() }
        return true
      }, also: [.terminate]
    ) {
      do {
        try await server.run { port in network.tell(port: port, keys: settings.keys, json: json) }
      } catch let error as ServerError { throw Self.failure(error) }
    }
    loading.cancel()
    if case .failure(let error) = await loading.result, !(error is CancellationError) { throw error }
  }

  private var engineOptions: EngineOptions {
    var options = model.engineOptions
    options.contextLength = contextSize == 0 ? nil : contextSize
    options.stepTokens = batchSize
    options.maxRunning = parallel
    options.maxQueued = maxQueued
    options.profile = profile.source
    return options
  }

  private func settings() throws -> ServerSettings {
    var settings = ServerSettings()
    try network.apply(to: &settings)
    limits.apply(to: &settings)
    do { try settings.validate() } catch { throw Self.failure(error) }
    do { try engineOptions.validate() } catch { throw CommandFailure(error) }
    return settings
  }

  /// What requests call a model: its name, or its file's without the ending.
  static func id(_ model: String) -> String {
    let name = model.split(separator: "/").last.map(String.init) ?? model
    return name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }

  private static func failure(_ error: ServerError) -> CommandFailure {
    switch error {
    case .invalidSetting: CommandFailure(status: .usage, kind: "usage", message: "\(error)")
    case .cannotListen, .certificate: CommandFailure(status: .unavailable, kind: "unavailable", message: "\(error)")
    case .drainIncomplete: CommandFailure(status: .failure, kind: "failure", message: "\(error)")
    }
  }
}
