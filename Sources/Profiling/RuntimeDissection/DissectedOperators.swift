import Costs
import NumericTypes
import Tensors
import Training

/// A product of matrices of a step beside the same product alone.
public struct DissectedProduct: Sendable, Hashable {
  /// Where it is, such as `qkv backward, input`.
  public var name: String
  /// Rows.
  public var m: Int
  /// Columns.
  public var n: Int
  /// The inner extent.
  public var k: Int
  /// The matrices of a batch.
  public var batch: Int
  /// Runs in a step.
  public var count: Int
  /// Seconds of a run alone: the median.
  public var alone: Double
  /// Seconds of all its runs in a step.
  public var inStep: Double

  /// Operations of a run.
  public var flops: Double { 2 * Double(m) * Double(n) * Double(k) * Double(batch) }
  /// Operations a second of a run alone.
  public var flopsPerSecond: Double { flops / alone }
}

/// Operators that memory holds up, of one kind in one part of a step.
public struct DissectedTraffic: Sendable, Hashable {
  /// The part of the step.
  public var phase: DissectionPhase
  /// What they do.
  public var kind: OperatorKind
  /// Runs in a step.
  public var calls: Int
  /// Bytes of a step.
  public var bytes: Double
  /// Seconds of a step.
  public var seconds: Double

  /// Bytes a second.
  public var bytesPerSecond: Double { seconds > 0 ? bytes / seconds : 0 }

  /// What is neither a product nor attention, the longest first.
  package static func traffic(of steps: [DissectedStep]) -> [DissectedTraffic] {
    struct Key: Hashable {
      var phase: DissectionPhase
      var kind: OperatorKind
    }
    var found: [Key: DissectedTraffic] = [:]
    let share = 1 / Double(max(1, steps.count))
    for (index, step) in steps.enumerated() {
      for one in step.operators where !DissectedStep.isProduct(one.kind) {
        let key = Key(phase: one.phase, kind: one.kind)
        var row = found[key] ?? DissectedTraffic(phase: one.phase, kind: one.kind, calls: 0, bytes: 0, seconds: 0)
        row.seconds += one.seconds * share
        if index == 0 {
          row.calls += 1
          row.bytes += one.cost.bytes
        }
        found[key] = row
      }
    }
    return found.values.sorted { ($1.seconds, $0.kind.rawValue) < ($0.seconds, $1.kind.rawValue) }
  }
}

/// The products of a model's step by where they are: what level 3 measures alone.
struct DissectionProducts {
  /// A product that a step may have.
  struct Candidate {
    /// How the operands lie.
    enum Layout {
      /// x Wᵀ, W [n, k] as it lies.
      case byWeights
      /// g W.
      case byRows
      /// gᵀ x.
      case ofRows
      /// Matrices of a batch, both as rows; the right one turned.
      case batched
    }

    var module: String
    var part: String
    var phases: Set<DissectionPhase>
    var what: String
    var m: Int
    var n: Int
    var k: Int
    var batch = 1
    var layout: Layout
    /// The type of the weights.
    var weights = DType.f32

    var cost: OperationCost {
      let one = Context.matmulCost(m: m, n: n, k: k, weights: weights)
      return OperationCost(
        flops: one.flops * Double(batch), bytesRead: one.bytesRead * Double(batch),
        bytesWritten: one.bytesWritten * Double(batch))
    }

    /// Seconds of a run alone: the median of at least three, or of 0.2 seconds.
    func measure(_ context: Context) -> Double {
      var random = Random(seed: 11)
      func matrix(_ rows: Int, _ columns: Int) -> Tensor {
        context.uniform([rows, columns], random: &random)
      }
      let (a, b): (Tensor, Tensor)
      switch layout {
      case .byWeights: (a, b) = (matrix(m, k), matrix(n, k).transposed())
      case .byRows: (a, b) = (matrix(m, k), matrix(k, n))
      case .ofRows: (a, b) = (matrix(k, m).transposed(), matrix(k, n))
      case .batched:
        (a, b) = (
          context.uniform([batch, m, k], random: &random), context.uniform([batch, n, k], random: &random).transposed()
        )
      }
      let right =
        switch (weights, layout) {
        case (.f32, _): b
        case (_, .byWeights): context.cast(b.transposed(), to: weights).transposed()
        default: context.cast(b, to: weights)
        }
      _ = context.matmul(a, right)
      var (times, sum): ([Double], Double) = ([], 0)
      while times.count < 3 || (sum < 0.2 && times.count < 200) {
        let seconds = TimingProtocol.time { _ = context.matmul(a, right) }
        times.append(seconds)
        sum += seconds
      }
      return Summary(times)?.median ?? .nan
    }
  }

  let sizes: GPTConfiguration
  let rows: Int
  let length: Int

  /// All that a step may have, whatever of it is trained.
  var candidates: [Candidate] {
    let (tokens, width, hidden) = (rows * length, sizes.width, sizes.hidden)
    let headDim = width / sizes.heads
    let inward = (sizes.heads + 2 * sizes.kvHeads) * headDim
    var found: [Candidate] = []
    var layers: [(module: String, outputs: Int, inputs: Int)] = [
      ("qkv", inward, width), ("output", width, width), ("up", hidden, width), ("down", width, hidden),
    ]
    if sizes.feedForward == .gated { layers.append(("gate", hidden, width)) }
    for (module, outputs, inputs) in layers {
      found += Self.linear(module, tokens, outputs, inputs, [.forward, .recompute], back: [.backward])
    }
    // The head makes its gradients on the way forward, a block of rows at a time.
    let block = max(16, (1 << 20) / max(1, sizes.vocabulary))
    for part in Set([min(block, tokens), tokens % block]).subtracting([0]).sorted(by: >) {
      for weights in [DType.f32, .bf16] {
        found += Self.linear("head", part, sizes.vocabulary, width, [.forward], back: [.forward], weights: weights)
      }
    }
    for part in ["scores", "values"] {
      for (what, n, k) in [("over places", length, headDim), ("over heads", headDim, length)] {
        found.append(
          Candidate(
            module: "attention", part: part, phases: Set(DissectionPhase.allCases), what: what, m: length, n: n, k: k,
            batch: rows * sizes.heads, layout: .batched))
      }
    }
    return found
  }

  private static func linear(
    _ module: String, _ tokens: Int, _ outputs: Int, _ inputs: Int, _ phases: Set<DissectionPhase>,
    back: Set<DissectionPhase>, weights: DType = .f32
  ) -> [Candidate] {
    func one(_ what: String, _ phases: Set<DissectionPhase>, _ m: Int, _ n: Int, _ k: Int, _ layout: Candidate.Layout)
      -> Candidate
    {
      Candidate(
        module: module, part: "", phases: phases, what: what, m: m, n: n, k: k, layout: layout,
        weights: layout == .ofRows ? .f32 : weights)
    }
    return [
      one("product", phases, tokens, outputs, inputs, .byWeights),
      one("gradient of inputs", back, tokens, inputs, outputs, .byRows),
      one("gradient of weights", back, outputs, inputs, tokens, .ofRows),
    ]
  }

  /// The products that `steps` had, measured alone.
  func measured(in steps: [DissectedStep], _ context: Context) -> [DissectedProduct] {
    guard let first = steps.first else { return [] }
    func matches(_ one: DissectedOperator, _ candidate: Candidate) -> Bool {
      one.kind == .matmul && one.module == candidate.module && one.part == candidate.part
        && candidate.phases.contains(one.phase) && one.cost == candidate.cost
    }
    var seen: [(String, String, OperationCost, Set<DissectionPhase>)] = []
    return candidates.compactMap { candidate in
      // Two that cost the same in one place cannot be told from each other.
      let key = (candidate.module, candidate.part, candidate.cost, candidate.phases)
      if seen.contains(where: { $0 == key }) { return nil }
      seen.append(key)
      let runs = first.operators.count { matches($0, candidate) }
      if runs == 0 { return nil }
      let seconds = steps.reduce(0) { sum, step in
        step.operators.reduce(sum) { $0 + (matches($1, candidate) ? $1.seconds : 0) }
      }
      let place = candidate.part.isEmpty ? candidate.module : "\(candidate.module) \(candidate.part)"
      return DissectedProduct(
        name: "\(place), \(candidate.what)", m: candidate.m, n: candidate.n, k: candidate.k, batch: candidate.batch,
        count: runs, alone: candidate.measure(context), inStep: seconds / Double(steps.count))
    }
  }
}
