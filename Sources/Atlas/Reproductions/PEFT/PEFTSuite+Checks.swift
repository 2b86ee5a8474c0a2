import Formats
import NumericTypes
import Tensors
import Training
import VenturiTesting

extension PEFTSuite {
  /// The sheet's oracles on a small model.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    let context = Context(threads: conditions.threads)
    let all = [("LoRA", Self.lora)] + Self.methods(steps: 10).map { ($0.name, $0.adapters) }
    try conditions.next("check: beginnings")
    var checks = [
      try Check("fresh adapters change no logit") {
        let base = try Self.small(context)
        let batch = try Self.batch()
        let plain = try base.logits(batch, Self.pass(base, context)).floats
        let changed = try all.filter { !Self.hasTokens($0.1) }.filter { _, adapters in
          let model = try AdaptedGPT(
            base, Self.fitted(adapters), examples: [batch], seed: 1, context: context)
          return try model.logits(batch, Self.pass(model, context)).floats != plain
        }
        return (changed.isEmpty, changed.isEmpty ? "bit for bit" : changed.map(\.0).joined(separator: ", "))
      }
    ]
    try conditions.next("check: merging")
    checks.append(
      try Check("a merged model is the adapted one within 1e-5, and gives the frozen one back within 1e-6") {
        var (worst, back) = (0.0, 0.0)
        let batch = try Self.batch()
        for (_, adapters) in all where adapters.allSatisfy(\.method.isMergeable) {
          let base = try Self.small(context)
          let model = try AdaptedGPT(
            base, Self.fitted(adapters), examples: [batch], seed: 1, context: context)
          var random = Random(seed: 7)
          for parameter in model.parameters {
            let values = parameter.value.pointer(as: Float.self)
            for index in 0..<parameter.value.count { values[index] += Float(0.2 * (2 * random.uniform() - 1)) }
          }
          let adapted = try model.logits(batch, Self.pass(model, context)).floats
          let merged = try model.merged(context)
          let scale = adapted.map(abs).max() ?? 1
          let found = try merged.logits(batch, Self.pass(merged, context)).floats
          worst = max(worst, Double(zip(adapted, found).map { abs($0 - $1) }.max() ?? 0) / Double(scale))
          for (a, b) in zip(try model.unmerged(merged, context).parameters, base.parameters) {
            back = max(back, Double(zip(a.value.floats, b.value.floats).map { abs($0 - $1) }.max() ?? 0))
          }
        }
        return (worst <= 1e-5 && back <= 1e-6, "off by \(scientific(worst)) and \(scientific(back))")
      })
    checks.append(
      try Check("NF4 with double quantisation takes 4.127 bits for a weight") {
        var random = Random(seed: 3)
        let packed = NF4Matrix(context.normal([512, 576], deviation: 0.02, random: &random), context)
        return (abs(packed.bitsPerWeight - 4.127) < 5e-4, "\(JSON.rounded(packed.bitsPerWeight, digits: 4).line)")
      })
    checks.append(
      try Check("LoftQ's beginning is nearer to the model than its 4 bits are") {
        let batch = try Self.batch()
        let base = try Self.small(context)
        let expected = try base.logits(batch, Self.pass(base, context)).floats
        func distance(_ turns: Int) throws -> Double {
          let model = try AdaptedGPT(base, Self.lora, packsBase: true, loftQ: turns, seed: 1, context: context)
          let found = try model.logits(batch, Self.pass(model, context)).floats
          return zip(found, expected).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }.squareRoot()
        }
        let (plain, one, five) = (try distance(0), try distance(1), try distance(5))
        return (
          one < 0.9 * plain && five < 0.9 * plain,
          "off by \(scientific(plain)), \(scientific(one)) after a turn, \(scientific(five)) after five"
        )
      })
    try conditions.next("check: memory")
    checks += try Self.memoryChecks(context)
    return checks
  }

  private static func hasTokens(_ adapters: [AdapterConfiguration]) -> Bool {
    adapters.contains { ["prefix", "prompt"].contains($0.method.name) }
  }

  /// The methods with ranks that a small model has.
  private static func fitted(_ adapters: [AdapterConfiguration]) -> [AdapterConfiguration] {
    adapters.map { adapter in
      guard case .adaLoRA(var budget, let alpha) = adapter.method else { return adapter }
      (budget.rank, budget.finalRank) = (6, 4)
      var adapter = adapter
      adapter.method = .adaLoRA(budget, alpha: alpha)
      return adapter
    }
  }

  private static func small(_ context: Context) throws -> GPT {
    try GPT(
      .llama(vocabulary: 64, length: 32, layers: 2, width: 32, heads: 4, kvHeads: 2), seed: 1, context: context)
  }

  private static func batch() throws -> TokenBatch {
    let tokens = (0..<16).map { Int32($0 * 7 % 64) }
    return try TokenBatch([TokenSequence(inputs: tokens, targets: tokens, sequenceStarts: [0])])
  }

  static func pass(_ model: some TrainableModel, _ context: Context) -> Pass {
    Pass(
      .evaluation, weights: model.parameters.map(\.value), buffers: model.buffers.map(\.value), context: context)
  }
}
