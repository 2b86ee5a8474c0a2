import Layers
import Models
import NumericTypes
import Synchronization
import Tensors

/// A model whose logits are a function of the tokens so far, so that everything around a model can be tested without
/// weights.
public final class ScriptedModel: LanguageModel {
  /// The logits after a history, one for each token id.
  public typealias Script = @Sendable (_ history: [Int32]) -> [Float]

  /// Sizes that fit the script.
  public let description: ModelDescription
  private let script: Script
  private let canTruncate: Bool
  private let allocator = Allocator()
  private let log = Mutex<[[Int]]>([])

  /// A model that follows `script`; by default pseudo-random logits that depend on the last tokens.
  public init(
    vocabularySize: Int = 259, contextLength: Int = 4096, canTruncate: Bool = true, script: Script? = nil
  ) {
    description = ModelDescription(
      name: "scripted", architecture: "scripted", vocabularySize: vocabularySize, contextLength: contextLength,
      layers: 4, width: 1, heads: 1, kvHeads: 1, headDim: 1, feedForward: 1, parameters: 0, weightBytes: 0,
      weightTypes: "", stateBytesPerToken: 4)
    self.canTruncate = canTruncate
    self.script = script ?? { Self.scramble($0, vocabularySize) }
  }

  /// The number of tokens of every run of every batch so far.
  public var batches: [[Int]] { log.withLock { $0 } }

  /// A state that holds the tokens.
  ///
  /// - Throws: `ModelError.contextExceeded`.
  public func makeState(capacity: Int) throws -> any MixerState {
    if capacity > description.contextLength {
      throw ModelError.contextExceeded(limit: description.contextLength, requested: capacity)
    }
    return ScriptedState(capacity: capacity, canTruncate: canTruncate)
  }

  /// The script's logits for the rows that the batch asks for.
  ///
  /// - Throws: `ModelError.foreignState`, `ModelError.contextExceeded`.
  public func evaluate(_ batch: TokenBatch, isCancelled: () -> Bool) throws -> Logits {
    log.withLock { $0.append(batch.runs.map(\.tokens.count)) }
    var values: [Float] = []
    var rows: [Range<Int>] = []
    var appended: [(ScriptedState, [Int32])] = []
    let width = description.vocabularySize
    for run in batch.runs {
      guard let state = run.state as? ScriptedState else { throw ModelError.foreignState }
      var history = state.history
      if history.count + run.tokens.count > state.capacity {
        throw ModelError.contextExceeded(limit: state.capacity, requested: history.count + run.tokens.count)
      }
      let first = values.count / width
      for (index, token) in run.tokens.enumerated() {
        history.append(token)
        switch run.logits {
        case .none: break
        case .last: if index == run.tokens.count - 1 { values += script(history) }
        case .all: values += script(history)
        }
      }
      rows.append(first..<values.count / width)
      appended.append((state, history))
    }
    for _ in 0..<description.layers where isCancelled() { throw CancellationError() }
    for (state, history) in appended { state.replace(history) }
    let storage = try Storage(byteCount: max(values.count, 1) * 4, allocator: allocator)
    values.withUnsafeBytes {
      storage.base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(storage.base), byteCount: $0.count)
    }
    let shape = Shape([values.count / width, width])
    return Logits(values: try Tensor(storage: storage, dtype: .f32, shape: shape), rows: rows)
  }

  /// Logits between -4 and 4 that depend on the last four tokens and the position.
  public static func scramble(_ history: [Int32], _ width: Int) -> [Float] {
    var seed = UInt64(history.count) &* 0x9E37_79B9_7F4A_7C15
    for token in history.suffix(4) { seed = (seed ^ UInt64(UInt32(bitPattern: token))) &* 0xBF58_476D_1CE4_E5B9 }
    return (0..<width).map { id in
      var x = seed &+ UInt64(id) &* 0x94D0_49BB_1331_11EB
      x = (x ^ (x >> 31)) &* 0xBF58_476D_1CE4_E5B9
      return Float((x ^ (x >> 29)) >> 40) / Float(1 << 24) * 8 - 4
    }
  }
}

/// The state of a ``ScriptedModel``: the tokens.
final class ScriptedState: MixerState {
  private let content: Mutex<[Int32]>
  private let canTruncate: Bool
  let capacity: Int

  init(capacity: Int, canTruncate: Bool, history: [Int32] = []) {
    self.capacity = capacity
    self.canTruncate = canTruncate
    content = Mutex(history)
  }

  var history: [Int32] { content.withLock { $0 } }
  var tokens: Int { history.count }
  var bytes: Int { tokens * 4 }
  var capabilities: StateCapabilities { canTruncate ? [.truncate, .fork, .snapshot] : [.fork, .snapshot] }

  func replace(_ tokens: [Int32]) { content.withLock { $0 = tokens } }

  func reserve(_ count: Int) throws(MixerError) {
    let wanted = tokens + count
    if wanted > capacity { throw .capacityExceeded(capacity: capacity, requested: wanted) }
  }

  func growth(_ count: Int) -> Int { count * 4 }

  // The model writes tokens and counts them at once.
  func advance(by count: Int) {}

  func truncate(to count: Int) throws(MixerError) {
    guard canTruncate else { throw .unsupported("truncate") }
    try content.withLock { tokens throws(MixerError) in
      guard 0...tokens.count ~= count else { throw .positionOutOfRange(position: count, tokens: tokens.count) }
      tokens.removeLast(tokens.count - count)
    }
  }

  func fork() -> ScriptedState { ScriptedState(capacity: capacity, canTruncate: canTruncate, history: history) }

  func snapshot() -> any StateSnapshot { ScriptedSnapshot(history) }

  func restore(_ snapshot: any StateSnapshot) throws(MixerError) {
    guard let snapshot = snapshot as? ScriptedSnapshot else {
      throw .foreignState(run: 0, expected: "snapshot of a scripted state")
    }
    guard snapshot.tokens <= capacity else {
      throw .capacityExceeded(capacity: capacity, requested: snapshot.tokens)
    }
    replace(snapshot.history)
  }
}

/// The tokens of a ``ScriptedState`` at one moment.
final class ScriptedSnapshot: StateSnapshot {
  let history: [Int32]
  init(_ history: [Int32]) { self.history = history }
  var tokens: Int { history.count }
  var blocks: [StateBlock] { [StateBlock(self, bytes: tokens * 4)] }
}
