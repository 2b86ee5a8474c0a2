/// An option that the environment and the configuration file can give too.
package struct Setting: Sendable, Equatable {
  /// How its value is given.
  package enum Kind: Sendable, Equatable {
    /// One value.
    case value
    /// On or off.
    case flag
    /// Several values, separated by commas.
    case list
  }

  /// The long option's name, without dashes.
  package let name: String
  /// How its value is given.
  package let kind: Kind
  /// The verbs that have it, with their sub-verbs: `bench model`.
  package let verbs: [String]
  /// Its other spellings, with dashes.
  package let aliases: [String]

  init(_ name: String, _ kind: Kind = .value, _ verbs: [String], aliases: [String] = []) {
    self.name = name
    self.kind = kind
    self.verbs = verbs
    self.aliases = aliases
  }

  /// The environment variable: `VENTURI_TOP_K`.
  package var variable: String {
    "VENTURI_" + String(name.map { $0 == "-" ? "_" : Character($0.uppercased()) })
  }

  /// Whether a call gives the option itself.
  func isGiven(in arguments: [String]) -> Bool {
    for argument in arguments {
      if argument == "--" { return false }
      for spelling in ["--\(name)"] + aliases {
        if argument == spelling || argument.hasPrefix(spelling + "=") { return true }
        // A short option may carry its value: -t2.
        if spelling.count == 2, argument.hasPrefix(spelling), !argument.hasPrefix("--") { return true }
      }
    }
    return false
  }

  private static let generate = ["run", "chat"]
  private static let serve = ["serve"]
  private static let remote = ["client chat", "client run"]
  private static let servers = ["bench serve"]
  private static let trials = ["tune serve", "bench landscape"]
  private static let loads = ["run", "chat", "serve", "profile", "optimize", "eval perplexity", "eval kl"]
  private static let opens = [
    "run", "chat", "serve", "tokenize", "bench model", "bench tokenize", "profile", "optimize", "eval perplexity",
    "eval kl",
  ]
  private static let benches = [
    "bench model", "bench gemm", "bench attention", "bench embed", "bench train", "bench tokenize",
  ]
  private static let adapters = ["bench adapters"]
  private static let rankings = ["bench algoperf targets", "bench algoperf run", "bench algoperf score"]
  private static let plans = [
    "attention-io", "calibrate", "deepseek", "devices", "ep-decode", "fabric", "finetune", "fleet", "idealized cost",
    "idealized fit", "idealized measure", "idealized stack", "inference", "kv", "ladder", "long-context", "memory",
    "moe-offload",
    "nexus", "parallel", "pipeline compare", "pipeline gradients", "pipeline run", "pipeline sweep", "rl-fit", "scale",
    "scale-convnet", "sensitivity", "serve", "splitwise", "test-time cost", "test-time frontier",
    "test-time saturation", "topology", "tune", "validate", "weave", "zeppelin",
  ].map { "plan " + $0 }
  private static let encoders = ["embed", "bench embed"]
  private static let systems = ["systems list", "systems show", "systems search"]
  private static let everywhere =
    [
      "run", "chat", "pull", "ls", "show", "rm", "tokenize", "embed", "profile", "optimize", "eval perplexity",
      "eval kl", "eval onnx", "doctor", "quantize", "serve", "train",
    ] + remote + servers + trials + benches + adapters + rankings + systems + plans + ["reproduce", "results"]

  /// All of them. A test compares this list with the parser's.
  package static let all: [Setting] = [
    Setting("json", .flag, everywhere),
    Setting("model", .value, opens + servers + trials + adapters, aliases: ["-m"]),
    Setting(
      "threads", .value,
      loads + ["embed"] + benches.dropLast() + ["doctor", "reproduce", "eval onnx", "quantize", "train"] + servers
        + adapters + rankings,
      aliases: ["-t"]
    ),
    Setting("ctx-size", .value, generate + ["serve"] + servers, aliases: ["-c"]),
    Setting("batch-size", .value, generate + ["serve", "profile", "optimize"], aliases: ["-b"]),
    Setting("encoder", .value, encoders, aliases: ["-m"]),
    Setting("pooling", .value, ["embed"]),
    Setting("compute", .value, opens.filter { !$0.hasSuffix("tokenize") } + encoders),
    Setting("cache-type", .value, opens.filter { !$0.hasSuffix("tokenize") }),
    Setting("sparse", .value, ["run", "chat", "serve", "profile"]),
    Setting("memory-limit", .value, loads + ["embed", "train"]),
    Setting("max-tokens", .value, generate + remote, aliases: ["-n", "--n-predict", "--predict"]),
    Setting("seed", .value, generate + remote + servers + trials, aliases: ["-s"]),
    Setting("temp", .value, generate + remote, aliases: ["--temperature"]),
    Setting("top-k", .value, generate + remote),
    Setting("top-p", .value, generate + remote),
    Setting("min-p", .value, generate + remote),
    Setting("repeat-penalty", .value, generate + remote),
    Setting("repeat-last-n", .value, generate),
    Setting("presence-penalty", .value, generate + remote),
    Setting("frequency-penalty", .value, generate + remote),
    Setting("logit-bias", .list, generate, aliases: ["-l"]),
    Setting("stop", .list, generate + remote, aliases: ["-r", "--reverse-prompt"]),
    Setting("ignore-eos", .flag, generate),
    Setting("lookup", .value, generate + ["optimize"]),
    Setting("model-draft", .value, generate, aliases: ["-md"]),
    Setting("draft-max", .value, generate),
    Setting("profile", .value, generate + ["serve"]),
    Setting("no-profile", .flag, generate + ["serve"]),
    Setting("tuned", .value, serve),
    Setting("max-ppl", .value, ["optimize"]),
    Setting("max-slowdown", .value, ["optimize"]),
    Setting("budget", .value, ["optimize"]),
    Setting("system-prompt", .value, generate + remote, aliases: ["-sys"]),
    Setting("logprobs", .value, ["run"]),
    Setting("raw", .flag, ["run", "client run"]),
    Setting("stream", .flag, ["run", "client run"]),
    Setting("history", .value, ["chat", "client chat"]),
    Setting("against", .value, benches + servers),
    Setting("pairs", .value, benches + servers + adapters + ["reproduce", "optimize"]),
    Setting("warm-up", .value, benches + servers + ["reproduce"]),
    Setting("keep", .value, ["reproduce"]),
    Setting("resume", .value, benches + servers),
    Setting("store", .value, ["reproduce", "results"]),
    Setting("yes", .flag, ["rm"], aliases: ["-y"]),
    Setting("parallel", .value, serve + servers, aliases: ["-np"]),
    Setting("served-model", .value, remote + servers),
    Setting("max-queued", .value, serve),
    Setting("prefix-cache", .value, serve),
    Setting("alias", .list, serve),
    Setting("adapters", .value, serve + adapters),
    Setting("adapter-memory", .value, serve),
    Setting("embedder", .value, serve),
    Setting("time-to-live", .value, serve),
    Setting("max-loaded", .value, serve),
    Setting("max-model-memory", .value, serve),
    Setting("host", .value, serve),
    Setting("port", .value, serve),
    Setting("api-key", .list, serve + remote + servers),
    Setting("api-key-file", .value, serve),
    Setting("allowed-origin", .list, serve),
    Setting("tls-certificate", .value, serve),
    Setting("tls-key", .value, serve),
    Setting("results", .value, serve),
    Setting("max-body", .value, serve),
    Setting("max-prompt", .value, serve),
    Setting("max-choices", .value, serve),
    Setting("answer-budgets", .value, serve),
    Setting("max-connections", .value, serve),
    Setting("read-timeout", .value, serve),
    Setting("write-timeout", .value, serve),
    Setting("idle-timeout", .value, serve),
    Setting("drain-timeout", .value, serve),
    Setting("log-json", .flag, serve),
    Setting("log-level", .value, serve),
  ]

  /// Options that say what to do rather than how, or where this one call reads: they have no variable.
  private static let callOnly: Set<String> = [
    "help", "version", "prompt", "file", "n-prompt", "n-gen", "depth", "measure", "show-origin", "m", "n", "k", "d",
    "square", "heads", "kv-heads", "causal", "no-causal", "decode", "layers", "repeat", "ids", "no-parse-special",
    "no-bos", "windows", "metadata", "tensors", "force", "limit", "stdin", "positions", "quick", "into", "record",
    "seconds", "trace", "for", "dry-run", "write", "texts", "output", "no-normalize", "sentences",
    "lora", "curve", "steps", "cases", "filter", "min-cases", "skipped",
    "type", "pure", "tensor-type", "output-tensor-type",
    "token-embedding-type", "allow-requantize", "imatrix", "imatrix-text", "write-imatrix", "report", "beside",
    "reference", "grammar", "json-schema",
    "server", "server-certificate", "clients", "rate", "shared-prefix", "text", "chat", "until-end", "requests",
    "timeout", "max-in-flight", "slo", "plots", "set", "out",
    "workloads", "points", "seeds", "submissions", "studies", "variant", "self-tuning", "least", "trapezoid",
    "workload", "max-latency", "max-memory", "trial-timeout", "log", "fresh", "space", "method", "trials", "prior", "x",
    "y", "z", "csv", "svg", "predict", "hardware",
  ]

  /// The same of one verb only, in which they mean something else than elsewhere.
  private static let callOnlyOf: [String: Set<String>] = [
    "train": ["resume"], "bench algoperf targets": ["seed"], "bench algoperf run": ["seed"],
    "bench algoperf score": ["seed"],
  ]

  /// Whether an option of a verb has no variable. What a plan is of is said by its call alone: a variable that is meant for
  /// another verb must not change it unseen.
  package static func isCallOnly(_ option: String, of verb: String) -> Bool {
    callOnly.contains(option) || callOnlyOf[verb]?.contains(option) == true
      || verb.hasPrefix("plan ") && option != "json"
  }

  /// The verbs that have settings.
  static let verbs = Set(all.flatMap(\.verbs))

  /// The verb that words name, which may leave out a family's usual one.
  static func verb(_ words: some Collection<String>) -> String? {
    let verb = words.joined(separator: " ")
    return verbs.contains(verb) ? verb : verb == "systems" ? "systems list" : nil
  }
}
