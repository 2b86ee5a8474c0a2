import CVenturi
import Costs
import NumericTypes

/// What computation needs: workers, memory and kernels. It is passed, never global, so that sessions and tests live side
/// by side in one process.
///
/// One context runs one operator at a time; concurrent callers are safe and take turns on the workers.
public final class Context: @unchecked Sendable {
  /// The threads.
  public let workers: Workers
  /// Where storage comes from.
  public let allocator: Allocator
  /// The compiled kernels in use.
  public let kernelSet: KernelSet
  /// Whether operators take their memory and compute nothing: how much a computation needs is known before it begins.
  public let isRehearsal: Bool
  /// Where weights are packed to.
  let weights: WeightArena
  let linearKernels: UnsafePointer<vt_linear_kernels>
  let gemmKernels: UnsafePointer<vt_gemm_kernels>
  /// The plan that operators are being recorded into, if any. Set by ``Plan/capture(in:_:)`` on the thread that captures.
  public internal(set) var capturing: Plan?
  /// What times operators, if anything does. Set by ``recording(into:_:)`` on the thread that runs them.
  public internal(set) var recorder: OperatorRecorder?
  /// What is shown the inputs of products with packed matrices, if anything is. Set by ``observing(with:_:)`` on the thread
  /// that runs them.
  var linearObserver: (any LinearObserver)?
  /// What operators on tracked tensors are recorded on, while a gradient is asked for.
  public internal(set) var tape: Tape?
  /// Where the operators that come next stand in the model; kept only while a plan is captured or operators are timed.
  public internal(set) var scope = OperatorScope()

  /// A context with its own worker pool of `threads` threads (one for each processor by default).
  public convenience init(threads: Int? = nil, kernels: KernelSet = .preferred, allocator: Allocator = Allocator()) {
    self.init(threads: threads, kernels: kernels, allocator: allocator, isRehearsal: false)
  }

  /// A context in which a computation for `threads` threads is gone through without being done: its ``allocator`` counts what
  /// would be taken, of memory that is not there. Numbers in tensors are anything, those in small ones 0 at first.
  public static func rehearsal(threads: Int? = nil, kernels: KernelSet = .preferred) -> Context {
    Context(threads: threads, kernels: kernels, allocator: Allocator(imagining: ()), isRehearsal: true)
  }

  private init(threads: Int?, kernels: KernelSet, allocator: Allocator, isRehearsal: Bool) {
    workers = Workers(count: threads)
    kernelSet = kernels.isSupported ? kernels : .reference
    linearKernels = vt_linear_kernels_for(kernelSet.isa)
    gemmKernels = vt_gemm_kernels_for(kernelSet.isa)
    self.allocator = allocator
    self.isRehearsal = isRehearsal
    weights = WeightArena(allocator: allocator)
  }

  /// Where operators take what they keep from run to run: the plan that is being captured, so that it goes with the plan.
  public var workAllocator: Allocator { capturing?.workspace ?? allocator }

  /// A fresh row-major tensor, its content undefined.
  ///
  /// - Precondition: memory is to be had; sizes that come from outside are checked before they get here.
  public func empty(_ shape: Shape, _ dtype: DType = .f32) -> Tensor {
    do {
      let storage = try Storage(byteCount: dtype.byteCount(of: shape.count), allocator: capturing?.arena ?? allocator)
      return Tensor(unchecked: storage, dtype, shape, shape.rowMajorStrides, 0)
    } catch { preconditionFailure("no tensor of \(shape) \(dtype.displayName): \(error)") }
  }

  /// Runs an operator now and, while a plan is being captured, records it for replay.
  ///
  /// `operation` holds addresses, not tensors: while a plan is captured, a tensor that goes out of use gives its part of
  /// the plan's arena to the next one, and replaying in the same order keeps that sound. Weights outlive plans.
  ///
  /// - Parameters:
  ///   - kind: what the operator does.
  ///   - arithmetic: the operations of each precision that one of the cost's takes; one of f32 by default.
  ///   - cost: what a run costs with the batch in force; asked for after a timed run.
  ///   - operation: the work, all of it.
  public func perform(
    _ kind: OperatorKind, arithmetic: @autoclosure () -> [Precision: Double] = [.f32: 1],
    cost: @autoclosure @escaping () -> OperatorCost, _ operation: @escaping () -> Void
  ) {
    if isRehearsal { return }
    if capturing == nil, recorder == nil { return operation() }
    let label = Operator(kind, scope, arithmetic(), cost: cost)
    if let recorder { recorder.time(label, operation) } else { operation() }
    capturing?.append(label, operation)
  }
}
