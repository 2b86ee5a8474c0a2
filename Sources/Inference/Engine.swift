import Models
import Synchronization
import Tensors
import Text

/// A loaded model with its tokenizer, and the thread on which everything asked of it is computed.
///
/// ```swift
/// let engine = try await Engine.load("smollm2")
/// for try await event in engine.generate(.chat([.init(role: .user, content: "Why is the sky blue?")])) {
///   if case .text(let piece) = event { print(piece, terminator: "") }
/// }
/// ```
///
/// Sessions share every step: each gives one token, prompts give chunks, and all are evaluated at once. What a session
/// gets is the same, bit for bit, as if it were alone. Dropping the engine and its sessions ends the thread.
public final class Engine: Sendable {
  /// The model.
  public let model: any LanguageModel
  /// The smaller model that guesses ahead, if there is one.
  public let draft: (any LanguageModel)?
  /// The model's tokenizer.
  public let tokenizer: Tokenizer
  /// The model's chat template, if its file has one.
  public let template: ChatTemplate?
  /// How it was loaded, with every setting decided.
  public let options: EngineOptions
  /// The profile whose settings count, if one was found.
  public let profile: EngineProfile?
  /// What was passed over in loading: profiles of another machine, extensions that are not there.
  public let notes: [String]
  /// The longest sequence, in tokens.
  public let contextLength: Int
  /// The digest of the model's files, where it came from files.
  let modelDigest: String?
  let scheduler: Scheduler
  let adapters: AdapterRegistry?
  /// The adapter of its sessions; nothing for the model as it is.
  public let adapter: String?
  private let trie = Mutex<TokenTrie?>(nil)
  /// What is there as long as the model's memory is taken.
  package let lifetime: any AnyObject & Sendable
  /// Whose model and thread these are, and what is held as long as somebody uses them by this engine.
  private let loan: (owner: Engine, token: any AnyObject & Sendable)?

  /// An engine from its parts.
  ///
  /// - Parameters:
  ///   - model: the model; no two engines may work with one at the same time.
  ///   - tokenizer: its tokenizer.
  ///   - template: its chat template, if it has one.
  ///   - options: how sessions share it.
  ///   - profile: settings for what the options leave open; without a file none is looked for.
  ///   - notes: what was passed over before.
  ///   - draft: a model with the same tokens that guesses ahead.
  ///   - allocator: where the model's memory comes from, if it is for the model alone.
  ///   - baseHash: the digest of the model's files, which adapters that say one must have, and by which files of sessions know
  ///     the model; without it none are written.
  /// - Throws: ``InferenceError/invalidOption(field:value:problem:)``,
  ///   ``InferenceError/vocabularyMismatch(tokenizer:model:)``, ``InferenceError/adapter(name:problem:)`` and
  ///   ``InferenceError/extensionFailed(name:problem:)``.
  public init(
    model: any LanguageModel, tokenizer: Tokenizer, template: ChatTemplate? = nil,
    options: EngineOptions = EngineOptions(), profile: EngineProfile? = nil, notes: [String] = [],
    draft: (any LanguageModel)? = nil, allocator: Allocator? = nil, baseHash: String? = nil
  ) throws(InferenceError) {
    let options = try Self.resolve(options, profile)
    adapters =
      options.adapters.isEmpty
      ? nil
      : try AdapterRegistry(
        options.adapters, model: model, baseHash: baseHash,
        limit: options.adapterMemoryLimit ?? EngineOptions.defaultAdapterMemory)
    adapter = nil
    let (model, passedOver) = try Self.extend(model, options)
    let size = model.description.vocabularySize
    if tokenizer.vocabulary.count > size {
      throw .vocabularyMismatch(tokenizer: tokenizer.vocabulary.count, model: size)
    }
    if let draft, draft.description.vocabularySize < tokenizer.vocabulary.count {
      throw .vocabularyMismatch(tokenizer: tokenizer.vocabulary.count, model: draft.description.vocabularySize)
    }
    self.model = model
    self.draft = draft
    self.tokenizer = tokenizer
    self.template = template
    self.options = options
    self.profile = profile
    self.notes = notes + passedOver
    modelDigest = baseHash
    contextLength = min(options.contextLength ?? .max, model.description.contextLength)
    lifetime = allocator?.lifetime ?? model
    loan = nil
    scheduler = try Scheduler(model: model, options: options, contextLength: contextLength, adapters: adapters)
  }

  /// Another's model and thread.
  init(_ owner: Engine, holding token: any AnyObject & Sendable, adapter: String? = nil) {
    (model, draft, tokenizer, template) = (owner.model, owner.draft, owner.tokenizer, owner.template)
    (options, profile, notes, contextLength) = (owner.options, owner.profile, owner.notes, owner.contextLength)
    (scheduler, lifetime, adapters) = (owner.scheduler, owner.lifetime, owner.adapters)
    modelDigest = owner.modelDigest
    self.adapter = adapter ?? owner.adapter
    loan = (owner, token)
  }

  deinit { if loan == nil { scheduler.stop() } }

  /// This engine for one who uses it for a time: `token` is held until that engine, its sessions and their generations are
  /// gone.
  package func lent(holding token: any AnyObject & Sendable) -> Engine { Engine(self, holding: token) }

  /// Refuses where no generation however short would get a place; it would be refused the same, but after its prompt was
  /// worked on.
  ///
  /// - Throws: ``InferenceError/overloaded(running:queued:queueLimit:queuedTokens:queuedTokenLimit:waitSeconds:)``.
  public func checkRoom() throws(InferenceError) { try scheduler.admission.check() }

  /// The tokens as constraints look at them, made when the first one does.
  func tokenTrie() -> TokenTrie {
    if let loan { return loan.owner.tokenTrie() }
    return trie.withLock { trie in
      if let trie { return trie }
      let made = TokenTrie(tokenizer.vocabulary)
      trie = made
      return made
    }
  }

  /// A session, with a conversation that has already taken place or instructions, if any.
  public func session(messages: [ChatMessage] = []) -> Session {
    Session(engine: self, content: Session.Content(messages: messages))
  }

  /// A session that goes on from a snapshot; any number may go on from one. That of another engine's session is computed
  /// anew.
  public func session(from snapshot: SessionSnapshot) -> Session {
    // Without a copy of the state its tokens are computed again: slower, and the same.
    let (state, tokens) = (try? snapshot.copy(for: model)) ?? (nil, [])
    return Session(
      engine: self,
      content: Session.Content(
        tokens: tokens, state: state, version: snapshot.version, messages: snapshot.messages))
  }

  /// Continues a prompt in a session of its own.
  ///
  /// - Throws (in the loop): ``InferenceError``; the template's and the model's errors.
  public func generate(_ prompt: Prompt, options: GenerationOptions = GenerationOptions()) -> Generation {
    session().generate(prompt, options: options)
  }

  /// Runs `body` on the compute thread, alone, between two steps of the sessions; for measurements and evaluation.
  ///
  /// - Throws: what `body` throws; ``InferenceError/engineStopped``.
  public func withModel<Value: Sendable>(
    _ body: @escaping @Sendable (any LanguageModel) throws -> Value
  ) async throws -> Value {
    let model = model
    return try await withCheckedThrowingContinuation { continuation in
      let accepted = scheduler.perform { continuation.resume(with: Result { try body(model) }) }
      if !accepted { continuation.resume(throwing: InferenceError.engineStopped) }
    }
  }
}
