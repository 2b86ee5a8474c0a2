import Formats
import Mixers
import Models
import Tensors

/// How an engine loads its model and shares it between sessions.
///
/// What is not said here is taken from the model's profile, if there is one that holds for this machine (see
/// ``EngineProfile``), and else from the defaults.
public struct EngineOptions: Sendable {
  /// The most tokens of a step where neither options nor a profile say.
  public static let defaultStepTokens = 512
  static let defaultMixedPromptTokens = 128
  static let defaultMaxRunning = 64
  /// The prompt tokens that may wait where the options do not say.
  public static let defaultMaxQueuedTokens = 1 << 20
  /// How long a step may last that several generations share where the options do not say, in seconds.
  public static let defaultStepSeconds = 0.08

  /// What a profile can decide too; a value that is set here counts over it.
  public var settings: EngineSettings
  /// Where to look for the profile.
  public var profile: ProfileSource
  /// Techniques of the program's own, which take effect where the settings name them.
  public var extensions: [any EngineExtension]
  /// Which keys a token sees while it is generated; all by default.
  public var sparse: BlockBudget?
  /// A smaller model of the same vocabulary that guesses ahead, by its name or path; see ``GenerationOptions/draft``.
  public var draft: String?
  /// The longest sequence to allow, in tokens; the model's own context length by default and at most.
  public var contextLength: Int?
  /// The most memory that `MemoryNeed` may state, in bytes; what the machine has by default.
  public var memoryLimit: Int?
  /// The most generations that run at once; further ones wait. 64 by default, or as many as a step has tokens.
  public var maxRunning: Int?
  /// The most generations that wait; further ones get
  /// ``InferenceError/overloaded(running:queued:queueLimit:queuedTokens:queuedTokenLimit:waitSeconds:)``.
  public var maxQueued: Int
  /// The most prompt tokens of all generations that wait, beyond which none is taken that would have to wait behind
  /// another. A million by default.
  public var maxQueuedTokens: Int
  /// The most bytes of the states of running generations and of the prefix store; half of what is free when the engine is
  /// made by default, and at least one sequence of full length. When it is reached the store yields, and then the
  /// generation that came last, whose state is computed again later.
  public var stateMemoryLimit: Int?
  /// Whether generations share the beginnings of their prompts; sessions have their own in any case. Off by default.
  public var prefixCache: PrefixCache
  /// How long a step should last at most that several generations share, in seconds: the time between two tokens of one
  /// while prompts of others are read, and until a cancelled one is gone. Prompts are cut accordingly, which changes no
  /// answer; a step is never shorter than its single tokens make it.
  public var stepSeconds: Double
  /// The adapters that sessions may have; see ``Engine/adapted(by:)``.
  public var adapters: [AdapterSource] = []
  /// The most bytes of loaded adapters, ``defaultAdapterMemory`` by default. Those in use stay; a generation whose adapter
  /// finds no room waits.
  public var adapterMemoryLimit: Int?
  /// The bytes of loaded adapters where the options do not say.
  public static let defaultAdapterMemory = 1 << 29

  /// Options; nothing said leaves the choice to the profile and the defaults.
  public init(
    compute: ComputeMode? = nil, cache: CacheType? = nil, threads: Int? = nil, contextLength: Int? = nil,
    memoryLimit: Int? = nil, stepTokens: Int? = nil, mixedPromptTokens: Int? = nil, maxRunning: Int? = nil,
    maxQueued: Int = 1024, profile: ProfileSource = .automatic, extensions: [any EngineExtension] = [],
    draft: String? = nil, maxQueuedTokens: Int = EngineOptions.defaultMaxQueuedTokens, stateMemoryLimit: Int? = nil,
    prefixCache: PrefixCache = .off, stepSeconds: Double = EngineOptions.defaultStepSeconds
  ) {
    settings = EngineSettings(
      threads: threads, compute: compute, cache: cache, stepTokens: stepTokens, mixedPromptTokens: mixedPromptTokens)
    self.profile = profile
    self.extensions = extensions
    self.draft = draft
    self.contextLength = contextLength
    self.memoryLimit = memoryLimit
    self.maxRunning = maxRunning
    self.maxQueued = maxQueued
    self.maxQueuedTokens = maxQueuedTokens
    self.stateMemoryLimit = stateMemoryLimit
    self.prefixCache = prefixCache
    self.stepSeconds = stepSeconds
  }

  /// Options of given settings alone: no profile counts.
  public init(_ settings: EngineSettings, extensions: [any EngineExtension] = []) {
    self.init(profile: .none, extensions: extensions)
    self.settings = settings
  }

  /// How products are computed; ``/Models/ComputeMode/fast`` by default.
  public var compute: ComputeMode? {
    get { settings.compute }
    set { settings.compute = newValue }
  }

  /// What keys and values are kept in; f16 by default, f32 where all is computed in it.
  public var cache: CacheType? {
    get { settings.cache }
    set { settings.cache = newValue }
  }

  /// Threads that compute; one for each processor by default.
  public var threads: Int? {
    get { settings.threads }
    set { settings.threads = newValue }
  }

  /// The most tokens of one step over all sessions: single steps first, prompt chunks in what remains. 512 by default.
  public var stepTokens: Int? {
    get { settings.stepTokens }
    set { settings.stepTokens = newValue }
  }

  /// The most prompt tokens of a step in which another generation gets a token, so that long prompts do not hold it up.
  /// 128 by default.
  public var mixedPromptTokens: Int? {
    get { settings.mixedPromptTokens }
    set { settings.mixedPromptTokens = newValue }
  }

  /// Checks every value.
  ///
  /// - Throws: ``InferenceError/invalidOption(field:value:problem:)``.
  public func validate() throws(InferenceError) {
    func check(_ field: String, _ value: Int?, _ range: ClosedRange<Int>) throws(InferenceError) {
      guard let value, !range.contains(value) else { return }
      let problem =
        range.upperBound == .max
        ? "must be at least \(range.lowerBound)" : "must be from \(range.lowerBound) to \(range.upperBound)"
      throw .invalidOption(field: field, value: "\(value)", problem: problem)
    }
    try settings.validate()
    try check("contextLength", contextLength, 1...Int.max)
    try check("memoryLimit", memoryLimit, 1...Int.max)
    try check("maxRunning", maxRunning, 1...4096)
    try check("maxQueued", maxQueued, 0...1_000_000)
    try check("maxQueuedTokens", maxQueuedTokens, 0...1 << 40)
    try check("stateMemoryLimit", stateMemoryLimit, 0...Int.max)
    try check("adapterMemoryLimit", adapterMemoryLimit, 0...Int.max)
    if case .bytes(let bytes) = prefixCache { try check("prefixCache", bytes, 0...Int.max) }
    guard 0.001...60 ~= stepSeconds else {
      throw .invalidOption(field: "stepSeconds", value: "\(stepSeconds)", problem: "must be from 0.001 to 60")
    }
    if let maxRunning, let stepTokens, maxRunning > stepTokens {
      throw .invalidOption(
        field: "maxRunning", value: "\(maxRunning)", problem: "must be at most stepTokens, \(stepTokens)")
    }
  }
}
