/// Weights and kept numbers of a model's blocks, for ``FineTuningMemory``.
struct FineTuningCounts {
  let shape: TransformerShape

  private var width: Int { shape.width }
  private var queries: Int { shape.heads * shape.headDim }
  private var keys: Int { shape.kvHeads * shape.headDim }
  private var feedForward: Int { shape.feedForward }

  /// Outputs and inputs.
  private func sides(_ matrix: FineTuningMemory.Matrix) -> (outputs: Int, inputs: Int)? {
    switch matrix {
    case .query: (queries, width)
    case .key, .value: (keys, width)
    case .output: (width, queries)
    case .gate: shape.gated ? (feedForward, width) : nil
    case .up: (feedForward, width)
    case .down: (width, feedForward)
    }
  }

  private func present(_ matrices: Set<FineTuningMemory.Matrix>) -> Set<FineTuningMemory.Matrix> {
    // All of a model's are meant where all are named.
    matrices.count == FineTuningMemory.Matrix.allCases.count ? matrices.filter { sides($0) != nil } : matrices
  }

  /// The weights of low-rank changes: r (outputs + inputs) of each matrix.
  func lowRank(_ rank: Int, _ matrices: Set<FineTuningMemory.Matrix>) throws(PlannerError) -> Int {
    if matrices.isEmpty { throw .invalid(field: "targets", problem: "there are none") }
    var (sum, least) = (0, Int.max)
    for matrix in present(matrices) {
      guard let (outputs, inputs) = sides(matrix) else {
        throw .invalid(field: "targets", problem: "\(shape.name) has no \(matrix.rawValue)")
      }
      (sum, least) = (sum + outputs + inputs, min(least, outputs, inputs))
    }
    guard (1...least).contains(rank) else {
      throw .invalid(field: "rank", problem: "\(rank) lies outside 1…\(least), the smaller side of the smallest matrix")
    }
    return shape.layers * rank * sum
  }

  /// The rungs of a ladder.
  private func rungs(_ every: Int) -> Int { (shape.layers + every - 1) / every }

  /// The most heads of an even width that a side has.
  private func heads(_ side: Int) -> Int {
    (1...shape.heads).last { side.isMultiple(of: $0) && (side / $0).isMultiple(of: 2) } ?? 1
  }

  private func feedForward(_ side: Int) -> Int {
    max(1, Int((Double(feedForward) * Double(side) / Double(width)).rounded()))
  }

  /// The weights of a ladder: the ways in and out, and at each rung a gate, a way in, and a block of the model's make.
  func ladder(_ side: Int, _ every: Int) throws(PlannerError) -> Int {
    guard (2...1 << 16).contains(side), side.isMultiple(of: 2) else {
      throw .invalid(field: "width", problem: "\(side) is no even number from 2 to \(1 << 16)")
    }
    guard (1...shape.layers).contains(every) else {
      throw .invalid(field: "every", problem: "\(every) lies outside 1…\(shape.layers)")
    }
    let norm = side * (shape.biased ? 2 : 1)
    let biases = shape.biased ? 3 * side + side + feedForward(side) * (shape.gated ? 2 : 1) + side : 0
    let block = 4 * side * side + (shape.gated ? 3 : 2) * side * feedForward(side) + 2 * norm + biases
    return 2 * width * side + norm + rungs(every) * (1 + width * side + block)
  }

  /// Bytes of weights that are not trained.
  func frozenBytes(_ base: FineTuningMemory.Base) -> Double {
    switch base {
    case .whole(let bytes): return Double(shape.parameters) * bytes
    case .nf4:
      // 4 bits a weight, 8 for each 64 of them, 32 for each 256 of those.
      let matrices = Double(shape.layers * shape.layerMatrixWeights)
      let packed = matrices * (0.5 + 1 / 64 + 4 / (64 * 256))
      let vectors = Double(shape.layers * shape.layerVectorWeights + width * (shape.biased ? 2 : 1))
      let others = Double(shape.parameters) - matrices - vectors
      return packed + 2 * others + 4 * vectors
    }
  }

  /// Numbers of a token that attention keeps: what the projection gave, of which v is read (all of it where nothing turns), queries
  /// and keys where they were turned, the heads' output, and a logarithm for each head.
  private func attention(heads: Int, queries: Int, keys: Int) -> Double {
    let turned = if case .rotary = shape.positions { queries + keys } else { 0 }
    return Double(queries + 2 * keys + turned + queries + heads)
  }

  /// Between the feed-forward's layers: the function's inputs, and the inputs of the way back where they are kept.
  private func inner(_ feedForward: Int, keepsOutput: Bool) -> Double {
    Double(feedForward * ((shape.gated ? 2 : 1) + (keepsOutput ? 1 : 0)))
  }

  /// The last norm's input, the head's, and the gradient of that, which is made on the way forward.
  private var head: Double { 3 * Double(width) }

  /// Numbers of a token where all weights are trained: inputs of the norms, their outputs as linear layers' inputs, attention's
  /// and the feed-forward's.
  var ofFull: Double {
    let block =
      4 * Double(width) + attention(heads: shape.heads, queries: queries, keys: keys)
      + inner(feedForward, keepsOutput: true)
    return Double(shape.layers) * block + head
  }

  /// The same with frozen weights: linear layers' inputs are kept where there are changes of them, with `rank` numbers each; the
  /// first norm has no way back.
  func ofLowRank(_ rank: Int, _ matrices: Set<FineTuningMemory.Matrix>) -> Double {
    let present = present(matrices)
    func any(_ some: FineTuningMemory.Matrix...) -> Double { some.contains(where: present.contains) ? 1 : 0 }
    let (w, inputs) = (Double(width), any(.query, .key, .value) + any(.gate, .up))
    let block =
      (2 + inputs) * w + attention(heads: shape.heads, queries: queries, keys: keys)
      + inner(feedForward, keepsOutput: present.contains(.down)) + Double(present.count * rank)
    return Double(shape.layers) * block - w + head
  }

  /// Numbers of a token where only a ladder is trained: the model's rows that its ways in read, and what its own blocks keep.
  func ofLadder(_ side: Int, _ every: Int) -> Double {
    let (s, own) = (Double(side), heads(side))
    let block =
      4 * s + attention(heads: own, queries: side, keys: side) + inner(feedForward(side), keepsOutput: true)
    // At each rung the difference that the gate multiplies; behind the last one the norm's input and output.
    return Double(rungs(every)) * (Double(width) + s + block) + Double(width) + 2 * s + head
  }
}
