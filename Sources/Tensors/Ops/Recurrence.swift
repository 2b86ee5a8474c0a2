import NumericTypes

extension Context {
  /// A long short-term memory over x [N, B, I] (Hochreiter, Schmidhuber: Long short-term memory, 1997):
  /// i, f, g, o = σ, σ, tanh, σ of x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ; c = f c + i g; h = o tanh(c).
  ///
  /// The whole sequence is one operator with a way back of its own (Werbos: Backpropagation through time, 1990): the products
  /// with x are one product for all steps, as are the gradients of the weights. In f64, and for derivatives of higher order, it
  /// is composed of operators.
  ///
  /// - Parameters:
  ///   - x: the sequences.
  ///   - inputWeight: Wᵢ [4 H, I], the rows of i, f, g, o one behind the other.
  ///   - hiddenWeight: Wₕ [4 H, H], likewise.
  ///   - inputBias: bᵢ [4 H].
  ///   - hiddenBias: bₕ [4 H].
  ///   - state: h and c before the first step, [B, H] each; zeros by default.
  /// - Returns: h of every step [N, B, H], and h and c after the last one [B, H].
  public func lstm(
    _ x: Tensor, inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor? = nil, hiddenBias: Tensor? = nil,
    state: (h: Tensor, c: Tensor)? = nil
  ) -> (output: Tensor, h: Tensor, c: Tensor) {
    let recurrence = Recurrence(
      .lstm, x, inputWeight, hiddenWeight, inputBias, hiddenBias, states: state.map { [$0.h, $0.c] } ?? [])
    let (packed, steps) = (recurrent(recurrence), recurrence.steps)
    return (packed.sliced(axis: 0, 1..<steps + 1), row(packed, steps), row(packed, steps + 1))
  }

  /// A gated recurrent unit over x [N, B, I] (Cho et al.: Learning phrase representations, 2014), with the reset after the product
  /// as PyTorch and cuDNN have it: r, z = σ(x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ), n = tanh(x Wᵢᵀ + bᵢ + r (h Wₕᵀ + bₕ)), h = (1 - z) n + z h.
  ///
  /// As ``lstm(_:inputWeight:hiddenWeight:inputBias:hiddenBias:state:)``, with the rows of r, z, n: Wᵢ [3 H, I], Wₕ [3 H, H].
  ///
  /// - Returns: h of every step [N, B, H], and h after the last one [B, H].
  public func gru(
    _ x: Tensor, inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor? = nil, hiddenBias: Tensor? = nil,
    state: Tensor? = nil
  ) -> (output: Tensor, h: Tensor) {
    let recurrence = Recurrence(
      .gru, x, inputWeight, hiddenWeight, inputBias, hiddenBias, states: state.map { [$0] } ?? [])
    let (packed, steps) = (recurrent(recurrence), recurrence.steps)
    return (packed.sliced(axis: 0, 1..<steps + 1), row(packed, steps))
  }

  private func row(_ x: Tensor, _ index: Int) -> Tensor {
    x.sliced(axis: 0, index..<index + 1).reshaped(Shape(Array(x.shape.dimensions.dropFirst())))
  }

  /// The states [.., B, H]: h before each step and after the last, then, for a cell that has one, c after the last.
  private func recurrent(_ recurrence: Recurrence) -> Tensor {
    if recurrence.dtype == .f64 { return recurrence.composed(recurrence.parts, self) }
    let parts = recurrence.parts.map { contiguous(cast($0, to: .f32)) }
    guard parts.contains(where: \.isTracked) else {
      return FusedRecurrence(recurrence, parts, self).packed
    }
    var kept: FusedRecurrence?
    return differentiable(parts) {
      let made = FusedRecurrence(recurrence, parts.map { $0.detached() }, self)
      kept = made
      return made.packed
    } backward: { call in
      guard let kept else { preconditionFailure("a recurrence without its steps") }
      if call.isRecorded {
        let context = call.context
        return context.gradient(of: parts) {
          context.sum(context.multiply(recurrence.composed($0, context), call.gradient))
        }
      }
      return kept.gradients(call, recurrence)
    }
  }
}

/// A recurrent cell over a sequence, and what it is made from.
struct Recurrence {
  enum Cell { case lstm, gru }

  let cell: Cell
  /// x, Wᵢ, Wₕ, then those of bᵢ, bₕ, h and c that there are.
  let parts: [Tensor]
  let hasInputBias: Bool
  let hasHiddenBias: Bool
  let hasState: Bool
  let dtype: DType
  /// N, B, I and H.
  let steps: Int
  let batch: Int
  let inputs: Int
  let units: Int

  init(
    _ cell: Cell, _ x: Tensor, _ inputWeight: Tensor, _ hiddenWeight: Tensor, _ inputBias: Tensor?,
    _ hiddenBias: Tensor?, states: [Tensor]
  ) {
    let biases = [inputBias, hiddenBias].compactMap { $0 }
    parts = [x, inputWeight, hiddenWeight] + biases + states
    self.cell = cell
    (hasInputBias, hasHiddenBias, hasState) = (inputBias != nil, hiddenBias != nil, !states.isEmpty)
    dtype = x.dtype
    let gates = cell == .lstm ? 4 : 3
    precondition(
      x.shape.rank == 3 && hiddenWeight.shape.rank == 2 && x.dtype.isFloatingPoint && hiddenWeight.shape[1] > 0
        && parts.allSatisfy { $0.dtype == x.dtype }
        && hiddenWeight.shape[0] == gates * hiddenWeight.shape[1]
        && inputWeight.shape == [hiddenWeight.shape[0], x.shape[2]]
        && biases.allSatisfy { $0.shape == [hiddenWeight.shape[0]] }
        && states.allSatisfy { $0.shape == [x.shape[1], hiddenWeight.shape[1]] },
      "a recurrence of \(gates) gates over \(x.dtype.displayName) \(x.shape): \(parts.dropFirst().map(\.shape))")
    (steps, batch, inputs, units) = (x.shape[0], x.shape[1], x.shape[2], hiddenWeight.shape[1])
  }

  var gates: Int { cell == .lstm ? 4 : 3 }

  /// Where the parts are in the list.
  var inputBias: Int? { hasInputBias ? 3 : nil }
  var hiddenBias: Int? { hasHiddenBias ? 3 + (hasInputBias ? 1 : 0) : nil }
  var hidden: Int? { hasState ? 3 + (hasInputBias ? 1 : 0) + (hasHiddenBias ? 1 : 0) : nil }
  var memory: Int? { hidden.flatMap { cell == .lstm ? $0 + 1 : nil } }

  /// Rows of what is given back.
  var rows: Int { steps + (cell == .lstm ? 2 : 1) }

  /// The same by operators, step by step.
  func composed(_ parts: [Tensor], _ context: Context) -> Tensor {
    var inward = context.matmul(parts[0], parts[1].transposed())
    if let bias = inputBias { inward = context.add(inward, parts[bias]) }
    let zeros = context.zeros([batch, units], dtype)
    var h = hidden.map { parts[$0] } ?? zeros
    var c = memory.map { parts[$0] } ?? zeros
    var rows = [h]
    for step in 0..<steps {
      let given = context.contiguous(inward.sliced(axis: 0, step..<step + 1)).reshaped([batch, gates * units])
      var inner = context.matmul(h, parts[2].transposed())
      if let bias = hiddenBias { inner = context.add(inner, parts[bias]) }
      func gate(_ x: Tensor, _ index: Int) -> Tensor { x.sliced(axis: 1, index * units..<(index + 1) * units) }
      switch cell {
      case .lstm:
        let sum = context.add(given, inner)
        let (i, f) = (context.sigmoid(gate(sum, 0)), context.sigmoid(gate(sum, 1)))
        let (g, o) = (context.tanh(gate(sum, 2)), context.sigmoid(gate(sum, 3)))
        c = context.add(context.multiply(f, c), context.multiply(i, g))
        h = context.multiply(o, context.tanh(c))
      case .gru:
        let r = context.sigmoid(context.add(gate(given, 0), gate(inner, 0)))
        let z = context.sigmoid(context.add(gate(given, 1), gate(inner, 1)))
        let n = context.tanh(context.add(gate(given, 2), context.multiply(r, gate(inner, 2))))
        h = context.add(n, context.multiply(z, context.subtract(h, n)))
      }
      rows.append(h)
    }
    if cell == .lstm { rows.append(c) }
    return context.concatenate(rows.map { context.contiguous($0).reshaped([1, batch, units]) }, axis: 0)
  }
}
