import CVenturi
import Costs
import Profiling
import Tensors
import Training

extension RuntimeDissectionExperiment {
  /// The grids, level by level.
  ///
  /// - Throws: what training throws; `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let begin = vt_monotonic_seconds()
    try conditions.next("the machine's limits")
    let ceilings = try Ceilings.measure(
      context: Context(threads: conditions.threads), repeats: conditions.quick ? 5 : 9)
    var measures: [Measure] = []
    var measured: [(name: String, cells: [DissectedCell])] = []
    for one in try Self.cases(conditions) {
      let cells = try Self.grid(one, ceilings, conditions)
      measured.append((one.name, cells))
      measures += try Self.additivity(one.name, cells)
      measures += Self.directions(one, cells)
      if measured.count == 1 { measures.append(try Self.shares(one, cells, conditions)) }
    }
    if measured.count < 2 {
      measures.append(
        Measure("the grid on SmolLM2-135M", unit: "", ours: nil, absent: "`venturi pull smollm2` fetches it"))
    }
    try conditions.next("predictions")
    measures += try Self.planned(measured, ceilings)
    let minutes = (vt_monotonic_seconds() - begin) / 60
    measures.append(
      Measure(
        "all grids, this machine's limits among it", unit: "minutes", ours: Summary([minutes]),
        target: .atMost(20, .ours)))
    return measures
  }

  /// The cells of both modes, and what was seen of them kept.
  private static func grid(_ one: Case, _ ceilings: Ceilings, _ conditions: RunConditions) throws -> [DissectedCell] {
    var cells: [DissectedCell] = []
    for (mode, grid) in [(DissectionMode.train, training), (.finetune, tuning)] {
      let dissection = Dissection(one.subject, mode: mode, rows: one.rows, length: one.length, steps: one.steps)
      let result = try dissection.run(
        DissectionCell.grid(parsing: grid), threads: conditions.threads, ceilings: ceilings,
        isCancelled: conditions.isCancelled, report: { conditions.report("\(one.name): \($0)") })
      try conditions.keep("dissection-\(one.name)-\(mode.rawValue).json", result.json)
      cells += result.cells
    }
    return cells
  }

  private static func exact(_ value: Double) -> Summary? { Summary([value]) }

  /// What parts make of wholes.
  private static func additivity(_ name: String, _ cells: [DissectedCell]) throws -> [Measure] {
    let steps = cells.map { 100 * abs($0.accounted - 1) }
    let products = cells.filter { $0.cell.name == "F" }.flatMap(\.productShares).map {
      100 * abs($0.alone / $0.inStep - 1)
    }
    let planned = try cells.map { cell in
      let memory = try prediction(of: cell).memory
      return 100 * abs(memory.peak / Double(cell.memory.peak) - 1)
    }
    let resident = cells.compactMap { cell in
      cell.memory.resident.map { 100 * abs(Double(cell.memory.peak) / Double(max(1, $0)) - 1) }
    }
    let overhead = cells.map { 100 * ($0.timedStep / $0.step.median - 1) }
    return [
      Measure(
        "\(name): modules and idle time beside an untimed step, over the cells", unit: "% off", ours: Summary(steps),
        target: .atMost(5, .ours)),
      Measure(
        "\(name): products alone, times their runs, beside their modules in F", unit: "% off", ours: Summary(products),
        target: .atMost(10, .ours)),
      Measure(
        "\(name): peak of memory by formulas, before the run, over the cells", unit: "% off", ours: Summary(planned),
        target: .atMost(5, .ours)),
      Measure(
        "\(name): peak of memory beside what the process grew by, over the cells", unit: "% off",
        ours: Summary(resident),
        target: .atMost(10, .ours), absent: resident.isEmpty ? "the system does not tell what is resident" : nil),
      Measure(
        "\(name): what timing operators adds to a step, over the cells", unit: "%", ours: Summary(overhead),
        target: .atMost(1, .ours)),
    ]
  }

  private static func directions(_ one: Case, _ cells: [DissectedCell]) -> [Measure] {
    func cell(_ name: String) -> DissectedCell? { cells.first { $0.cell.name == name } }
    func measure(
      _ name: String, _ unit: String, _ ours: DissectedCell?, _ other: DissectedCell?, _ target: Measure.Target?,
      _ value: (DissectedCell) -> Double
    ) -> Measure {
      guard let ours, let other else {
        return Measure("\(one.name): \(name)", unit: unit, ours: nil, absent: "not run")
      }
      let (first, second) = (value(ours), value(other))
      return Measure(
        "\(one.name), \(one.rows) × \(one.length): \(name)", unit: unit, ours: exact(first), peer: exact(second),
        peerName: other.cell.name, ratio: RatioEstimate(ours: [first], theirs: [second]), target: target)
    }
    let (plain, fused, again, both, disk) = (cell("N"), cell("F"), cell("R"), cell("F+R"), cell("O"))
    let (low, packed) = (cell("F+L"), cell("F+QL"))
    func step(_ cell: DissectedCell) -> Double { 1e3 * cell.step.median }
    func activations(_ cell: DissectedCell) -> Double { Double(cell.memory.activations) / 1e6 }
    var measures = [
      measure("activations, R", "MB", again, plain, .atLeast(2), activations),
      measure("activations, F", "MB", fused, plain, one.length >= 1024 ? .atLeast(1) : nil, activations),
      measure("step, F", "ms", fused, plain, one.length >= 1024 ? .atLeast(1) : nil, step),
      measure("step, O", "ms", disk, plain, nil, step),
      measure("step, F+L beside full training", "ms", low, fused, .atLeast(1.2), step),
      measure("optimizer's state, F+L beside full training", "MB", low, fused, .atLeast(20)) {
        Double($0.memory.optimizer) / 1e6
      },
      measure("weights, F+QL", "MB", packed, low, .atLeast(3.5)) { Double($0.memory.weights) / 1e6 },
      measure("step, F+QL", "ms", packed, low, nil, step), measure("step, F+R", "ms", both, fused, nil, step),
    ]
    if let plain, let again, let disk {
      let more = 100 * (again.step.median / plain.step.median - 1)
      measures += [
        Measure("\(one.name): time that R adds", unit: "%", ours: exact(more), target: .atLeast(15, .ours)),
        Measure("\(one.name): time that R adds, at most", unit: "%", ours: exact(more), target: .atMost(40, .ours)),
        Measure(
          "\(one.name): time that O adds", unit: "%", ours: exact(100 * (disk.step.median / plain.step.median - 1)),
          target: .atLeast(0, .ours)),
      ]
    }
    if let plain {
      let layers = plain.modules.filter { $0.phase != .optimizer && $0.name != "head" && $0.name != "embedding" }
      let products = plain.modules.reduce(0) { $0 + $1.productSeconds }
      measures += [
        Measure(
          "\(one.name): decoder layers' part of forward and backward, N", unit: "%",
          ours: exact(100 * layers.reduce(0) { $0 + $1.seconds } / (plain.forward + plain.backward))),
        Measure(
          "\(one.name): products' and attention's part of a step, N", unit: "%",
          ours: exact(100 * products / plain.timedStep)),
      ]
    }
    return measures
  }
}
