import CVenturi
import Formats
import Inference
import Models
import Tensors
import Text

/// The trials of an ``Optimizer`` on a real model: engines with the settings asked for, kept as long as they are compared.
public actor EngineTrials: Trials {
  /// Measures the most bytes that a process with the settings holds; the process is not this one, whose memory is full of
  /// other trials.
  public typealias MemoryProbe = @Sendable (EngineSettings) async throws -> Int

  struct Running {
    var key: EngineSettings
    var base: any LanguageModel
    var engine: Engine
    var sessions: [Session]
  }

  let path: String
  let checkpoint: Checkpoint
  let tokenizer: Tokenizer
  let template: ChatTemplate?
  let goal: Goal
  let workload: Workload
  /// What exactness is checked on where the goal generates nothing, and what fills the steps of ``work(_:)``.
  let questions: Workload
  let text: String
  let extensions: [any EngineExtension]
  let memoryProbe: MemoryProbe?
  private var running: [Running] = []

  /// Trials of a model for a goal.
  ///
  /// - Parameters:
  ///   - text: what fills long prompts and what perplexity is measured on; ``SampleText/prose`` by default.
  ///   - kinds: the kinds of text that the model will have to write; all of ``Workload/kinds`` by default.
  ///   - extensions: of the techniques that are tried.
  ///   - memoryProbe: needed for ``Goal/memory``.
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)``; what reading the model throws.
  public init(
    _ model: String, goal: Goal, text: String? = nil, kinds: [String] = Workload.kinds,
    extensions: [any EngineExtension] = [], memoryProbe: MemoryProbe? = nil
  ) throws {
    path = try ModelHome().file(for: model)
    let checkpoint = try Checkpoint(path: path)
    let context = try checkpoint.uint("\(checkpoint.string("general.architecture")).context_length", in: 1...1 << 24)
    (tokenizer, template) = try checkpoint.reading {
      (try Tokenizer(checkpoint), try ChatTemplate(checkpoint))
    }
    self.checkpoint = checkpoint
    self.goal = goal
    self.text = text ?? SampleText.prose
    self.extensions = extensions
    self.memoryProbe = memoryProbe
    if goal == .memory, memoryProbe == nil {
      throw ProfilingError.invalidSetting(field: "goal memory", problem: "there is no way to measure it here")
    }
    workload = try Workload(
      goal: goal, text: self.text, tokenizer: tokenizer, template: template, contextLength: context,
      kinds: kinds)
    questions = try Workload(
      goal: .latency, text: self.text, tokenizer: tokenizer, template: template, contextLength: context,
      answerTokens: 16)
  }

  /// The model file's fingerprint.
  ///
  /// - Throws: `TensorError` when the file changes meanwhile.
  public func fingerprint() throws -> ModelFingerprint { try ModelFingerprint(checkpoint) }

  /// The settings with every value decided.
  public static func decided(_ settings: EngineSettings) -> EngineSettings {
    settings.completed(by: EngineSettings(threads: MachineIdentity.current.processors)).completed(by: .standard)
  }

  /// The goal's work once; see ``Trials``.
  public func turn(_ settings: EngineSettings, beside other: EngineSettings) async throws -> Double {
    switch goal {
    case .memory: return Double(try await memoryProbe?(settings) ?? 0)
    case .decode:
      let answers = try await generate(workload, settings)
      let seconds = answers.reduce(0) { $0 + $1.timings.generationSeconds }
      return seconds / Double(max(1, answers.reduce(0) { $0 + $1.usage.completionTokens - 1 }))
    case .prefill:
      return try await read(workload, settings).reduce(0) { $0 + $1.timings.promptSeconds }
    case .latency:
      // Threads pack the weights and the mode says how: both are part of the time to the first answer.
      let loads = settings.threads != other.threads || settings.compute != other.compute
      var seconds = 0.0
      if loads {
        running.removeAll { $0.key == Self.key(settings) }
        let start = vt_monotonic_seconds()
        _ = try run(settings)
        seconds = vt_monotonic_seconds() - start
      }
      return try await seconds + read(workload, settings).reduce(0) { $0 + $1.timings.timeToFirstTokenSeconds }
    }
  }

  /// A prompt of ``Goal/defaultPrefill`` tokens and the answers to the questions; see ``Trials``.
  public func work(_ settings: EngineSettings) async throws -> Double {
    let prompt = try Workload(
      goal: .prefill(tokens: Goal.defaultPrefill), text: text, tokenizer: tokenizer, template: template,
      contextLength: .max)
    let reading = try await read(prompt, settings).reduce(0) { $0 + $1.timings.promptSeconds }
    return try await reading + generate(questions, settings).reduce(0) { $0 + $1.timings.generationSeconds }
  }

  /// Answers of the goal's own work where it generates, else to short questions; see ``Trials``.
  public func answers(_ settings: EngineSettings) async throws -> [[Int32]] {
    if case .decode = goal { return try await generate(workload, settings).map(\.tokens) }
    return try await generate(questions, settings).map(\.tokens)
  }

  /// Perplexity on at most two windows of the text; see ``Trials``.
  public func perplexity(_ settings: EngineSettings) async throws -> Double {
    let tokens = tokenizer.encode(text, parseSpecial: false)
    let special = tokenizer.vocabulary.special
    let beginning = special.addsBeginning ? special.beginning.map { Int32($0) } : nil
    let context = Context(threads: settings.threads)
    return try await run(settings).engine.withModel { model in
      try TextScore(tokens, beginning: beginning, model: model, context: context, limit: 2).perplexity
    }
  }

  /// What sets engines apart: guessing ahead is asked of each generation instead.
  private static func key(_ settings: EngineSettings) -> EngineSettings {
    var key = settings
    key.lookup = nil
    return key
  }

  /// The engine with the settings.
  func run(_ settings: EngineSettings) throws -> Running {
    let key = Self.key(settings)
    if let index = running.firstIndex(where: { $0.key == key }) {
      let found = running.remove(at: index)
      running.append(found)
      return found
    }
    let same = running.first {
      $0.key.threads == key.threads && $0.key.compute == key.compute && $0.key.cache == key.cache
    }?.base
    // Two are compared at a time; a third would only take memory.
    if running.count > 1 { running.removeFirst() }
    let base =
      try same
      ?? ModelLoader.load(
        checkpoint, options: LoadOptions(compute: key.compute ?? .fast, cache: key.cache),
        context: Context(threads: key.threads)
      ).model
    let engine = try Engine(
      model: base, tokenizer: tokenizer, template: template, options: EngineOptions(key, extensions: extensions))
    let made = Running(key: key, base: base, engine: engine, sessions: workload.items.map { _ in engine.session() })
    running.append(made)
    return made
  }

  /// Answers every prompt of a workload; that of the goal goes on in its own sessions, where the prompt stays computed.
  func generate(_ workload: Workload, _ settings: EngineSettings) async throws -> [Completion] {
    let running = try run(settings)
    var answers: [Completion] = []
    for (index, item) in workload.items.enumerated() {
      let options = GenerationOptions(
        maxTokens: workload.answerTokens, seed: UInt64(index), ignoreEnd: true, lookup: settings.lookup)
      let isOwn = item == (index < self.workload.items.count ? self.workload.items[index] : nil)
      let session = isOwn ? running.sessions[index] : running.engine.session()
      answers.append(try await session.generate(.tokens(item.tokens), options: options).completion())
    }
    return answers
  }

  /// Reads every prompt of a workload in a session of its own, and draws one token.
  private func read(_ workload: Workload, _ settings: EngineSettings) async throws -> [Completion] {
    let engine = try run(settings).engine
    var answers: [Completion] = []
    for item in workload.items {
      let options = GenerationOptions(maxTokens: 1, seed: 0, ignoreEnd: true, lookup: 0)
      answers.append(try await engine.generate(.tokens(item.tokens), options: options).completion())
    }
    return answers
  }
}
