import CVenturi
import Numerics

extension Context {
  /// silu(gate) · up, element by element; of one shape, f32, contiguous, with rows of a multiple of 8.
  public func siluGate(_ gate: Tensor, _ up: Tensor) -> Tensor {
    precondition(gate.shape == up.shape && gate.isContiguous && up.isContiguous, "gate \(gate.shape), up \(up.shape)")
    precondition(gate.shape.last.isMultiple(of: 8), "gate rows of \(gate.shape.last)")
    let y = empty(gate.shape)
    let width = gate.shape.last
    let (g, u, target) = (gate.pointer(as: Float.self), up.pointer(as: Float.self), y.pointer(as: Float.self))
    let rows = gate.shape.rows
    let kernels = linearKernels
    let workers = workers
    let job = WorkerJob { row, _ in
      kernels.pointee.silu_gate(1, Int32(width), g + row * width, u + row * width, target + row * width, 0)
    }
    perform(.siluGate, cost: OperatorCost(Self.elementwiseCost(gate.shape, .f32, operands: 2))) {
      workers.run(rows, job)
    }
    return y
  }
}
