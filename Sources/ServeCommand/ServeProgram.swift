import ArgumentParser
import Console
import Logging
import Metrics
import NumericTypes
import Profiling
import Server
import Tuning
import Venturi

/// Serves models to clients of the OpenAI interface.
package struct ServeProgram: AsyncParsableCommand, SingleVerbProgram, ModelVerb {
  package static let configuration = CommandConfiguration(
    commandName: "venturi-serve", abstract: "Serves models to clients of the OpenAI interface.",
    discussion: """
      Answers the routes of the OpenAI interface, /v1/messages as Anthropic has it and ollama's /api; GET /openapi.json describes \
      them all. Only this machine reaches it unless --host says otherwise; --api-key then keeps \
      strangers out, and --tls-certificate what is said from those in between. Of several models the first is loaded at the \
      start, the others when a request names them. SIGTERM or Ctrl-C refuses new requests, \
      answers those that run, and ends with 0; a second Ctrl-C ends at once.
      """,
    version: Version.text)
  package static let verb = "serve"

  @Option(
    name: [.customShort("m"), .customLong("model")],
    help: ArgumentHelp(
      "A model file's path, or the name of a pulled model; NAME=MODEL has requests call it NAME. Repeatable.",
      valueName: "model"))
  package var model = ["smollm2"]

  @OptionGroup(title: "Model") package var loading: LoadingOptions
  @OptionGroup package var sparse: SparseOption

  @Option(
    name: [.customShort("c"), .customLong("ctx-size")], parsing: .unconditional,
    help: "The longest sequence; 0 takes the model's own.")
  package var contextSize: Int = 0

  @Option(
    name: [.customShort("b"), .customLong("batch-size")], parsing: .unconditional,
    help: "The most tokens computed in one step; 512 unless a profile says otherwise.")
  package var batchSize: Int?

  @Option(
    name: [.customLong("parallel"), .customLong("np", withSingleDash: true)],
    help: "Answers generated at once; 64 unless --tuned says otherwise.")
  package var parallel: Int?

  @Option(help: "Answers that may wait; further ones get 429.")
  package var maxQueued = 256

  @Option(
    help: ArgumentHelp(
      "What ended answers may keep for prompts that begin alike; auto is half of the memory for states.",
      valueName: "auto, off, 512M, 2G"))
  package var prefixCache = PrefixCache.automatic

  @Option(help: ArgumentHelp("A further name of the first model; repeatable.", valueName: "name"))
  package var alias: [String] = []

  @Option(help: ArgumentHelp("An encoder that answers /v1/embeddings, as minilm.", valueName: "model"))
  package var embedder: String?

  @OptionGroup(title: "Adapters") package var adapter: AdapterOptions
  @OptionGroup(title: "Several models") package var shelf: ShelfOptions
  @OptionGroup(title: "Profile") package var profile: ProfileOptions

  @Option(
    help: ArgumentHelp(
      "Settings of the first model that `venturi tune serve` found; what is given here counts over them.",
      valueName: "file"))
  package var tuned: String?

  @OptionGroup(title: "Network") package var network: NetworkOptions
  @OptionGroup(title: "Limits") package var limits: LimitOptions

  @Flag(help: "Write the log as one JSON object a line.")
  package var logJson = false

  @Option(help: "What is logged: trace, debug, info, notice, warning, error.")
  package var logLevel = "info"

  @OptionGroup(title: "Output") package var output: OutputOptions

  package var modelName: String { model.first ?? "" }

  package init() {}

  package func validate() throws {
    if tuned != nil, profile.profile != nil || profile.noProfile {
      throw ValidationError("--tuned is a profile: --profile and --no-profile have no place")
    }
    if contextSize < 0 { throw ValidationError("--ctx-size \(contextSize): must be 0 or more") }
    if Logger.Level(rawValue: logLevel) == nil { throw ValidationError("--log-level \(logLevel): is no level") }
  }

  package func run() async throws {
    let log = LogForm(isJSON: logJson, level: Logger.Level(rawValue: logLevel) ?? .info)
    LoggingSystem.bootstrap { StandardErrorLog(label: $0, form: log) }
    let logger = Logger(label: "venturi-serve")
    let tuned = try tunedProfile(logger)
    let settings = try settings(tuned)
    let files = try model.map(ServedFile.init)
    let encoder = try embedder.map(ServedFile.init)
    OpenFiles.allowMany()

    let adapters = try adapter.sources()
    let shelf = try makeShelf(files, encoder, adapters, tuned, logger)
    let catalogue: any ModelCatalogue =
      adapters.isEmpty
      ? shelf : AdapterCatalogue(shelf, id: files[0].id, aliases: alias, adapters: adapters.map(\.name))
    let server: APIServer
    do { server = try APIServer(settings: settings, catalogue: catalogue, logger: logger) } catch {
      throw Self.failure(error)
    }
    MetricsSystem.bootstrap(server.metrics)

    let loading = Task {
      // A server without its first model serves nobody.
      do { try await shelf.loadFirst() } catch {
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

  private func makeShelf(
    _ files: [ServedFile], _ encoder: ServedFile?, _ adapters: [AdapterSource], _ tuned: TunedProfile?,
    _ logger: Logger
  ) throws -> ModelShelf {
    var items = files.enumerated().map { index, file in
      var options = engineOptions(index == 0 ? tuned : nil)
      if index == 0 {
        options.adapters = adapters
        options.adapterMemoryLimit = adapter.adapterMemory?.bytes
      }
      return file.item(options, shelf, aliases: index == 0 ? alias : [], isLoadedFirst: index == 0)
    }
    if let encoder {
      items.append(encoder.item(EmbedderOptions(threads: loading.threads, memoryLimit: loading.memoryLimit?.bytes)))
    }
    // Who waits for a model could have a place in it as well as in its queue.
    let waiting = (parallel ?? tuned?.sequences ?? Self.defaultParallel).addingClamped(maxQueued)
    let limits = try shelf.limits(first: items.count(where: \.isLoadedFirst), waiting: waiting)
    do {
      return try ModelShelf(items, limits: limits) { event in
        switch event {
        case .loaded(let id, .language(let engine)):
          for note in engine.notes { logger.notice("\(note)") }
          logger.notice("loaded", metadata: ["model": "\(id)", "context": "\(engine.contextLength)"])
        case .loaded(let id, .embedding): logger.notice("loaded", metadata: ["model": "\(id)"])
        case .unloaded(let id): logger.notice("unloaded", metadata: ["model": "\(id)"])
        case .failed(let id, let problem):
          logger.error("not loaded", metadata: ["model": "\(id)", "problem": "\(problem)"])
        }
      }
    } catch { throw Self.failure(error) }
  }

  static let defaultParallel = 64

  /// What `--tuned` names, as far as it holds for the model; what was found on another machine is taken with a warning.
  private func tunedProfile(_ logger: Logger) throws -> TunedProfile? {
    guard let tuned else { return nil }
    let found = try TunedProfile(parsing: try readWholeFile(tuned), path: tuned)
    let path = try ServedFile(model.first ?? "").path
    let own = try ModelFingerprint(try Checkpoint(path: path))
    guard found.profile.model == own else {
      throw CommandFailure(
        status: .usage, kind: "usage", message: "--tuned \(tuned): it was made for another model than \(path)")
    }
    if let problem = found.profile.mismatch(machine: .current, model: own) {
      logger.warning("--tuned \(tuned): \(problem); other settings may be better here")
    }
    return found
  }

  private func engineOptions(_ tuned: TunedProfile?) -> EngineOptions {
    var options = loading.engineOptions
    options.sparse = sparse.sparse
    options.contextLength = contextSize == 0 ? nil : contextSize
    options.stepTokens = batchSize
    options.maxRunning = parallel
    options.maxQueued = maxQueued
    options.profile = profile.source
    options.prefixCache = prefixCache
    if let tuned {
      tuned.complete(&options)
      options.profile = .none
    }
    options.maxRunning = options.maxRunning ?? Self.defaultParallel
    return options
  }

  private func settings(_ tuned: TunedProfile?) throws -> ServerSettings {
    var settings = ServerSettings()
    try network.apply(to: &settings)
    try limits.apply(to: &settings)
    do { try settings.validate() } catch { throw Self.failure(error) }
    do { try engineOptions(tuned).validate() } catch { throw CommandFailure(error) }
    return settings
  }

  /// What an error of the server means for the caller of the program.
  static func failure(_ error: ServerError) -> CommandFailure {
    switch error {
    case .invalidSetting: CommandFailure(status: .usage, kind: "usage", message: "\(error)")
    case .cannotListen, .certificate: CommandFailure(status: .unavailable, kind: "unavailable", message: "\(error)")
    case .drainIncomplete: CommandFailure(status: .failure, kind: "failure", message: "\(error)")
    }
  }
}
