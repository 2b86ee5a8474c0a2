import NumericTypes

/// One recorded step of a ``Tape``: where a tracked tensor came from and how a gradient gets back from there.
package final class TapeNode {
  /// How the gradient of a step goes back.
  enum Step {
    /// A tensor that a gradient is asked for.
    case parameter
    /// An operator.
    case operation((BackwardCall) -> [Tensor?])
    /// A segment whose operators are recorded only when the gradient comes by.
    case segment(CheckpointedSegment)
    /// One output of a segment.
    case segmentOutput(CheckpointedSegment, Int)
    /// A step whose gradient has gone back, or whose tape has ended.
    case done
  }

  /// The tape.
  let tape: Tape
  /// The position on the tape.
  let index: Int
  /// The steps that made the inputs; nothing for constants.
  private(set) var inputs: [TapeNode?]
  /// The shapes of the inputs, which their gradients have.
  let inputShapes: [Shape]
  /// The type of the result.
  let dtype: DType
  /// Where the operator stands in the model, while operators are timed.
  let scope: OperatorScope?
  /// The result, where the way back needs it.
  private(set) var output: Tensor?
  private(set) var step: Step
  /// Whether the backward pass that runs needs this step's gradient.
  var isNeeded = false
  /// The gradient summed so far, and whether its buffer is the tape's own.
  private(set) var sum: Tensor?
  private var sumIsOwn = false

  init(
    _ tape: Tape, _ index: Int, inputs: [TapeNode?], inputShapes: [Shape] = [], dtype: DType, output: Tensor? = nil,
    scope: OperatorScope? = nil, _ step: Step
  ) {
    self.tape = tape
    self.index = index
    self.inputs = inputs
    self.inputShapes = inputShapes
    self.dtype = dtype
    self.output = output
    self.scope = scope
    self.step = step
  }

  /// Adds a gradient that has come back; in place where the buffer is the tape's own and the sum is not itself recorded.
  func add(_ gradient: Tensor, _ context: Context) {
    guard let sum else { return self.sum = gradient }
    if sumIsOwn, !tape.isRecording, sum.dtype == .f32, gradient.isContiguous {
      context.accumulate(gradient, into: sum)
    } else {
      self.sum = context.add(sum, gradient)
      sumIsOwn = true
    }
  }

  /// The summed gradient, which is then forgotten here.
  func takeSum() -> Tensor? {
    defer {
      sum = nil
      sumIsOwn = false
    }
    return sum
  }

  /// Gives back what the step holds.
  func finish() {
    step = .done
    inputs = []
    output = nil
    sum = nil
  }

  /// Whether the step's gradient has gone back already.
  var isDone: Bool { if case .done = step { true } else { false } }
}
