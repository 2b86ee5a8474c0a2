import Models
import Tensors

/// How an engine loads its model and shares it between sessions.
public struct EngineOptions: Sendable {
  /// How products are computed.
  public var compute: ComputeMode
  /// Threads that compute; one for each processor by default.
  public var threads: Int?
  /// The longest sequence to allow, in tokens; the model's own context length by default and at most.
  public var contextLength: Int?
  /// The most memory that `MemoryNeed` may state, in bytes; what the machine has by default.
  public var memoryLimit: Int?
  /// The most tokens of one step over all sessions: single steps first, prompt chunks in what remains.
  public var stepTokens: Int
  /// The most prompt tokens of a step in which another generation gets a token, so that long prompts do not hold it up.
  public var mixedPromptTokens: Int
  /// The most generations that run at once; further ones wait.
  public var maxRunning: Int
  /// The most generations that wait; further ones get ``InferenceError/overloaded(running:queued:queueLimit:)``.
  public var maxQueued: Int

  /// Options with defaults.
  public init(
    compute: ComputeMode = .fast, threads: Int? = nil, contextLength: Int? = nil, memoryLimit: Int? = nil,
    stepTokens: Int = 512, mixedPromptTokens: Int = 128, maxRunning: Int = 64, maxQueued: Int = 1024
  ) {
    self.compute = compute
    self.threads = threads
    self.contextLength = contextLength
    self.memoryLimit = memoryLimit
    self.stepTokens = stepTokens
    self.mixedPromptTokens = mixedPromptTokens
    self.maxRunning = maxRunning
    self.maxQueued = maxQueued
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
    try check("threads", threads, 1...1024)
    try check("contextLength", contextLength, 1...Int.max)
    try check("memoryLimit", memoryLimit, 1...Int.max)
    try check("stepTokens", stepTokens, 1...65536)
    try check("mixedPromptTokens", mixedPromptTokens, 1...65536)
    try check("maxRunning", maxRunning, 1...4096)
    try check("maxQueued", maxQueued, 0...1_000_000)
    if maxRunning > stepTokens {
      throw .invalidOption(
        field: "maxRunning", value: "\(maxRunning)", problem: "must be at most stepTokens, \(stepTokens)")
    }
  }
}
