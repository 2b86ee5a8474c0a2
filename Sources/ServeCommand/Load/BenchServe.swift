import ArgumentParser
import Client
import Console
import Load
import Plots
import Profiling
import Venturi

/// Puts a load on a server and measures how it bears it.
package struct BenchServe: AsyncParsableCommand, ModelVerb {
  package static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Puts a load on a server of the OpenAI interface and measures how it bears it.",
    usage: "venturi bench serve [--server <url>] [<options>]",
    discussion: """
      Without --server a server of the model is started for the run; with --against llama.cpp that and llama.cpp's take turns, each \
      started anew for every round, and the ratios come with 95 % bootstrap intervals. Prompts are real text of exactly the tokens \
      asked for, counted by the model given by -m, else by the server's /tokenize. Times to the first token and to the end begin when \
      a request is due, whether it could be sent then or not.
      """)

  @OptionGroup(title: "Load") package var load: LoadOptions

  @Option(help: ArgumentHelp("The server, as http://127.0.0.1:8080.", valueName: "url"))
  package var server: String?

  @Option(help: ArgumentHelp("The key that the server wants; VENTURI_API_KEY is better.", valueName: "key"))
  package var apiKey: String?

  @Option(help: ArgumentHelp("A certificate to trust beside the system's, PEM.", valueName: "file"))
  package var serverCertificate: String?

  @Option(help: ArgumentHelp("The model's name at the server; by default the first that it lists.", valueName: "name"))
  package var servedModel: String?

  @Option(
    name: [.customShort("m"), .customLong("model")],
    help: "The model of the servers that are started, and whose tokens are counted.")
  package var model: String?

  @Option(
    name: [.customShort("t"), .customLong("threads")], help: "Threads of the servers that are started.")
  package var threads: Int?

  @Option(
    name: [.customLong("parallel"), .customLong("np", withSingleDash: true)],
    help: "Answers that the servers that are started generate at once; by default as many as clients.")
  package var parallel: Int?

  @Option(
    name: [.customShort("c"), .customLong("ctx-size")],
    help: "The longest sequence of the servers that are started; by default what the load needs.")
  package var contextSize: Int?

  @Option(help: ArgumentHelp("Another server to take turns with: llama.cpp.", valueName: "name"))
  package var against: String?

  @Option(help: "Rounds with --against; ten or more for a headline.")
  package var pairs: Int = 5

  @Option(
    help: ArgumentHelp("With --against: keep finished rounds in this file, and go on from it.", valueName: "path"))
  package var resume: String?

  @Option(help: ArgumentHelp("Write pictures into this folder.", valueName: "folder"))
  package var plots: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package var modelName: String { model ?? Self.defaultModel }
  static let defaultModel = "smollm2"

  package init() {}

  package func validate() throws {
    if server != nil, against != nil { throw ValidationError("--against starts its servers: --server has no place") }
    if let against, against != "llama.cpp" { throw ValidationError("--against \(against): llama.cpp is known") }
    if !(1...1000).contains(pairs) { throw ValidationError("--pairs \(pairs): must be from 1 to 1000") }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): must be from 1 to 1024")
    }
    if let parallel, !(1...4096).contains(parallel) {
      throw ValidationError("--parallel \(parallel): must be from 1 to 4096")
    }
    if let contextSize, contextSize < 1 { throw ValidationError("--ctx-size \(contextSize): must be at least 1") }
    if server != nil {
      let given = [("--threads", threads != nil), ("--parallel", parallel != nil), ("--ctx-size", contextSize != nil)]
      if let (name, _) = given.first(where: \.1) {
        throw ValidationError("\(name) is for servers that are started, and --server names one that runs")
      }
    }
    if resume != nil, against == nil { throw ValidationError("--resume keeps the rounds of --against") }
  }

  package func run() async throws {
    let trace = try load.trace.map { path in try Trace(try readWholeFile(path)) }
    if let trace, load.sharedPrefix > 0,
      let short = trace.entries.first(where: { $0.promptTokens < load.sharedPrefix + 4 })
    {
      throw ValidationError(
        "--shared-prefix \(load.sharedPrefix): a prompt of \(short.promptTokens) tokens leaves no room for four of its own"
      )
    }
    let task = Task { try await work(trace) }
    try await Interrupts.value(of: task, cancelledAlsoBy: [.terminate])
  }

  private func work(_ trace: Trace?) async throws {
    if against != nil { return try await contest(trace) }
    guard let server else {
      let process = try await ServerProcess(.ours(try ownProgram(), try conditions(trace)))
      defer { process.stop() }
      return try await measure(process.address, trace, own: process)
    }
    try await measure(try ServerAddress(server), trace, own: nil)
  }

  // MARK: One server

  private func measure(_ address: ServerAddress, _ trace: Trace?, own: ServerProcess?) async throws {
    let limits = ClientLimits.load(timeout: load.timeout)
    let client = try APIClient(address, key: apiKey, certificate: serverCertificate, limits: limits)
    let name: String
    if let servedModel {
      name = servedModel
    } else if let first = try await client.models().first {
      name = first
    } else {
      throw CommandFailure(
        status: .unavailable, kind: "model_not_found", message: "the server at \(address) has no model")
    }
    let counter: any TokenCounter =
      model == nil && own == nil ? ServerTokenCounter(client, model: name) : try modelCounter()
    let prompts = try LoadPrompts(load, trace, counter)
    let progress = ProgressBar("bench")
    defer { progress.finish() }
    var results: [LoadResult] = []
    for (index, arrivals) in load.arrivals(trace).enumerated() {
      let settings = try load.settings(arrivals, model: name)
      progress.show("making prompts")
      let pool = try await prompts.pool(settings, round: index)
      let result = try await LoadGenerator(client, settings: settings, pool: pool).run { count in
        progress.show("\(arrivals.name), \(count)\(settings.requests.map { " of \($0)" } ?? "") requests")
      }
      progress.finish()
      if !output.json { Output.note(LoadTable.remarks(result)) }
      results.append(result)
    }
    let plots = Self.plots(results)
    try write(plots)
    var report: [JSON.Member] = [
      JSON.Member("server", .string("\(address)")), JSON.Member("model", .string(name)),
      JSON.Member("load", load.json), JSON.Member("machine", MachineReport.json),
      JSON.Member("runs", .array(results.map(\.json))),
      JSON.Member("plots", .array(plots.map(\.json))),
    ]
    if let usage = own?.usage {
      report.append(
        JSON.Member(
          "process", ["peakBytes": .integer(usage.peakBytes), "processorSeconds": .rounded(usage.seconds)]))
    }
    Output.answer(output.json ? JSON.object(report).line : LoadTable.text(results))
  }

  private static func plots(_ results: [LoadResult]) -> [Plot] {
    let runs = results.compactMap { result -> (clients: Int, result: LoadResult)? in
      if case .closed(let clients) = result.settings.arrivals { (clients, result) } else { nil }
    }
    return runs.count > 1 ? LoadPlots.throughput(runs) : results.map(LoadPlots.latencies)
  }

  private func write(_ pictures: [Plot]) throws {
    guard let plots else { return }
    for picture in pictures { try writeFileAtomically("\(plots)/\(picture.name).svg", Array(picture.svg.utf8)) }
  }

  // MARK: Servers of our own

  private func modelPath() throws -> String { try ModelAccess.path(of: modelName) }

  private func modelCounter() throws -> ModelTokenCounter {
    let checkpoint = try Checkpoint(path: try modelPath())
    return ModelTokenCounter(tokenizer: try checkpoint.reading { try Tokenizer(checkpoint) })
  }

  private func ownProgram() throws -> String {
    guard let path = Files.programPath else {
      throw CommandFailure(status: .unavailable, kind: "unavailable", message: "the path of this program is not known")
    }
    return path
  }

  private func conditions(_ trace: Trace?) throws -> ServerCommand.Conditions {
    let most = load.arrivals(trace).map { arrivals in
      if case .closed(let clients) = arrivals { clients } else { 8 }
    }
    let tokens =
      trace.map { trace in trace.entries.map { $0.promptTokens + $0.outputTokens }.max() ?? 0 }
      ?? load.prompts.range.upperBound + load.outputs.range.upperBound
    // Room for a chat template, and a round number for both.
    let needed = ((tokens + 64 + 255) / 256) * 256
    return ServerCommand.Conditions(
      model: try modelPath(), threads: threads ?? KernelThreads.all, parallel: parallel ?? most.max() ?? 8,
      context: contextSize ?? needed)
  }

  // MARK: Two servers in turns

  private func contest(_ trace: Trace?) async throws {
    let conditions = try conditions(trace)
    let servers = [
      ServerCommand.ours(try ownProgram(), conditions),
      ServerCommand.llama(try PeerCatalogue.installed.llamaServer(), conditions),
    ]
    let prompts = try LoadPrompts(load, trace, try modelCounter())
    let loads = load.arrivals(trace)
    let contest = ServerContest(servers: servers, timeout: load.timeout)
    let store = try resume.map { path in try CellStore(path: path) }
    let progress = ProgressBar("bench")
    defer { progress.finish() }
    // Rounds of all loads in turns, so that a slow hour of the machine touches all of them.
    var rounds = [[JSON]](repeating: [], count: loads.count)
    for round in 0..<pairs {
      for (index, arrivals) in loads.enumerated() {
        progress.show("round \(round + 1) of \(pairs), \(arrivals.name)")
        let key = fingerprint(conditions, arrivals, round)
        let measured: JSON
        if let known = store?[key] {
          measured = known
        } else {
          var settings = try load.settings(arrivals, model: "")
          settings.seed &+= UInt64(round)
          measured = try await contest.round(settings, try await prompts.pool(settings, round: round))
          try store?.store(measured, for: key)
        }
        rounds[index].append(measured)
        progress.finish()
        if !output.json { Output.note(LoadTable.line(round: round, arrivals, measured, servers.map(\.name))) }
      }
    }
    let results = zip(loads, rounds).map { arrivals, rounds in
      ContestResult(load: arrivals.name, rounds: rounds, names: servers.map(\.name))
    }
    let runs = zip(loads, results).compactMap { arrivals, result -> (clients: Int, result: ContestResult)? in
      if case .closed(let clients) = arrivals { (clients, result) } else { nil }
    }
    let plots = runs.isEmpty ? [] : LoadPlots.contest(runs)
    try write(plots)
    let report: JSON = [
      "model": .string(conditions.model), "threads": .integer(conditions.threads),
      "parallel": .integer(conditions.parallel), "context": .integer(conditions.context), "pairs": .integer(pairs),
      "load": load.json, "machine": MachineReport.json,
      "commands": .object(
        servers.map { JSON.Member($0.name, .array($0.arguments.dropFirst().map { .string($0) })) }),
      "rows": .array(results.map(\.json)), "plots": .array(plots.map(\.json)),
    ]
    Output.answer(output.json ? report.line : LoadTable.text(results))
  }

  private func fingerprint(_ conditions: ServerCommand.Conditions, _ arrivals: Arrivals, _ round: Int) -> String {
    "venturi \(Version.number) | \(KernelSet.preferred.rawValue) | \(conditions.model) | \(conditions.threads) threads, "
      + "\(conditions.parallel) at once, context \(conditions.context) | \(load.json.line) | "
      + "\(load.requests ?? 0) requests, \(load.seconds ?? 0) s after \(load.warmUp ?? -1) | \(arrivals.name) | round \(round)"
  }
}
