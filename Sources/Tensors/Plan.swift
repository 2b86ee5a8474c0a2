/// A captured sequence of operators over fixed storage, replayed without allocating.
///
/// Capturing runs the operators once and keeps what they did: each one's work as a closure over fixed addresses. What
/// changes from replay to replay (token ids, positions, caches) lives in objects that the closures read.
///
/// ```swift
/// let plan = Plan()
/// let logits = plan.capture(in: context) { model(batch, context) }
/// plan.replay()   // the same buffers, new content
/// ```
public final class Plan: @unchecked Sendable {
  private var steps: [() -> Void] = []
  /// What the steps are, one each.
  private var labels: [Operator] = []
  /// Where the steps run, for the recorder that may be there.
  private weak var context: Context?
  /// Where the captured tensors live; blocks are reused in the order of capture, which is the order of replay.
  let arena = Allocator(cacheLimit: .max)

  /// Where operators keep what may grow between replays, which the arena's reused blocks must not.
  let workspace = Allocator(cacheLimit: 0)

  /// An empty plan.
  public init() {}

  /// The number of recorded operators.
  public var count: Int { steps.count }

  /// The bytes of the plan's arena and of what its operators keep.
  public var bytes: Int { arena.liveBytes + arena.cachedBytes + workspace.liveBytes }

  /// Runs `body` with its operators recorded into this plan.
  public func capture<Result>(in context: Context, _ body: () throws -> Result) rethrows -> Result {
    let outer = context.capturing
    context.capturing = self
    self.context = context
    defer { context.capturing = outer }
    return try body()
  }

  /// Runs the recorded operators again, in order.
  public func replay() { _ = replay { false } }

  /// Runs the recorded operators again until `isCancelled` says stop; returns whether all ran. It is asked before every
  /// eighth operator and once after the last.
  public func replay(unless isCancelled: () -> Bool) -> Bool {
    let recorder = context?.recorder
    for (index, step) in steps.enumerated() {
      if index & 7 == 0, isCancelled() { return false }
      if let recorder { recorder.time(labels[index], step) } else { step() }
    }
    return !isCancelled()
  }

  func append(_ label: Operator, _ step: @escaping () -> Void) {
    labels.append(label)
    steps.append(step)
  }
}
