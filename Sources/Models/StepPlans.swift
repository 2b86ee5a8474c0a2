import Layers
import Tensors

/// Runs a decoder's steps: small ones are captured once for their number of rows and replayed from then on without
/// allocating, large ones run operator by operator.
final class StepPlans {
  /// What a decoder's forward pass reads of the batch at hand.
  final class Step {
    /// The layout that the mixers read.
    let box = BatchBox()
    /// The number of rows.
    let rows: Int
    /// The token ids of the rows.
    let tokens: UnsafeMutablePointer<Int32>
    /// The rows whose logits are wanted.
    private let logitRows: UnsafeMutablePointer<Int32>
    private let logitCount: Int
    fileprivate var isCancelled: () -> Bool = { false }
    fileprivate let plan: Plan?
    fileprivate var logits: Tensor?

    fileprivate init(rows: Int, logitCount: Int, captures: Bool) {
      self.rows = rows
      self.logitCount = logitCount
      tokens = .allocate(capacity: rows)
      logitRows = .allocate(capacity: max(1, logitCount))
      plan = captures ? Plan() : nil
    }

    deinit {
      tokens.deallocate()
      logitRows.deallocate()
    }

    fileprivate func load(_ batch: TokenBatch) {
      var row = 0
      var wanted = 0
      for run in batch.runs {
        for (index, id) in run.tokens.enumerated() {
          tokens[row + index] = id
          if run.logits == .all || (run.logits == .last && index == run.tokens.count - 1) {
            logitRows[wanted] = Int32(row + index)
            wanted += 1
          }
        }
        row += run.tokens.count
      }
    }

    /// The place between layers where a cancelled evaluation stops.
    func endLayer() throws {
      if plan == nil, isCancelled() { throw CancellationError() }
    }

    /// The rows of x whose logits are wanted; x itself when that is all of them.
    func selectLogitRows(of x: Tensor, _ context: Context) -> Tensor {
      if logitCount == rows { return x }
      let width = x.shape[1]
      let result = context.empty([logitCount, width])
      let (source, target, count) = (x.pointer(as: Float.self), result.pointer(as: Float.self), logitCount)
      let cost = Context.copyCost(result.shape, .f32, .f32)
      context.perform(.gather, cost: OperatorCost(cost)) { [logitRows] in
        for row in 0..<count {
          (target + row * width).update(from: source + Int(logitRows[row]) * width, count: width)
        }
      }
      return result
    }
  }

  private struct Key: Hashable {
    var rows: Int
    var logits: Int
  }

  /// The most rows of a captured step: beyond it capturing saves nothing that would be felt.
  static let capturedRows = 16
  private let context: Context
  private let byteLimit: Int
  private var captured: [Key: Step] = [:]

  /// Steps that keep up to about `byteLimit` bytes; beyond it, those of many sequences, all are captured anew.
  init(context: Context, byteLimit: Int) {
    self.context = context
    self.byteLimit = byteLimit
  }

  /// The bytes that captured steps keep.
  var bytes: Int { captured.values.reduce(0) { $0 + ($1.plan?.bytes ?? 0) } }

  func run(
    _ batch: TokenBatch, _ layout: BatchLayout, isCancelled: () -> Bool, forward: (Step) throws -> Tensor
  ) throws -> Logits {
    let ranges = batch.logitRanges
    let key = Key(rows: layout.rows, logits: ranges.last?.upperBound ?? 0)
    let known = captured[key]
    let step =
      known ?? Step(rows: key.rows, logitCount: key.logits, captures: key.rows <= Self.capturedRows)
    step.load(batch)
    try step.box.begin(layout)
    defer { step.box.abandon() }
    let logits: Tensor
    if let plan = known?.plan, let values = known?.logits {
      guard plan.replay(unless: isCancelled) else { throw CancellationError() }
      logits = values
    } else {
      logits = try withoutActuallyEscaping(isCancelled) { isCancelled in
        step.isCancelled = isCancelled
        defer { step.isCancelled = { false } }
        guard let plan = step.plan else { return try forward(step) }
        return try plan.capture(in: context) { try forward(step) }
      }
      if let plan = step.plan {
        step.logits = logits
        if bytes + plan.bytes > byteLimit { captured = [:] }
        captured[key] = step
      }
    }
    step.box.commit()
    return Logits(values: logits, rows: ranges)
  }
}
