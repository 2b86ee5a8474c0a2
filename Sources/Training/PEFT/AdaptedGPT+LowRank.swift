import Formats
import Tensors

extension AdaptedGPT {
  /// The changes as W + s B A of each layer, with Hugging Face's names, as other programs take them; nothing where the methods
  /// are not LoRA's alone. AdaLoRA's triplets that were dropped are left out, Λ is in B. Where LoRA did not begin with
  /// nothing, what it began with is taken off again, in as many ranks more: the changes are those of the model that was given,
  /// not of the one in 4 bits.
  ///
  /// - Parameters:
  ///   - baseName: what the frozen model is called.
  ///   - baseHash: the digest of its weights.
  /// - Throws: `FormatError`.
  public func lowRankAdapter(baseName: String?, baseHash: String?) throws -> LowRankAdapter? {
    guard adapters.count == 1, let method = adapters.first?.method else { return nil }
    var isStabilized = false
    switch method {
    case .lora(_, _, let given, _, _): isStabilized = given
    case .adaLoRA: break
    default: return nil
    }
    var targets: [LowRankAdapter.Target] = []
    for part in plan.linear.values.joined().sorted(by: { $0.target.name < $1.target.name }) {
      for method in part.methods {
        if let target = try Self.target(part.target, method, method: adapters[0].method, parameters) {
          targets.append(target)
        }
      }
    }
    return try LowRankAdapter(
      naming: .huggingFace, targets: targets, isRankStabilized: isStabilized, baseName: baseName, baseHash: baseHash)
  }

  private static func target(
    _ target: LinearTarget, _ layer: any LinearMethod, method: AdapterConfiguration.Method, _ parameters: [Parameter]
  ) throws -> LowRankAdapter.Target? {
    func values(_ tensor: Tensor) -> [Float] {
      withExtendedLifetime(tensor) {
        Array(UnsafeBufferPointer(start: tensor.pointer(as: Float.self), count: tensor.count))
      }
    }
    func values(_ weight: Weight) -> [Float] { values(parameters[weight.index].value) }
    func made(rank: Int, alpha: Double, _ a: [Float], _ b: [Float]) throws -> LowRankAdapter.Target {
      try LowRankAdapter.Target(
        name: "model.\(target.name)", rank: rank, inFeatures: target.inputs, outFeatures: target.outputs, alpha: alpha,
        a: a, b: b)
    }
    if let lora = layer as? LoRAMethod, case .lora(let rank, let alpha, let isStabilized, _, _) = method {
      if let start = lora.start {
        let (b, first) = (values(lora.b), values(start.b))
        var rows: [Float] = []
        for row in 0..<target.outputs {
          let range = row * rank..<(row + 1) * rank
          rows += b[range]
          rows += first[range].map { -$0 }
        }
        let alpha = lora.scale * (isStabilized ? Double(2 * rank).squareRoot() : Double(2 * rank))
        return try made(rank: 2 * rank, alpha: alpha, values(lora.a) + values(start.a), rows)
      }
      return try made(rank: rank, alpha: alpha, values(lora.a), values(lora.b))
    }
    guard let triplets = layer as? AdaLoRAMethod else { return nil }
    let (left, factors, right) = (values(triplets.left), values(triplets.values), values(triplets.right))
    let kept = factors.indices.filter { factors[$0] != 0 }
    if kept.isEmpty { return nil }
    let a = kept.flatMap { right[$0 * target.inputs..<($0 + 1) * target.inputs] }
    let b = (0..<target.outputs).flatMap { row in
      kept.map { left[row * triplets.rank + $0] * factors[$0] }
    }
    return try made(rank: kept.count, alpha: triplets.scale * Double(kept.count), a, b)
  }
}
