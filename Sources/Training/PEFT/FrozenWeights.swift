import NumericTypes
import Tensors

/// The weights of a model that are not trained: as they are, or its blocks' matrices in 4 bits.
struct FrozenWeights: Sendable {
  /// What passes get, one for each parameter; empty where the matrix is packed.
  let values: [Tensor]
  /// The packed ones.
  let packed: [Weight: NF4Matrix]
  /// What low-rank changes begin with, where that is not nothing.
  let starts: [LinearTarget: LowRankFactors]

  /// The weights of a model as they are, or with its blocks' linear layers in NF4 and its other matrices in bf16; `loftQ` says
  /// which layers have changes beside that, of which rank, and in how many turns they are found.
  init(
    _ model: GPT, packs: Bool, loftQ: (targets: [LinearTarget], rank: Int, turns: Int)? = nil, _ context: Context
  ) {
    var values = model.parameters.map(\.value)
    var packed: [Weight: NF4Matrix] = [:]
    var starts: [LinearTarget: LowRankFactors] = [:]
    if packs {
      for weight in Set(model.linearTargets.map(\.layer.weight)) {
        let targets = loftQ?.targets.filter { $0.layer.weight == weight } ?? []
        if let loftQ, !targets.isEmpty {
          let start = LoftQStart(
            values[weight.index], rows: targets.map(\.rows), rank: loftQ.rank, turns: loftQ.turns, context)
          packed[weight] = start.matrix
          for (target, factors) in zip(targets, start.factors) { starts[target] = factors }
        } else {
          packed[weight] = NF4Matrix(values[weight.index], context)
        }
        values[weight.index] = context.empty([0])
      }
      values = values.map { $0.shape.rank > 1 ? context.cast($0, to: .bf16) : $0 }
    }
    (self.values, self.packed, self.starts) = (values, packed, starts)
  }

  func matrix(_ weight: Weight) -> FrozenMatrix {
    packed[weight].map { .packed($0) } ?? .dense(values[weight.index])
  }

  /// The bytes that they take.
  var byteCount: Int {
    values.reduce(0) { $0 + $1.count * $1.dtype.blockBytes } + packed.values.reduce(0) { $0 + $1.byteCount }
  }
}
