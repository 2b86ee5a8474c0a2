import Tensors
import Text

/// Draws one token after the other from a model's logits.
///
/// Of the tokens that the constraint allows, if there is one, in this order, as llama.cpp has it by default:
/// 1. *Bias*: each id's bias is added to its logit x.
/// 2. *Penalties*, over the ids among the last `penaltyWindow` tokens, with c occurrences each: x becomes x / r if x > 0,
///    else x · r, with r the repeat penalty; then x − c · frequency − presence.
/// 3. At temperature 0, the largest x, the lowest id among equals. Else:
/// 4. *Top-k*: the k largest x stay, lower ids first among equals.
/// 5. *Top-p*: with p the softmax over what stays, the shortest beginning in the order of falling x whose p sum to at
///    least `topP`; at least one.
/// 6. *Min-p*: those with p ≥ `minP` · max p, that is x ≥ max x + ln `minP`.
/// 7. *Temperature*: weights w = e^((x − max x) / T).
/// 8. *Draw*: the first in the order so far (ids where nothing was sorted) with Σ w > u · total, where u in [0, 1) depends
///    on the seed and the number of tokens before this one only.
///
/// A NaN logit counts as negative infinity and is never drawn; positive infinity counts as the largest number. A row with
/// nothing else is an ``InferenceError/noFiniteLogit(position:)``.
public struct Sampler {
  private let options: GenerationOptions
  private let bias: [(id: Int, value: Float)]
  private let seed: UInt64
  private var penalties: Penalties

  /// A sampler; options are to be validated before.
  public init(_ options: GenerationOptions, seed: UInt64) {
    self.options = options
    self.seed = seed
    bias = options.logitBias.map { (Int($0.key), $0.value) }.sorted { $0.0 < $1.0 }
    penalties = Penalties(options)
  }

  /// The token after `history`.
  ///
  /// - Throws: ``InferenceError/noFiniteLogit(position:)``.
  public mutating func draw(
    _ logits: UnsafeBufferPointer<Float>, history: [Int32]
  ) throws(InferenceError) -> Int32 {
    try draw(logits, history: history, SamplingScratch())
  }

  /// The token after `history` when there is no choice to make: the likeliest one of an unchanged row at temperature 0.
  func likeliest(_ row: UnsafeBufferPointer<Float>, _ scratch: SamplingScratch) -> Int32? {
    guard options.temperature == 0, bias.isEmpty, !penalties.isActive else { return nil }
    scratch.scan(row)
    return scratch.maximum == -.infinity ? nil : scratch.argmax(row)
  }

  /// The token after `history`, one of those `allowed`: the logits of all others count as negative infinity.
  mutating func draw(
    _ logits: UnsafeBufferPointer<Float>, history: [Int32], _ scratch: SamplingScratch, allowed: TokenMask? = nil
  ) throws(InferenceError) -> Int32 {
    if allowed == nil, bias.isEmpty, !penalties.isActive { return try choose(logits, position: history.count, scratch) }
    if let allowed { scratch.copy(logits, allowed) } else { scratch.copy(logits) }
    for (id, value) in bias where id < logits.count {
      let logit = scratch.logits[id]
      scratch.logits[id] = value.isFinite ? (logit + value).finite(ifSo: logit) : logit + value
    }
    penalties.apply(history, to: &scratch.logits)
    // The copy is put aside while the scratch works on it.
    var copy: [Float] = []
    swap(&copy, &scratch.logits)
    defer { swap(&copy, &scratch.logits) }
    return try copy.withUnsafeBufferPointer { row throws(InferenceError) in
      try choose(row, position: history.count, scratch)
    }
  }

  private func choose(
    _ row: UnsafeBufferPointer<Float>, position: Int, _ scratch: SamplingScratch
  ) throws(InferenceError) -> Int32 {
    scratch.scan(row)
    if scratch.maximum == -.infinity { throw .noFiniteLogit(position: position) }
    if options.temperature == 0 { return scratch.argmax(row) }
    if scratch.maximum == .infinity {
      // Beside an infinite logit nothing else has weight.
      scratch.selectUnsorted(row, from: .infinity)
      return scratch.candidates[Int(uniform(position) * Double(scratch.candidates.count))].id
    }
    if narrow(row, scratch) {
      scratch.weigh(temperature: options.temperature)
      return scratch.candidates[scratch.pick(uniform(position))].id
    }
    scratch.weigh(row, temperature: options.temperature)
    return Int32(truncatingIfNeeded: scratch.pick(uniform(position)))
  }

  /// Leaves the candidates of steps 4 to 6 in the scratch; `false` when all tokens stay.
  private func narrow(_ row: UnsafeBufferPointer<Float>, _ scratch: SamplingScratch) -> Bool {
    let lowest = options.minP > 0 ? scratch.maximum + Float(logarithm(Double(options.minP))) : -.infinity
    if options.topK > 0, options.topK < row.count {
      scratch.selectLargest(options.topK, row)
      if options.topP < 1 { scratch.keepMass(options.topP, of: scratch.candidateMass()) }
    } else if options.topP < 1 {
      // Most of the mass lies near the maximum: look further only when it does not suffice.
      let total = scratch.mass(row)
      var width: Float = 8
      repeat {
        scratch.selectSorted(row, from: width > 100 ? -.infinity : scratch.maximum - width)
        width *= 2
      } while !scratch.keepMass(options.topP, of: total) && width <= 256
    } else if options.minP > 0 {
      scratch.selectUnsorted(row, from: lowest)
      return true
    } else {
      return false
    }
    // A probability of at least the likeliest's stays: the likeliest itself always does.
    scratch.candidates.removeAll { $0.logit < lowest }
    return true
  }

  private func uniform(_ position: Int) -> Double {
    var random = Random(seed: seed, stream: 0x5361_6D70)
    random.position = UInt64(position)
    return random.uniform()
  }
}
