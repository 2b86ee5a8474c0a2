import CVenturi
import Costs
import NumericTypes

/// The gated feed-forward layers of a number of experts, packed for the kernels.
public struct PackedExperts: Sendable {
  /// Expert by expert, [hidden, width].
  public let gate: PackedMatrices
  /// Expert by expert, [hidden, width].
  public let up: PackedMatrices
  /// Expert by expert, [width, hidden].
  public let down: PackedMatrices

  /// Experts from their matrices.
  ///
  /// - Precondition: gate and up have one shape, down takes their output and gives their input's width.
  public init(gate: PackedMatrices, up: PackedMatrices, down: PackedMatrices) {
    precondition(
      gate.count == up.count && gate.count == down.count && gate.outFeatures == up.outFeatures
        && gate.inFeatures == up.inFeatures && down.inFeatures == gate.outFeatures
        && down.outFeatures == gate.inFeatures,
      "gate \(gate.outFeatures)×\(gate.inFeatures), up \(up.outFeatures)×\(up.inFeatures), "
        + "down \(down.outFeatures)×\(down.inFeatures)")
    self.gate = gate
    self.up = up
    self.down = down
  }

  /// The number of experts.
  public var count: Int { gate.count }
}

extension Context {
  /// y += Σ_j weights[r, j] · expert(x[r]), where the j-th expert of row r is chosen[r, j]: rows are sorted by expert, each
  /// expert's matrices meet all its rows at once, and a row's results are added in the order in which they were chosen.
  ///
  /// A row's result does not depend on the others. Of the weights only those of chosen experts are read.
  ///
  /// - Precondition: x and y [rows, width] and weights [rows, k] are contiguous f32, chosen [rows, k] is contiguous i32
  ///   and holds numbers of experts.
  public func addExperts(
    _ x: Tensor, chosen: Tensor, weights: Tensor, _ experts: PackedExperts, function: GateFunction = .silu,
    precision: LinearPrecision = .bytes, downPrecision: LinearPrecision? = nil, to y: Tensor
  ) {
    let (rows, width, hidden) = (x.shape[0], experts.gate.inFeatures, experts.gate.outFeatures)
    precondition(
      x.shape == [rows, width] && y.shape == x.shape && x.isContiguous && y.isContiguous && x.dtype == .f32
        && y.dtype == .f32, "experts of width \(width) between \(x.shape) and \(y.shape)")
    precondition(
      chosen.shape.rank == 2 && chosen.shape[0] == rows && weights.shape == chosen.shape && chosen.dtype == .i32
        && weights.dtype == .f32 && chosen.isContiguous && weights.isContiguous,
      "choices \(chosen.shape) \(chosen.dtype) with weights \(weights.shape)")
    let used = chosen.shape[1]
    let slots = rows * used
    if slots == 0 { return }
    let sorting = ExpertSorting(chosen, experts: experts.count, self)
    let gathered = rows == 1 ? nil : gather(x, sorting, slots: slots)
    if rows == 1 { perform(.gather, cost: OperatorCost(OperationCost())) { sorting.run() } }
    let inner = empty([slots, hidden])
    let input = GroupedRows(
      base: (gathered ?? x).pointer(as: Float.self), rowStride: width, groupStride: rows == 1 ? 0 : width)
    groupedLinear(
      sorting.groups, input, tiles: (rows: rows == 1 ? 1 : slots, groupStride: rows == 1 ? 0 : 1),
      isShared: rows == 1, [(experts.gate, .gate, function), (experts.up, .store, nil)],
      to: GroupedRows(base: inner.pointer(as: Float.self), rowStride: hidden, groupStride: hidden),
      precision: precision)
    let outputs = empty([slots, width])
    groupedLinear(
      sorting.groups,
      GroupedRows(base: inner.pointer(as: Float.self), rowStride: hidden, groupStride: hidden),
      tiles: (rows: slots, groupStride: 1), [(experts.down, .store, nil)],
      to: GroupedRows(base: outputs.pointer(as: Float.self), rowStride: width, groupStride: width),
      precision: downPrecision ?? precision)
    let (from, factors, places) = (
      outputs.pointer(as: Float.self), weights.pointer(as: Float.self), sorting.places
    )
    let target = y.pointer(as: Float.self)
    let values = Double(slots * width)
    let cost = OperatorCost(flops: 2 * values, bytesRead: 4 * values, bytesWritten: 4 * Double(rows * width))
    withExtendedLifetime((gathered, inner, outputs, sorting, weights, chosen)) {
      let workers = workers
      let job = WorkerJob { row, _ in
        let result = target + row * width
        for slot in row * used..<(row + 1) * used {
          let (source, factor) = (from + Int(places[slot]) * width, factors[slot])
          for column in 0..<width { result[column] += factor * source[column] }
        }
      }
      perform(.scatter, cost: cost) { workers.run(rows, job) }
    }
  }

  /// The rows of x in the order of their experts, each as often as it has been given to one.
  private func gather(_ x: Tensor, _ sorting: ExpertSorting, slots: Int) -> Tensor {
    let width = x.shape[1]
    let result = empty([slots, width])
    let (source, target, rows) = (x.pointer(as: Float.self), result.pointer(as: Float.self), sorting.sources)
    let workers = workers
    let job = WorkerJob { item, _ in
      for place in item * 8..<min(slots, item * 8 + 8) {
        (target + place * width).update(from: source + Int(rows[place]) * width, count: width)
      }
    }
    let bytes = 4 * Double(slots * width)
    perform(.gather, cost: OperatorCost(bytesRead: bytes, bytesWritten: bytes)) {
      sorting.run()
      workers.run((slots + 7) / 8, job)
    }
    return result
  }

  /// The blocks of memory that ``addExperts(_:chosen:weights:_:function:precision:downPrecision:to:)`` has at once, for
  /// experts of the given types.
  package static func expertBlocks(
    rows: Int, used: Int, experts: Int, width: Int, hidden: Int, types: (gate: DType, up: DType, down: DType),
    precision: LinearPrecision, downPrecision: LinearPrecision, threads: Int
  ) -> [Int] {
    let slots = rows.multipliedClamped(by: used)
    func input(_ type: DType, _ features: Int, _ rows: Int, _ precision: LinearPrecision) -> Int {
      PackedMatrix.inputBytes(type, inFeatures: features, rows: rows, precision: precision)
    }
    func scratch(_ type: DType, _ features: Int, _ precision: LinearPrecision) -> Int {
      threads.multipliedClamped(by: PackedMatrix.scratchBytes(type, inFeatures: features, precision: precision))
    }
    let groups = min(experts, slots)
    let first = rows == 1 ? 1 : slots
    let inputs = Set([types.gate, types.up]).map { input($0, width, first, precision) }
    return [
      4 * ProductGroups.words(groups), 4 * ExpertSorting.words(slots: slots, experts: experts),
      rows == 1 ? 0 : slots.multipliedClamped(by: 4 * width), slots.multipliedClamped(by: 4 * hidden),
      slots.multipliedClamped(by: 4 * width), input(types.down, hidden, slots, downPrecision),
      max(scratch(types.gate, width, precision), scratch(types.up, width, precision)),
      scratch(types.down, hidden, downPrecision),
    ] + inputs
  }
}

/// Sorts the choices of a batch's rows by expert, in the order of the rows.
private struct ExpertSorting {
  let groups: ProductGroups
  /// Where each choice's result lies.
  let places: UnsafeMutablePointer<Int32>
  /// The row that each place is given.
  let sources: UnsafeMutablePointer<Int32>
  private let counts: UnsafeMutablePointer<Int32>
  private let chosen: UnsafePointer<Int32>
  private let slots: Int
  private let used: Int
  private let experts: Int
  private let table: Tensor

  init(_ chosen: Tensor, experts: Int, _ context: Context) {
    slots = chosen.shape.count
    used = chosen.shape[1]
    self.experts = experts
    self.chosen = UnsafePointer(chosen.pointer(as: Int32.self))
    table = context.empty([Self.words(slots: slots, experts: experts)], .i32)
    places = table.pointer(as: Int32.self)
    sources = places + slots
    counts = sources + slots
    groups = ProductGroups(capacity: min(experts, slots), context)
  }

  static func words(slots: Int, experts: Int) -> Int { 2 * slots + experts + 1 }

  func run() {
    counts.update(repeating: 0, count: experts + 1)
    for slot in 0..<slots { counts[Int(chosen[slot]) + 1] += 1 }
    var count = 0
    for expert in 0..<experts {
      let rows = counts[expert + 1]
      if rows > 0 {
        groups.groups[count] = ProductGroups.Group(
          matrix: Int32(expert), rows: rows, first: counts[expert], item: 0)
        count += 1
      }
      counts[expert + 1] += counts[expert]
    }
    groups.count.pointee = Int32(count)
    for slot in 0..<slots {
      let expert = Int(chosen[slot])
      let place = counts[expert]
      places[slot] = place
      sources[Int(place)] = Int32(slot / used)
      counts[expert] = place + 1
    }
  }
}
