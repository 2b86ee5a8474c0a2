import Layers
import Models
import Synchronization
import Text

/// One conversation or text with a model: what the model has seen stays computed, and the next prompt pays only for what
/// is new in it.
///
/// A session runs one generation at a time, in the order they were asked for; many sessions of an engine run at once,
/// each exactly as if it were alone.
public final class Session: Sendable {
  /// What a session holds between generations.
  struct Content {
    var tokens: [Int32] = []
    var state: (any MixerState)?
    /// The version of the adapter that the state was computed with; 0 for none.
    var version = 0
    var messages: [ChatMessage] = []
    /// Whether a generation runs.
    var isTaken = false
    /// What waits for it to end; each tells whether it takes the session in turn.
    var waiting: [(place: Place?, body: @Sendable () -> Bool)] = []
  }

  let engine: Engine
  let content: Mutex<Content>

  init(engine: Engine, content: consuming sending Content) {
    self.engine = engine
    self.content = Mutex(content)
  }

  /// The conversation so far: what ``respond(to:options:)`` was given and has answered.
  public var messages: [ChatMessage] { content.withLock { $0.messages } }

  /// The tokens that the cache holds; 0 while a generation runs.
  public var tokenCount: Int { content.withLock { $0.tokens.count } }

  /// The bytes that the cache holds; 0 while a generation runs.
  public var bytes: Int { content.withLock { $0.state?.bytes ?? 0 } }

  /// Answers the user's next message.
  ///
  /// The message and the answer join ``messages`` when the answer ends, also when it was cut short; an error leaves the
  /// conversation as it was.
  ///
  /// - Throws (in the loop): ``InferenceError``; the template's and the model's errors.
  public func respond(to message: String, options: GenerationOptions = GenerationOptions()) -> Generation {
    start(.turn(message), options)
  }

  /// Continues a prompt; the conversation is neither used nor changed.
  ///
  /// The longest beginning that the prompt shares with what the session has seen is not computed again.
  ///
  /// - Throws (in the loop): ``InferenceError``; the template's and the model's errors.
  public func generate(_ prompt: Prompt, options: GenerationOptions = GenerationOptions()) -> Generation {
    start(.prompt(prompt), options)
  }

  /// A session that goes on from here by itself, after running generations have ended; the cache's memory is shared
  /// until either goes on.
  ///
  /// - Throws: the model's errors.
  public func fork() async throws -> Session { engine.session(from: try await snapshot()) }

  /// The state after running generations have ended.
  ///
  /// - Throws: the model's errors.
  public func snapshot() async throws -> SessionSnapshot {
    try await whenIdle { [engine] content in
      SessionSnapshot(
        model: engine.model, tokens: content.tokens, state: try content.state?.fork(), version: content.version,
        messages: content.messages)
    }
  }

  /// Goes back to a snapshot, after running generations have ended; that of another engine's session is computed anew.
  ///
  /// - Throws: the model's errors.
  public func restore(_ snapshot: SessionSnapshot) async throws {
    try await whenIdle { [engine] content in
      (content.state, content.tokens) = try snapshot.copy(for: engine.model)
      content.version = snapshot.version
      content.messages = snapshot.messages
    }
  }

  /// Forgets everything but the conversation given, after running generations have ended. The cache stays as long as it
  /// is of use.
  public func reset(to messages: [ChatMessage] = []) async {
    await whenIdle { $0.messages = messages }
  }
}
