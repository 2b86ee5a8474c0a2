import NumericTypes
import Tensors

extension GradientLaw {
  /// What models are trained with at their ends: norms over a batch, and losses.
  static var batches: [GradientLaw] {
    [
      batchNorm("batchNorm", isRectified: false), batchNorm("batchNorm.rectified", isRectified: true),
      batchNorm("batchNorm.adding", adds: true, isRectified: false),
      batchNorm("batchNorm.adding.rectified", adds: true, isRectified: true), packedAttention,
    ]
      + [false, true].map { ignores in
        GradientLaw("linearCrossEntropy\(ignores ? ".ignoring" : "")") { random in
          let (rows, width, classes) = (random.integer(1...6), random.integer(1...5), random.integer(1...7))
          let targets = (0..<rows).map { _ in
            ignores && random.integer(0...2) == 0 ? -1 : random.integer(0...classes - 1)
          }
          return GradientCase([[rows, width], [classes, width]], &random) { inputs, context in
            let tensor = context.cast(context.tensor(targets.map { Float($0) }), to: .i64)
            return context.linearCrossEntropy(inputs[0], inputs[1], tensor, ignoring: -1)
          }
        }
      }
  }

  private static var packedAttention: GradientLaw {
    GradientLaw("attention.packed") { random in
      let (batch, length, depth) = (random.integer(1...2), random.integer(1...6), random.integer(1...5))
      let (kvHeads, group, isCausal) = (random.integer(1...2), random.integer(1...3), random.integer(0...1) == 0)
      let heads = kvHeads * group
      return GradientCase([[batch, length, heads + 2 * kvHeads, depth]], in: -1.5...1.5, &random) {
        $1.attention(packed: $0[0], heads: heads, kvHeads: kvHeads, isCausal: isCausal)
      }
    }
  }

  private static func batchNorm(_ name: String, adds: Bool = false, isRectified: Bool) -> GradientLaw {
    var law = GradientLaw(name) { random in
      let channels = random.integer(1...4)
      // Two elements of a channel are at ±1 whatever they were: their gradient is all but zero.
      let shape = Shape(
        [random.integer(2...4), channels] + (random.integer(0...2) == 0 ? [] : [random.integer(2...5)]))
      return GradientCase([shape, [channels], [channels]] + (adds ? [shape] : []), &random) { inputs, context in
        context.batchNorm(
          inputs[0], weight: inputs[1], bias: inputs[2], epsilon: 0.1, adding: adds ? inputs[3] : nil,
          isRectified: isRectified
        ).output
      }
    }
    law.narrowError = 1e-6
    return law
  }
}
