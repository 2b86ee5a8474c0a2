import Formats
import Layers
import Mixers
import NumericTypes
import Tensors

/// Our own side of an attention benchmark over whole tensors.
final class AttentionContestant: OperatorContestant {
  private let core: DenseAttention
  private let context: Context
  private let q: Tensor
  private let k: Tensor
  private let v: Tensor

  /// - Throws: `MixerError`.
  init(_ attention: AttentionCase, context: Context) throws {
    self.context = context
    core = try DenseAttention(
      heads: attention.heads, kvHeads: attention.kvHeads, headDim: attention.d,
      mask: attention.causal ? .causal : .none)
    q = context.empty([1, attention.heads, attention.n, attention.d])
    k = context.empty([1, attention.kvHeads, attention.n, attention.d])
    v = context.empty([1, attention.kvHeads, attention.n, attention.d])
    var random = Random(seed: 1)
    for tensor in [q, k, v] { Self.fill(tensor, &random) }
  }

  static func fill(_ tensor: Tensor, _ random: inout Random) {
    let values = tensor.pointer(as: Float.self)
    for index in 0..<tensor.count { values[index] = Float(random.uniform() * 2 - 1) }
  }

  /// The seconds of one pass, the mean of `repeats` in a row.
  func turn(repeats: Int) throws -> Double {
    try TimingProtocol.time {
      for _ in 0..<repeats { _ = try core.forward(q: q, k: k, v: v, context: context) }
    } / Double(repeats)
  }

  /// The most memory a pass takes beyond its operands and results.
  ///
  /// - Throws: `MixerError`.
  func figures() throws -> [JSON.Member] {
    let allocator = context.allocator
    allocator.resetPeak()
    let before = allocator.liveBytes
    let (o, lse) = try core.forward(q: q, k: k, v: v, context: context)
    let results = [o, lse].reduce(0) { $0 + Allocator.sizeClass($1.storage.byteCount) }
    return [JSON.Member("peakExtraBytes", .integer(allocator.peakLiveBytes - before - results))]
  }
}
