import NumericTypes
import Tensors
import Training

extension BPFreeTraining {
  /// The sheet's oracle, as far as it needs no other library: locality, least squares, norms, threads, refusals.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    let context = Context(threads: conditions.threads)
    let all: [(String, (Context) throws -> (passed: Bool, detail: String))] = [
      ("no gradient crosses layers: those above do not change what a layer learns", Self.locality),
      ("the stages' gradients are those of the sum of their losses", Self.sums),
      ("least squares meet the normal equations, also where columns depend on each other", Self.squares),
      ("Forward-Forward's rows have length 1", Self.lengths),
      ("the same weights on 1 and on 2 threads", Self.determinism),
      ("labels out of range, more classes than inputs, and θ of 0 are refused", Self.refusals),
    ]
    return try all.map { name, body in
      try conditions.next("check: \(name)")
      return try Check(name) { try body(context) }
    }
  }

  private static let local = [LearningRule.monoForward, .forwardForward, .cascadedForward]

  private static func gradients(
    _ network: LocalNetwork, _ places: [Int], _ batch: ImageBatch, _ context: Context
  ) throws -> [[Float]] {
    let pass = Pass(
      .training, weights: network.parameters.map(\.value), buffers: network.buffers.map(\.value), context: context)
    return try network.differentiated(batch, tracking: places, pass).gradients.map { floats($0, context) }
  }

  private static func locality(_ context: Context) throws -> (passed: Bool, detail: String) {
    let batch = madeUp(32, inputs: 20, context)
    for rule in local {
      let network = try Self.network(rule, inputs: 20, hidden: [16, 16, 16], seed: 1, context)
      let before = try gradients(network, network.stages[0], batch, context)
      for stage in 1..<3 {
        for place in network.stages[stage] {
          let value = network.parameters[place].value
          for index in 0..<value.count { value.pointer(as: Float.self)[index] += 2 }
        }
      }
      guard try gradients(network, network.stages[0], batch, context) == before,
        before.contains(where: { $0.contains { $0 != 0 } })
      else { return (false, "\(rule.rawValue)") }
    }
    return (true, "3 rules")
  }

  private static func sums(_ context: Context) throws -> (passed: Bool, detail: String) {
    let batch = madeUp(32, inputs: 20, context)
    for (rule, title) in rules {
      let network = try Self.network(rule, inputs: 20, hidden: [16, 16], seed: 2, context)
      let places = network.stages.flatMap { $0 }
      let found = try gradients(network, places, batch, context)
      let pass = Pass(
        .training, weights: network.parameters.map(\.value), buffers: network.buffers.map(\.value), context: context)
      let whole = try context.gradient(of: places.map(pass.weight)) {
        try network.loss(of: batch, pass.replacing(places, by: $0))
      }
      if found != whole.map({ floats($0, context) }) { return (false, title) }
    }
    return (true, "4 rules")
  }

  private static func squares(_ context: Context) throws -> (passed: Bool, detail: String) {
    var worst = 0.0
    var random = Random(seed: 8)
    for (rows, columns, rank) in [(60, 20, 20), (20, 60, 20), (60, 20, 9), (20, 60, 7)] {
      let left = (0..<rows * rank).map { _ in random.uniform() - 0.5 }
      let right = (0..<rank * columns).map { _ in random.uniform() - 0.5 }
      let f = (0..<rows * columns).map { place in
        (0..<rank).reduce(0.0) { $0 + left[place / columns * rank + $1] * right[$1 * columns + place % columns] }
      }
      let y = (0..<rows).map { _ in random.uniform() - 0.5 }
      for ridge in [0, 0.01] {
        let w = try LeastSquares.solve(f, y, rows: rows, ridge: ridge, context: context)
        let rest = (0..<rows).map { row in
          y[row] - (0..<columns).reduce(0.0) { $0 + f[row * columns + $1] * w[$1] }
        }
        for column in 0..<columns {
          let slope = (0..<rows).reduce(0.0) { $0 + f[$1 * columns + column] * rest[$1] } - ridge * w[column]
          worst = max(worst, abs(slope))
        }
      }
    }
    return (worst < 1e-9, "8 systems, largest slope \(scientific(worst))")
  }

  private static func lengths(_ context: Context) throws -> (passed: Bool, detail: String) {
    let batch = madeUp(50, inputs: 30, context)
    let rows = floats(LocalNetwork.normalized(batch.images, context), context)
    let lengths = stride(from: 0, to: rows.count, by: 30).map { start -> Float in
      let squares = rows[start..<start + 30].map { $0 * $0 }
      return squares.reduce(0, +).squareRoot()
    }
    let worst = lengths.map { abs($0 - 1) }.max() ?? 1
    return (worst < 2e-4, "largest difference \(scientific(Double(worst)))")
  }

  private static func determinism(_ context: Context) throws -> (passed: Bool, detail: String) {
    for (rule, title) in rules where rule != .cascadedForward {
      let ends = try [1, 2].map { threads -> [[Float]] in
        let context = Context(threads: threads)
        let network = try Self.network(rule, inputs: 64, hidden: [96, 80], seed: 3, context)
        let step = try LocalStep(network, rule: AdamW(), context: context)
        let batch = madeUp(64, inputs: 64, context)
        for _ in 0..<5 { _ = try step(batch, rate: 1e-3) }
        return network.parameters.map { floats($0.value, context) }
      }
      if ends[0] != ends[1] { return (false, title) }
    }
    return (true, "3 rules, 5 steps")
  }

  private static func refusals(_ context: Context) throws -> (passed: Bool, detail: String) {
    func refused(_ body: () throws -> Void) -> Bool {
      do { try body() } catch is DataError { return true } catch { return false }
      return false
    }
    let batch = ImageBatch(images: madeUp(4, inputs: 20, context).images, labels: [0, 1, 2, 10])
    let labels = try rules.allSatisfy { rule, _ in
      let network = try Self.network(rule, inputs: 20, hidden: [8], seed: 0, context)
      return refused { _ = try gradients(network, network.stages[0], batch, context) }
    }
    let classes = refused { _ = try Self.network(.forwardForward, inputs: 9, hidden: [8], seed: 0, context) }
    let threshold = refused {
      _ = try Self.network(.forwardForward, inputs: 20, hidden: [8], seed: 0, context) { $0.threshold = 0 }
    }
    return (labels && classes && threshold, "labels \(labels), classes \(classes), θ \(threshold)")
  }
}
