import CVenturi

/// The steps of a ``FusedRecurrence`` over addresses. An item is a run of units; what it writes no other item reads in the same
/// step.
struct RecurrentSteps {
  /// Units of an item, in panels of 16.
  private static let itemPanels = 4

  private let cell: Recurrence.Cell
  private let steps: Int
  private let batch: Int
  private let units: Int
  private let count: Int
  private let kernels: UnsafePointer<vt_gemm_kernels>
  private let functions: UnsafePointer<vt_elementwise_kernels>
  /// Wₕ, laid out for the way that is gone.
  private let panels: UnsafeMutablePointer<Float>
  private let gates: UnsafeMutablePointer<Float>
  private let packed: UnsafeMutablePointer<Float>
  private let inner: UnsafeMutablePointer<Float>
  private let inputBias: UnsafePointer<Float>?
  private let hiddenBias: UnsafePointer<Float>?
  /// What the way back reads and writes: the gradient of the states; those of x Wᵢᵀ and of h Wₕᵀ; and those of h and c that
  /// go on to the step before.
  var gradient: UnsafePointer<Float>?
  var slopes: UnsafeMutablePointer<Float>?
  var hiddenSlopes: UnsafeMutablePointer<Float>?
  var carried: UnsafeMutablePointer<Float>?

  init(
    _ recurrence: Recurrence, _ context: Context, panels: UnsafeMutablePointer<Float>,
    gates: UnsafeMutablePointer<Float>, packed: UnsafeMutablePointer<Float>, inner: UnsafeMutablePointer<Float>,
    inputBias: UnsafePointer<Float>? = nil, hiddenBias: UnsafePointer<Float>? = nil
  ) {
    (cell, steps, batch) = (recurrence.cell, recurrence.steps, recurrence.batch)
    (units, count) = (recurrence.units, recurrence.gates)
    (kernels, functions) = (context.gemmKernels, context.elementwiseKernels)
    (self.panels, self.gates, self.packed, self.inner) = (panels, gates, packed, inner)
    (self.inputBias, self.hiddenBias) = (inputBias, hiddenBias)
  }

  static func panels(_ units: Int) -> Int { (units + 15) / 16 }

  /// The items of a step.
  var items: Int { (Self.panels(units) + Self.itemPanels - 1) / Self.itemPanels }

  private var state: Int { batch * units }
  private var width: Int { count * units }

  /// One panel of one gate, [H][16].
  func packForward(_ weight: UnsafePointer<Float>, _ item: Int) {
    let (gate, panel) = item.quotientAndRemainder(dividingBy: Self.panels(units))
    kernels.pointee.pack_transposed_f32(
      Int32(min(16, units - 16 * panel)), Int32(units), weight + (gate * units + 16 * panel) * units, Int64(units),
      panels + item * units * 16)
  }

  /// One panel of units over all gates, [gates · H][16].
  func packBackward(_ weight: UnsafePointer<Float>, _ item: Int) {
    kernels.pointee.pack_f32(
      Int32(min(16, units - 16 * item)), Int32(width), weight + 16 * item, Int64(units), panels + item * width * 16)
  }

  func begin(_ h: UnsafePointer<Float>?, _ c: UnsafePointer<Float>?) {
    if let h { packed.update(from: h, count: state) } else { packed.update(repeating: 0, count: state) }
    if cell != .lstm { return }
    if let c { inner.update(from: c, count: state) } else { inner.update(repeating: 0, count: state) }
  }

  func end() {
    if cell == .lstm { (packed + (steps + 1) * state).update(from: inner + steps * state, count: state) }
  }

  /// The units of an item: the first panel, the first unit and how many.
  private func run(_ item: Int) -> (panel: Int, first: Int, count: Int) {
    let panel = item * Self.itemPanels
    return (panel, 16 * panel, min(16 * Self.itemPanels, units - 16 * panel))
  }

  private func apply(_ op: vt_unary_op, _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    functions.pointee.unary_f32(op, Int64(count), x, y)
  }

  func forward(_ step: Int, _ item: Int) {
    let (panel, first, some) = run(item)
    let before = packed + step * state
    let now = gates + step * batch * width
    for gate in 0..<count {
      // The last gate of a gated unit is multiplied before it is added.
      let isApart = cell == .gru && gate == 2
      kernels.pointee.block_f32(
        Int32(batch), Int32(units), before, Int64(units), panels + (gate * Self.panels(units) + panel) * units * 16,
        Int64(units * 16), isApart ? inner + step * state + first : now + gate * units + first,
        Int64(isApart ? units : width), Int32(some), isApart ? 0 : 1)
    }
    for row in 0..<batch {
      let x = now + row * width + first
      for gate in 0..<count {
        let gated = x + gate * units
        if let inputBias { for i in 0..<some { gated[i] += inputBias[gate * units + first + i] } }
        guard let hiddenBias else { continue }
        let target = cell == .gru && gate == 2 ? inner + step * state + row * units + first : gated
        for i in 0..<some { target[i] += hiddenBias[gate * units + first + i] }
      }
      let (last, next) = (before + row * units + first, before + state + row * units + first)
      switch cell {
      case .lstm:
        let (i, f, g, o) = (x, x + units, x + 2 * units, x + 3 * units)
        apply(VT_OP_SIGMOID, some, i, i)
        apply(VT_OP_SIGMOID, some, f, f)
        apply(VT_OP_TANH, some, g, g)
        apply(VT_OP_SIGMOID, some, o, o)
        let c = inner + step * state + row * units + first
        let new = c + state
        for u in 0..<some { new[u] = f[u] * c[u] + i[u] * g[u] }
        apply(VT_OP_TANH, some, new, next)
        for u in 0..<some { next[u] *= o[u] }
      case .gru:
        let (r, z, n) = (x, x + units, x + 2 * units)
        apply(VT_OP_SIGMOID, some, r, r)
        apply(VT_OP_SIGMOID, some, z, z)
        let h = inner + step * state + row * units + first
        for u in 0..<some { n[u] += r[u] * h[u] }
        apply(VT_OP_TANH, some, n, n)
        for u in 0..<some { next[u] = n[u] + z[u] * (last[u] - n[u]) }
      }
    }
  }

  /// What goes on from behind the last step: nothing for h, of which the gradient comes step by step, and that of c.
  func beginBackward() {
    guard let carried, let gradient else { return }
    carried.update(repeating: 0, count: state)
    if cell == .lstm { (carried + state).update(from: gradient + (steps + 1) * state, count: state) }
  }

  /// The way back through a step; -1 is before the first, where only the state is.
  func backward(_ step: Int, _ item: Int) {
    guard let carried, let gradient, let slopes, let hiddenSlopes else { return }
    let (panel, first, some) = run(item)
    // What of h goes on directly, what comes with the states' gradient and, from the step behind, through its gates.
    for row in 0..<batch {
      let (h, g) = (carried + row * units + first, gradient + (step + 1) * state + row * units + first)
      if cell == .lstm { h.update(from: g, count: some) } else { for u in 0..<some { h[u] += g[u] } }
    }
    if step + 1 < steps {
      kernels.pointee.block_f32(
        Int32(batch), Int32(width), hiddenSlopes + (step + 1) * batch * width, Int64(width),
        panels + panel * width * 16, Int64(width * 16), carried + first, Int64(units), Int32(some), 1)
    }
    if step < 0 { return }
    for row in 0..<batch {
      let offset = (step * batch + row) * width + first
      let (x, dx) = (gates + offset, slopes + offset)
      let dh = carried + row * units + first
      switch cell {
      case .lstm:
        let (i, f, g, o) = (x, x + units, x + 2 * units, x + 3 * units)
        let (di, df, dg, d) = (dx, dx + units, dx + 2 * units, dx + 3 * units)
        let c = inner + step * state + row * units + first
        let dc = dh + state
        // tanh(c), in the place of a gradient that is made from it.
        apply(VT_OP_TANH, some, c + state, d)
        for u in 0..<some {
          let t = d[u]
          let all = dc[u] + dh[u] * o[u] * (1 - t * t)
          d[u] = dh[u] * t * o[u] * (1 - o[u])
          di[u] = all * g[u] * i[u] * (1 - i[u])
          dg[u] = all * i[u] * (1 - g[u] * g[u])
          df[u] = all * c[u] * f[u] * (1 - f[u])
          dc[u] = all * f[u]
        }
      case .gru:
        let dy = hiddenSlopes + offset
        let (r, z, n) = (x, x + units, x + 2 * units)
        let h = inner + step * state + row * units + first
        let last = packed + step * state + row * units + first
        for u in 0..<some {
          let slope = dh[u] * (1 - z[u]) * (1 - n[u] * n[u])
          let reset = slope * h[u] * r[u] * (1 - r[u])
          let update = dh[u] * (last[u] - n[u]) * z[u] * (1 - z[u])
          (dx[u], dx[units + u], dx[2 * units + u]) = (reset, update, slope)
          (dy[u], dy[units + u], dy[2 * units + u]) = (reset, update, slope * r[u])
          dh[u] *= z[u]
        }
      }
    }
  }
}
