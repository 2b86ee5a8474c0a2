import CVenturi
import Costs
import NumericTypes

/// A recurrence in f32 as one operator: for each step the workers take a run of units each, multiply for its gates and go
/// through their functions.
struct FusedRecurrence {
  /// The states: h before each step and after the last, then c after the last.
  let packed: Tensor
  private let parts: [Tensor]
  /// The gates after their functions [N, B, gates · H].
  private let gates: Tensor
  /// c before each step and after the last [N + 1, B, H]; for a gated unit h Wₕᵀ + bₕ of its last gate, [N, B, H].
  private let inner: Tensor

  init(_ recurrence: Recurrence, _ parts: [Tensor], _ context: Context) {
    let r = recurrence
    let (steps, batch, units) = (r.steps, r.batch, r.units)
    self.parts = parts
    let inward = context.matmul(parts[0].reshaped([steps * batch, r.inputs]), parts[1].transposed())
    gates = inward.reshaped([steps, batch, r.gates * units])
    packed = context.empty([r.rows, batch, units])
    inner = context.empty([r.cell == .lstm ? steps + 1 : steps, batch, units])
    withExtendedLifetime(self) {
      let panels = context.empty([r.gates * RecurrentSteps.panels(units) * units * 16])
      let work = RecurrentSteps(
        r, context, panels: panels.pointer(as: Float.self), gates: gates.pointer(as: Float.self),
        packed: packed.pointer(as: Float.self), inner: inner.pointer(as: Float.self),
        inputBias: r.inputBias.map { UnsafePointer(parts[$0].pointer(as: Float.self)) },
        hiddenBias: r.hiddenBias.map { UnsafePointer(parts[$0].pointer(as: Float.self)) })
      let weight = UnsafePointer(parts[2].pointer(as: Float.self))
      let (h, c) = (
        r.hidden.map { UnsafePointer(parts[$0].pointer(as: Float.self)) },
        r.memory.map { UnsafePointer(parts[$0].pointer(as: Float.self)) }
      )
      let workers = context.workers
      let pack = WorkerJob { item, _ in work.packForward(weight, item) }
      let cost = Context.matmulCost(m: steps * batch, n: r.gates * units, k: units)
      let clock = RecurrentClock()
      let step = WorkerJob { item, _ in work.forward(clock.step, item) }
      withExtendedLifetime(panels) {
        context.perform(.recurrence, cost: OperatorCost(cost)) {
          workers.run(r.gates * RecurrentSteps.panels(units), pack)
          work.begin(h, c)
          for now in 0..<steps {
            clock.step = now
            workers.run(work.items, step)
          }
          work.end()
        }
      }
    }
  }

  /// The gradients of the parts, for that of the states.
  func gradients(_ call: BackwardCall, _ recurrence: Recurrence) -> [Tensor?] {
    let (r, context) = (recurrence, call.context)
    let (steps, batch, units) = (r.steps, r.batch, r.units)
    let gradient = context.contiguous(call.gradient)
    let width = r.gates * units
    // The gradients before the gates' functions, of x Wᵢᵀ; a gated unit has others of h Wₕᵀ.
    let slopes = context.empty([steps, batch, width])
    let hiddenSlopes = r.cell == .lstm ? slopes : context.empty([steps, batch, width])
    let carried = context.empty([2, batch, units])
    withExtendedLifetime((self, gradient, carried)) {
      let panels = context.empty([RecurrentSteps.panels(units) * width * 16])
      var work = RecurrentSteps(
        r, context, panels: panels.pointer(as: Float.self), gates: gates.pointer(as: Float.self),
        packed: packed.pointer(as: Float.self), inner: inner.pointer(as: Float.self))
      work.gradient = UnsafePointer(gradient.pointer(as: Float.self))
      work.slopes = slopes.pointer(as: Float.self)
      work.hiddenSlopes = hiddenSlopes.pointer(as: Float.self)
      work.carried = carried.pointer(as: Float.self)
      let weight = UnsafePointer(parts[2].pointer(as: Float.self))
      let (workers, clock) = (context.workers, RecurrentClock())
      let pack = WorkerJob { [work] item, _ in work.packBackward(weight, item) }
      let step = WorkerJob { [work] item, _ in work.backward(clock.step, item) }
      let cost = Context.matmulCost(m: steps * batch, n: units, k: width)
      withExtendedLifetime(panels) {
        context.perform(.recurrence, cost: OperatorCost(cost)) { [work] in
          workers.run(RecurrentSteps.panels(units), pack)
          work.beginBackward()
          for now in (-1..<steps).reversed() {
            clock.step = now
            workers.run(work.items, step)
          }
        }
      }
    }
    var found = [Tensor?](repeating: nil, count: parts.count)
    let flat = slopes.reshaped([steps * batch, width])
    let hiddenFlat = hiddenSlopes.reshaped([steps * batch, width])
    if call.wants(0) { found[0] = context.matmul(flat, parts[1]).reshaped(parts[0].shape) }
    if call.wants(1) {
      let x = parts[0].reshaped([steps * batch, r.inputs])
      found[1] = context.matmul(x.transposed(), flat).transposed()
    }
    if call.wants(2) {
      let before = packed.sliced(axis: 0, 0..<steps).reshaped([steps * batch, units])
      found[2] = context.matmul(before.transposed(), hiddenFlat).transposed()
    }
    if let bias = r.inputBias, call.wants(bias) { found[bias] = context.sum(flat, to: [width]) }
    if let bias = r.hiddenBias, call.wants(bias) { found[bias] = context.sum(hiddenFlat, to: [width]) }
    if let hidden = r.hidden { found[hidden] = carried.sliced(axis: 0, 0..<1).reshaped([batch, units]) }
    if let memory = r.memory { found[memory] = carried.sliced(axis: 0, 1..<2).reshaped([batch, units]) }
    return found
  }
}

/// The step that a job is at, which its closure reads.
private final class RecurrentClock: @unchecked Sendable {
  var step = 0
}
