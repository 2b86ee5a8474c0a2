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
    guard options.temperature == 0, isPlain else { return nil }
    scratch.scan(row)
    return scratch.maximum == -.infinity ? nil : scratch.argmax(row)
  }

  /// The token after `history`, one of those `allowed`: the logits of all others count as negative infinity.
  mutating func draw(
    _ logits: UnsafeBufferPointer<Float>, history: [Int32], _ scratch: SamplingScratch, allowed: TokenMask? = nil
  ) throws(InferenceError) -> Int32 {
    if allowed == nil, isPlain { return try choose(logits, position: history.count, scratch) }
    if let allowed { scratch.copy(logits, allowed) } else { scratch.copy(logits) }
    change(history, scratch)
    return try scratch.withLogits { row throws(InferenceError) in
      try choose(row, position: history.count, scratch, allowed: allowed)
    }
  }

  /// The token after `history`, one of those that the matcher allows: the one that ``draw(_:history:_:allowed:)`` gives with
  /// its mask, found by asking about the likeliest tokens only. Nil where those do not tell.
  mutating func draw(
    _ logits: UnsafeBufferPointer<Float>, history: [Int32], _ scratch: SamplingScratch, asking matcher: GrammarMatcher
  ) throws -> Int32? {
    if isPlain { return try choose(logits, position: history.count, scratch, asking: matcher) }
    scratch.copy(logits)
    change(history, scratch)
    return try scratch.withLogits { try choose($0, position: history.count, scratch, asking: matcher) }
  }

  /// Whether logits are drawn from as they are.
  private var isPlain: Bool { bias.isEmpty && !penalties.isActive }

  /// Steps 1 and 2 on the logits in the scratch.
  private mutating func change(_ history: [Int32], _ scratch: SamplingScratch) {
    for (id, value) in bias where id < scratch.logits.count {
      let logit = scratch.logits[id]
      scratch.logits[id] = value.isFinite ? (logit + value).finite(ifSo: logit) : logit + value
    }
    penalties.apply(history, to: &scratch.logits)
  }

  private func choose(
    _ row: UnsafeBufferPointer<Float>, position: Int, _ scratch: SamplingScratch, asking matcher: GrammarMatcher
  ) throws -> Int32? {
    let count = options.temperature == 0 ? 1 : options.topK
    guard count > 0, count < row.count else {
      return try chooseLikely(row, position: position, scratch, asking: matcher)
    }
    return try choose(row, count, position: position, scratch, asking: matcher)
  }

  /// A draw from the `count` largest logits of tokens that the matcher allows; nil if they are not among the largest of all.
  private func choose(
    _ row: UnsafeBufferPointer<Float>, _ count: Int, position: Int, _ scratch: SamplingScratch,
    asking matcher: GrammarMatcher
  ) throws -> Int32? {
    let spare = count / 2 + 16
    guard count + spare <= max(row.count / SamplingScratch.block, Self.askedLimit) else { return nil }
    scratch.scan(row)
    scratch.selectLargest(count + spare, row)
    // Where these are all that can be drawn at all, fewer suffice.
    let isAll = scratch.candidates.count < count + spare
    let likeliest = scratch.candidates.map(\.id)
    guard let places = try matcher.firstAllowed(count, of: likeliest, refusals: isAll ? .max : spare),
      let first = places.first.map({ scratch.candidates[$0] }), first.logit < .infinity
    else { return nil }
    if options.temperature == 0 { return first.id }
    scratch.keep(places)
    narrowLargest(scratch)
    return pick(position, scratch)
  }

  /// A draw from all tokens that the matcher allows, where steps 5 and 6 leave none but some of the largest logits; nil if
  /// that depends on which of the others are allowed.
  private func chooseLikely(
    _ row: UnsafeBufferPointer<Float>, position: Int, _ scratch: SamplingScratch, asking matcher: GrammarMatcher
  ) throws -> Int32? {
    guard options.topP < 1 || options.minP > 0 else { return nil }
    scratch.scan(row)
    guard scratch.maximum > -.infinity, scratch.maximum < .infinity else { return nil }
    let mass = options.topP < 1 ? scratch.mass(row) : 0
    scratch.selectLargest(Self.likelyCount, row)
    let likeliest = scratch.candidates.map(\.id)
    guard let first = try matcher.firstAllowed(1, of: likeliest, refusals: Self.likelyCount / 4)?.first else {
      return nil
    }
    let shift = scratch.candidates[first].logit - scratch.maximum
    // Beside what is not allowed the others would be lost in rounding.
    guard shift > -60 else { return nil }
    scratch.maximum = scratch.candidates[first].logit
    let lowest = lowest(scratch)
    let asked = scratch.candidates.prefix { $0.logit >= lowest }.count
    let isWhole = asked < scratch.candidates.count || asked < Self.likelyCount
    guard isWhole || options.topP < 1,
      let others = try matcher.firstAllowed(asked, of: Array(likeliest[..<asked].dropFirst(first + 1)), refusals: .max)
    else { return nil }
    let places = [first] + others.map { first + 1 + $0 }
    if options.topP < 1 {
      // Of the others all may be allowed, or none.
      scratch.candidates.removeLast(scratch.candidates.count - asked)
      let whole = mass / Double(exponential(SIMD16(repeating: shift))[0]) * 1.000_01
      let unknown = max(0, whole - scratch.candidateMass() * 0.999_99)
      scratch.keep(places)
      let known = scratch.candidateMass()
      let least = scratch.beginning(options.topP, of: known * 0.999_99) ?? places.count
      let most = scratch.beginning(options.topP, of: (known + unknown) * 1.000_01) ?? (isWhole ? places.count : nil)
      guard least == most else { return nil }
      scratch.candidates.removeLast(places.count - least)
    } else {
      scratch.keep(places)
      scratch.candidates.sort { $0.id < $1.id }
    }
    return pick(position, scratch)
  }

  /// How many of the largest logits are looked at where no `topK` says so.
  private static let likelyCount = 64

  /// How many tokens are asked about even where rows are short; a mask is the better way to more.
  private static let askedLimit = 256

  private func choose(
    _ row: UnsafeBufferPointer<Float>, position: Int, _ scratch: SamplingScratch, allowed: TokenMask? = nil
  ) throws(InferenceError) -> Int32 {
    scratch.scan(row, allowed)
    if scratch.maximum == -.infinity { throw .noFiniteLogit(position: position) }
    if options.temperature == 0 { return scratch.argmax(row) }
    if scratch.maximum == .infinity {
      // Beside an infinite logit nothing else has weight.
      scratch.selectUnsorted(row, from: .infinity)
      return scratch.candidates[Int(uniform(position) * Double(scratch.candidates.count))].id
    }
    if narrow(row, scratch) { return pick(position, scratch) }
    scratch.weigh(row, temperature: options.temperature)
    return Int32(truncatingIfNeeded: scratch.pick(uniform(position)))
  }

  /// Steps 7 and 8 with the candidates in the scratch.
  private func pick(_ position: Int, _ scratch: SamplingScratch) -> Int32 {
    scratch.weigh(temperature: options.temperature)
    return scratch.candidates[scratch.pick(uniform(position))].id
  }

  /// Leaves the candidates of steps 4 to 6 in the scratch; `false` when all tokens stay.
  private func narrow(_ row: UnsafeBufferPointer<Float>, _ scratch: SamplingScratch) -> Bool {
    if options.topK > 0, options.topK < row.count {
      scratch.selectLargest(options.topK, row)
      narrowLargest(scratch)
    } else if options.topP < 1 {
      // Most of the mass lies near the maximum: look further only when it does not suffice.
      let total = scratch.mass(row)
      var width: Float = 8
      repeat {
        scratch.selectSorted(row, from: width > 100 ? -.infinity : scratch.maximum - width)
        width *= 2
      } while !scratch.keepMass(options.topP, of: total) && width <= 256
      dropUnlikely(scratch)
    } else if options.minP > 0 {
      scratch.selectUnsorted(row, from: lowest(scratch))
    } else {
      return false
    }
    return true
  }

  /// Steps 5 and 6 after the k largest are the candidates.
  private func narrowLargest(_ scratch: SamplingScratch) {
    if options.topP < 1 { scratch.keepMass(options.topP, of: scratch.candidateMass()) }
    dropUnlikely(scratch)
  }

  /// Step 6; the likeliest itself always stays.
  private func dropUnlikely(_ scratch: SamplingScratch) {
    let lowest = lowest(scratch)
    scratch.candidates.removeAll { $0.logit < lowest }
  }

  /// The least logit that step 6 keeps.
  private func lowest(_ scratch: SamplingScratch) -> Float {
    options.minP > 0 ? scratch.maximum + Float(logarithm(Double(options.minP))) : -.infinity
  }

  private func uniform(_ position: Int) -> Double {
    var random = Random(seed: seed, stream: 0x5361_6D70)
    random.position = UInt64(position)
    return random.uniform()
  }
}
