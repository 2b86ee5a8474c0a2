import Costs
import Planner
import Profiling
import Tensors
import Training

extension RuntimeDissectionExperiment {
  /// The model and the memory of a cell as the Planner has them.
  static func prediction(
    of cell: DissectedCell
  ) throws(PlannerError) -> (shape: TransformerShape, memory: DissectionMemory) {
    let sizes = cell.sizes
    let shape = try TransformerShape(
      name: "dissected", layers: sizes.layers, width: sizes.width, heads: sizes.heads, kvHeads: sizes.kvHeads,
      headDim: sizes.width / sizes.heads, feedForward: sizes.hidden, gated: true, vocabulary: sizes.vocabulary,
      tied: true, biased: false, positions: .rotary)
    return (shape, try DissectionMemory(shape, cell.cell, sequences: cell.rows, tokens: cell.length))
  }

  /// What operators of the first model were seen to take: products alone, and rates of the rest.
  static func fitted(_ cells: [DissectedCell]) throws(PlannerError) -> DissectionTimes {
    func cell(_ name: String) -> DissectedCell? { cells.first { $0.cell.name == name } }
    let products = cells.flatMap(\.products).map {
      DissectionTimes.Product(m: $0.m, n: $0.n, k: $0.k, batch: $0.batch, seconds: $0.alone)
    }
    let fused = cell("F")?.recorded.last?.operators ?? []
    func sums(
      _ operators: [DissectedOperator], _ cost: (OperationCost) -> Double, where holds: (DissectedOperator) -> Bool
    ) -> Double {
      var (work, seconds) = (0.0, 0.0)
      for one in operators where holds(one) {
        work += cost(one.cost)
        seconds += one.seconds
      }
      return seconds > 0 ? work / seconds : .infinity
    }
    let attention: Set<OperatorKind> = [.attention, .attentionBackward]
    var disk = Double.infinity
    if let file = cell("O"), let plain = cell("N"), file.optimizer > plain.optimizer {
      disk = 2 * Double(file.memory.onDisk) / (file.optimizer - plain.optimizer)
    }
    // Only weights that are made of 4 bits are copies that compute.
    let unpacking = sums(cell("F+QL")?.recorded.last?.operators ?? [], \.flops) {
      $0.kind == .copy && $0.cost.flops > 0
    }
    return try DissectionTimes(
      products,
      rates: .init(
        traffic: sums(fused, \.bytes) { $0.kind != .matmul && !attention.contains($0.kind) && $0.phase != .optimizer },
        optimizer: sums(fused, \.bytes) { $0.phase == .optimizer },
        attention: sums(fused, \.flops) { attention.contains($0.kind) }, disk: disk, unpacking: unpacking))
  }

  /// Times of all cells by what was fitted on the first model's operators.
  static func planned(
    _ measured: [(name: String, cells: [DissectedCell])], _ ceilings: Ceilings
  ) throws -> [Measure] {
    guard let first = measured.first else { return [] }
    let times = try fitted(first.cells)
    var measures = [
      Measure(
        "\(first.name): products alone by three constants, mean", unit: "% off", ours: Summary([100 * times.fitError]))
    ]
    for (name, cells) in measured {
      let errors = try cells.map { cell in
        let step = try times.step(
          prediction(of: cell).shape, cell.cell, sequences: cell.rows, tokens: cell.length)
        return 100 * abs(step.total / cell.step.median - 1)
      }
      let mean = errors.reduce(0, +) / Double(max(1, errors.count))
      measures.append(
        Measure(
          "\(name): steps of all cells predicted from level 3 of \(first.name), mean", unit: "% off",
          ours: Summary([mean]),
          target: .atMost(15, .ours)))
    }
    return measures + (try cluster())
  }

  /// The study's directions on Llama 2 and eight devices, by the Planner.
  private static func cluster() throws -> [Measure] {
    let (data, consumer) = (try DissectionCluster.named("a800"), try DissectionCluster.named("rtx4090"))
    var (holds, count) = (0, 0)
    for model in ["llama-2-7b", "llama-2-13b", "llama-2-70b"] {
      let shape = try ModelCatalogue.published.entry(model).shape
      func step(_ cell: String) throws -> DissectionCluster.Estimate {
        try data.estimate(shape, DissectionCell(parsing: cell), sequences: 16, tokens: 350)
      }
      let (plain, two, three, disk) = (try step("F"), try step("F+Z2"), try step("F+Z3"), try step("F+Z2+O"))
      let (again, bare, low, packed) = (try step("F+R+Z2"), try step("Z2"), try step("F+L"), try step("F+QL"))
      let shared = try DissectionCell(parsing: "F+R+Z3")
      let directions = [
        two.bytes < plain.bytes && two.seconds < 1.03 * plain.seconds, three.bytes < two.bytes,
        disk.seconds > 1.2 * two.seconds, again.bytes < two.bytes && again.seconds > two.seconds,
        two.seconds < bare.seconds, low.seconds < packed.seconds && packed.bytes < low.bytes,
        try consumer.scaling(shape, shared, sequences: 16, tokens: 350)
          < data.scaling(shape, shared, sequences: 16, tokens: 350),
      ]
      holds += directions.count { $0 }
      count += directions.count
    }
    return [
      Measure(
        "the study's directions on Llama-2 7B, 13B and 70B over eight A800 and RTX-4090, of \(count) by the Planner",
        unit: "", ours: Summary([Double(holds)]), target: .atLeast(Double(count), .ours))
    ]
  }
}
