import ArgumentParser
import Console
import Server

/// What a request may ask for, and how long things may take.
package struct LimitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The largest body of a request.", valueName: "bytes, 512K, 16M"))
  package var maxBody: ByteCount?

  @Option(help: ArgumentHelp("The longest prompt, in tokens; the context by default.", valueName: "tokens"))
  package var maxPrompt: Int?

  @Option(help: ArgumentHelp("The most answers to one prompt (n, and those that best_of draws).", valueName: "answers"))
  package var maxChoices: Int?

  @Option(
    help: ArgumentHelp(
      "How hard tasks are, in YAML: requests with \"best_of\": \"auto\" get as many answers as pay.", valueName: "file")
  )
  package var answerBudgets: String?

  @Option(help: "Connections at one time.")
  package var maxConnections: Int?

  @Option(help: ArgumentHelp("Until a request is there as a whole.", valueName: "seconds"))
  package var readTimeout: Double?

  @Option(help: ArgumentHelp("Until a client has taken what was written.", valueName: "seconds"))
  package var writeTimeout: Double?

  @Option(help: ArgumentHelp("Until a connection without a request is closed.", valueName: "seconds"))
  package var idleTimeout: Double?

  @Option(help: ArgumentHelp("Until running answers are ended after SIGTERM.", valueName: "seconds"))
  package var drainTimeout: Double?

  package init() {}

  /// Takes the options over.
  ///
  /// - Throws: `ConfigurationError`; `ProfilingError` for a file that cannot be read; `PlannerError`.
  func apply(to settings: inout ServerSettings) throws {
    if let maxBody { settings.limits.bodyBytes = maxBody.bytes }
    settings.limits.bodyBytesInFlight = max(settings.limits.bodyBytesInFlight, settings.limits.bodyBytes)
    if let maxPrompt { settings.limits.promptTokens = maxPrompt }
    if let maxChoices { settings.limits.choices = maxChoices }
    if let answerBudgets { settings.limits.budgets = try AnswerBudgets(configuration: answerBudgets) }
    if let maxConnections { settings.limits.connections = maxConnections }
    if let readTimeout { settings.deadlines.read = readTimeout }
    if let writeTimeout { settings.deadlines.write = writeTimeout }
    if let idleTimeout { settings.deadlines.idle = idleTimeout }
    if let drainTimeout { settings.deadlines.drain = drainTimeout }
  }
}
