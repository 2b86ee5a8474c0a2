import ArgumentParser
import Console
import Load
import Venturi

extension Lengths: ExpressibleByArgument {
  /// Lengths as they are written on the command line.
  public init?(argument: String) { self.init(argument) }
  /// As help shows them.
  public var defaultValueDescription: String { description }
}

/// The load of a benchmark.
package struct LoadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Clients that ask again as soon as they are answered; several numbers are measured one after the other.",
      valueName: "numbers"))
  package var clients: CountList?

  @Option(help: ArgumentHelp("Requests that come at random times, so many a second on average.", valueName: "rate"))
  package var rate: Double?

  @Option(
    help: ArgumentHelp(
      "Requests as they were recorded: JSON lines with arrival (seconds), prompt_tokens and output_tokens, or timestamp "
        + "(milliseconds), input_length and output_length.", valueName: "file"))
  package var trace: String?

  @Option(
    name: [.customShort("p"), .customLong("n-prompt")],
    help: ArgumentHelp(
      "Tokens of a prompt: a number, a range as 64-256, or lognormal:MEDIAN:SIGMA:LEAST-MOST.", valueName: "lengths"))
  package var prompts: Lengths = .fixed(105)

  @Option(
    name: [.customShort("n"), .customLong("n-gen")],
    help: ArgumentHelp("Tokens of an answer, in the same words.", valueName: "lengths"))
  package var outputs: Lengths = .fixed(128)

  @Option(
    help: ArgumentHelp("Tokens that all prompts begin with; by default no two begin alike.", valueName: "tokens"))
  package var sharedPrefix: Int = 0

  @Option(help: ArgumentHelp("The text that prompts are made of.", valueName: "file"))
  package var text: String?

  @Flag(help: "Ask for chat answers; the server's template is added to the prompts' tokens then.")
  package var chat = false

  @Flag(help: "Let answers end where the model ends them.")
  package var untilEnd = false

  @Option(help: "Requests that count; by default two for each client, four at least.")
  package var requests: Int?

  @Option(help: ArgumentHelp("Send requests for so long.", valueName: "seconds"))
  package var seconds: Double?

  @Option(help: "Requests before those; by default one for each client, eight at most.")
  package var warmUp: Int?

  @Option(
    name: [.customShort("s"), .customLong("seed")], help: "The seed of prompts, lengths and arrivals.")
  package var seed: UInt64 = 0

  @Option(help: ArgumentHelp("The longest time of an answer.", valueName: "seconds"))
  package var timeout: Double = 600

  @Option(help: "Requests under way at one time; further ones that are due count as errors.")
  package var maxInFlight: Int = 1024

  @Option(
    help: ArgumentHelp(
      "What users are content with, as ttft=500ms,itl=50ms: time to the first token, mean time from token to token, gap "
        + "(longest pause), e2e (whole answer).", valueName: "objective"))
  package var slo: String?

  package init() {}

  package func validate() throws {
    let given = [clients != nil, rate != nil, trace != nil].count { $0 }
    if given > 1 { throw ValidationError("--clients, --rate and --trace exclude each other") }
    try clients?.check("--clients", 1...4096)
    if sharedPrefix < 0 || sharedPrefix > Lengths.most {
      throw ValidationError("--shared-prefix \(sharedPrefix): must be from 0 to \(Lengths.most)")
    }
    if sharedPrefix > 0, trace == nil, prompts.range.lowerBound < sharedPrefix + 4 {
      throw ValidationError(
        "--shared-prefix \(sharedPrefix): prompts of \(prompts.range.lowerBound) tokens leave no room for four of their own"
      )
    }
    if !(0.1...86_400).contains(timeout) { throw ValidationError("--timeout \(timeout): must be from 0.1 to 86400") }
    if warmUp.map({ !(0...10_000).contains($0) }) ?? false {
      throw ValidationError("--warm-up \(warmUp ?? 0): must be from 0 to 10000")
    }
    if trace != nil, requests == nil, seconds == nil { return }
    if rate != nil, requests == nil, seconds == nil {
      throw ValidationError("--rate needs --requests or --seconds")
    }
  }

  /// The loads, one after the other.
  func arrivals(_ trace: Trace?) -> [Arrivals] {
    if let trace { return [.recorded(trace.entries.map(\.arrival))] }
    if let rate { return [.poisson(rate: rate)] }
    return (clients?.values ?? [1]).map { .closed(clients: $0) }
  }

  /// What is the same for all loads.
  ///
  /// - Throws: `LoadError`.
  func settings(_ arrivals: Arrivals, model: String) throws -> LoadSettings {
    var settings = LoadSettings(model: model)
    settings.kind = chat ? .chat : .completion
    settings.arrivals = arrivals
    (settings.requests, settings.seconds) = (requests, seconds)
    if requests == nil, seconds == nil { settings.requests = Self.defaultRequests(arrivals) }
    settings.warmUp = warmUp ?? Self.defaultWarmUp(arrivals)
    settings.endsEarly = untilEnd
    settings.objective = try slo.map { try ServiceObjective($0) }
    settings.maxInFlight = maxInFlight
    settings.seed = seed
    try settings.validate()
    return settings
  }

  private static func defaultRequests(_ arrivals: Arrivals) -> Int {
    switch arrivals {
    case .closed(let clients): max(4, 2 * clients)
    case .recorded(let times): times.count
    case .poisson: 100
    }
  }

  private static func defaultWarmUp(_ arrivals: Arrivals) -> Int {
    if case .closed(let clients) = arrivals { return min(8, clients) }
    return 1
  }

  /// Words for reports.
  var json: JSON {
    [
      "promptTokens": .string(prompts.description), "outputTokens": .string(outputs.description),
      "sharedPrefix": .integer(sharedPrefix), "trace": trace.map { .string($0) } ?? .null,
      "kind": .string(chat ? "chat" : "completion"), "objective": slo.map { .string($0) } ?? .null,
      "seed": .integer(Int(clamping: seed)),
    ]
  }
}
