import CoreMetrics
import Inference
import Synchronization

/// The figures of a server.
final class ServerMetrics: Sendable {
  /// Where they are kept.
  let registry: PrometheusRegistry
  private let outcomes: [Outcome: Counter]
  private let promptTokens: Counter
  private let cachedTokens: Counter
  private let generatedTokens: Counter
  private let timeToFirstToken: Timer
  private let interToken: Timer
  private let queue: Timer
  private let endToEnd: Timer
  private let gauges: [String: Gauge]
  /// What was told of each model so far.
  private let told = Mutex<[String: ModelEntry]>([:])

  /// What the figures mean.
  static let help = [
    "venturi_requests_total": "Requests that ended, by how they did.",
    "venturi_prompt_tokens_total": "Tokens of prompts, those that were not computed again included.",
    "venturi_cached_tokens_total": "Tokens of prompts that were not computed again.",
    "venturi_generated_tokens_total": "Tokens generated.",
    "venturi_time_to_first_token_seconds": "From a request to the first token of its answer.",
    "venturi_inter_token_seconds": "Between two tokens of an answer.",
    "venturi_queue_seconds": "From a request to when its generation was taken up.",
    "venturi_request_seconds": "From a request to the end of its answer.",
    "venturi_requests_running": "Requests that are being answered, those that wait included.",
    "venturi_generations_running": "Generations that take part in the model's steps.",
    "venturi_generations_queued": "Generations that wait for a place.",
    "venturi_kv_bytes": "Bytes of all sequences' states.",
    "venturi_prefix_lookups": "Prompts that looked for a beginning that was computed before.",
    "venturi_prefix_hits": "Those that found one.",
    "venturi_prefix_hit_tokens": "Tokens of the beginnings that were found.",
    "venturi_adapters": "Adapters that are loaded.",
    "venturi_adapter_bytes": "Bytes of the adapters that are loaded.",
    "venturi_adapter_loads": "How often an adapter was loaded.",
    "venturi_adapter_evictions": "How often an adapter went for another's sake, or because its file had changed.",
    "venturi_resident_bytes": "Memory of the process.",
    "venturi_connections": "Connections that are open.",
    "venturi_request_bytes_held": "Bytes of request bodies that are being read.",
    "venturi_model_loads_total": "How often a model was loaded.",
    "venturi_model_load_failures_total": "How often a model could not be loaded.",
    "venturi_model_evictions_total": "How often a model was unloaded: for another's sake, or because nobody used it.",
    "venturi_model_bytes": "Bytes of a model that is loaded: its weights and all states that it may have.",
    "venturi_model_requests_waiting": "Requests that wait until a model is loaded.",
  ]

  init() {
    let registry = PrometheusRegistry(help: Self.help)
    self.registry = registry
    let all = Outcome.allCases.map { outcome in
      (
        outcome,
        Counter(label: "venturi_requests_total", dimensions: [("outcome", outcome.rawValue)], factory: registry)
      )
    }
    outcomes = Dictionary(uniqueKeysWithValues: all)
    promptTokens = Counter(label: "venturi_prompt_tokens_total", factory: registry)
    cachedTokens = Counter(label: "venturi_cached_tokens_total", factory: registry)
    generatedTokens = Counter(label: "venturi_generated_tokens_total", factory: registry)
    timeToFirstToken = Timer(label: "venturi_time_to_first_token_seconds", factory: registry)
    interToken = Timer(label: "venturi_inter_token_seconds", factory: registry)
    queue = Timer(label: "venturi_queue_seconds", factory: registry)
    endToEnd = Timer(label: "venturi_request_seconds", factory: registry)
    let names = [
      "requests_running", "generations_running", "generations_queued", "kv_bytes", "prefix_lookups", "prefix_hits",
      "prefix_hit_tokens", "adapters", "adapter_bytes", "adapter_loads", "adapter_evictions", "resident_bytes",
      "connections", "request_bytes_held",
    ]
    gauges = Dictionary(
      uniqueKeysWithValues: names.map { ($0, Gauge(label: "venturi_\($0)", factory: registry)) })
  }

  /// A request ended.
  func record(_ outcome: Outcome, seconds: Double) {
    outcomes[outcome]?.increment()
    if outcome == .ok { endToEnd.recordSeconds(seconds) }
  }

  /// The first token of an answer is there.
  func recordFirstToken(seconds: Double) { timeToFirstToken.recordSeconds(seconds) }

  /// Another token is there.
  func recordToken(seconds: Double) { interToken.recordSeconds(seconds) }

  /// A generation ended. One that was cancelled before its first token has cost no prompt that could be told.
  func record(_ completion: Completion) {
    if completion.tokens.isEmpty { return }
    promptTokens.increment(by: completion.usage.promptTokens)
    cachedTokens.increment(by: completion.usage.cachedTokens)
    generatedTokens.increment(by: completion.usage.completionTokens)
    queue.recordSeconds(completion.timings.queueSeconds)
  }

  /// Takes what models did since the last time.
  func record(_ entries: [ModelEntry]) {
    for entry in entries {
      let model = ("model", entry.id)
      var kept = entry
      // What is remembered of a model must not keep it.
      kept.model = nil
      let last = told.withLock { [kept] in $0.updateValue(kept, forKey: kept.id) }
      func count(_ name: String, _ figure: KeyPath<ModelEntry, Int>, _ labels: [(String, String)] = []) {
        Counter(label: "venturi_model_\(name)_total", dimensions: [model] + labels, factory: registry)
          .increment(by: max(0, entry[keyPath: figure] - (last?[keyPath: figure] ?? 0)))
      }
      count("loads", \.loads)
      count("load_failures", \.failures)
      count("evictions", \.evictions, [("reason", "room")])
      count("evictions", \.expiries, [("reason", "idle")])
      Gauge(label: "venturi_model_bytes", dimensions: [model], factory: registry).record(entry.bytes)
      Gauge(label: "venturi_model_requests_waiting", dimensions: [model], factory: registry).record(entry.waiting)
    }
  }

  /// Sets a figure that goes up and down.
  func set(_ name: String, _ value: Int) { gauges[name]?.record(Double(value)) }
}
