import NumericTypes
import Tensors

/// A small network beside the model, which reads what its blocks give and adds to what the last one does (Sung, Cho, Bansal: LST:
/// Ladder side-tuning for parameter and memory efficient transfer learning, 2022). Nothing goes back through the model itself:
/// its blocks keep no activations.
///
/// s₀ = D₀ x₀; s ← block(μ s + (1 - μ) D x) behind every block or every few, μ = σ(gate); x + U norm(s) behind the last. U is zero
/// at first.
struct LadderMethod: Sendable {
  /// What stands beside a block of the model.
  private struct Rung: Sendable {
    let gate: Weight
    let down: DenseLayer
    let block: GPTBlock
  }

  /// The blocks of the model below the first rung.
  private let first: Int
  private let entry: DenseLayer
  /// By the number of blocks below.
  private let rungs: [Int: Rung]
  private let norm: NormLayer
  private let up: DenseLayer

  /// The parameters `side.entry`, `side.layers.N`, `side.norm` and `side.up`; blocks are the model's make in small.
  ///
  /// - Precondition: the width is even.
  init(_ builder: inout ModelBuilder, _ model: GPTConfiguration, width: Int, every: Int, firstBlock: Int) {
    var small = model
    small.width = width
    small.heads = Self.heads(width: width, atMost: model.heads)
    small.kvHeads = small.heads
    small.hidden = max(1, Int((Double(model.hidden) * Double(width) / Double(model.width)).rounded()))
    let made = small
    first = firstBlock
    func layer(_ builder: inout ModelBuilder, _ name: String, from inputs: Int, to outputs: Int, _ begin: Initializer)
      -> DenseLayer
    {
      builder.within(name) { DenseLayer(&$0, from: inputs, to: outputs, hasBias: false, weight: begin) }
    }
    entry = layer(&builder, "entry", from: model.width, to: width, .fanIn)
    var rungs: [Int: Rung] = [:]
    // From the last block down, so that the one whose output is read is always among them.
    for index in stride(from: model.layers - 1, through: firstBlock, by: -every) {
      rungs[index + 1] = builder.within("layers.\(index)") { builder in
        Rung(
          gate: builder.weight("gate", [1], .constant(0)),
          down: layer(&builder, "down", from: model.width, to: width, .fanIn),
          block: GPTBlock(&builder, made, index: index))
      }
    }
    self.rungs = rungs
    norm = builder.within("norm") { NormLayer(&$0, model.norm, width: width, epsilon: model.epsilon) }
    up = layer(&builder, "up", from: width, to: model.width, .constant(0))
  }

  /// The most heads that an even width has, each of an even width.
  static func heads(width: Int, atMost most: Int) -> Int {
    (1...max(1, most)).last { width.isMultiple(of: $0) && (width / $0).isMultiple(of: 2) } ?? 1
  }

  /// The side's rows behind `blocks` blocks of the model, which gave x [N, width]; nothing below the first rung.
  func side(_ side: Tensor?, beside x: Tensor, after blocks: Int, _ rows: TokenPlaces, _ pass: Pass) -> Tensor? {
    if blocks == first { return entry(x, pass) }
    guard let side, let rung = rungs[blocks] else { return side }
    let context = pass.context
    let (share, given) = (context.sigmoid(pass[rung.gate]), rung.down(x, pass))
    // μ s + (1 - μ) d = d + μ (s - d).
    let mixed = context.add(given, context.multiply(context.subtract(side, given), share))
    return rung.block(mixed, rows, pass)
  }

  /// The model's last rows with what the side adds.
  func joined(_ x: Tensor, _ side: Tensor, _ pass: Pass) -> Tensor {
    pass.context.add(x, up(norm(side, pass), pass))
  }
}
