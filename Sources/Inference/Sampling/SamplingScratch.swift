import Text

/// Memory that drawing tokens reuses, and the selections that need it. One thread at a time.
final class SamplingScratch {
  /// A token that may be drawn.
  struct Candidate {
    let id: Int32
    let logit: Float
  }

  static let block = 64
  /// A changed copy of the logits.
  var logits: [Float] = []
  /// Whether a block of 64 of them may hold more than negative infinity.
  private var isUsed: [Bool] = []
  /// The largest logit of each block of 64; NaN counts as negative infinity.
  private(set) var blockMaxima: [Float] = []
  /// The largest logit.
  var maximum = -Float.infinity
  private var keys: [UInt64] = []
  private var swap: [UInt64] = []
  var candidates: [Candidate] = []
  var weights: [Float] = []

  /// Fills ``logits`` with a row.
  func copy(_ row: UnsafeBufferPointer<Float>) {
    logits.removeAll(keepingCapacity: true)
    logits.append(contentsOf: row)
    isUsed = []
  }

  /// Fills ``logits`` with a row, negative infinity for what is not allowed.
  func copy(_ row: UnsafeBufferPointer<Float>, _ allowed: TokenMask) {
    let blocks = Self.blocks(row)
    if logits.count != row.count { logits = [Float](repeating: -.infinity, count: row.count) }
    if isUsed.count != blocks { isUsed = [Bool](repeating: true, count: blocks) }
    logits.withUnsafeMutableBufferPointer { logits in
      allowed.words.withUnsafeBufferPointer { words in
        for block in 0..<blocks {
          let word = block < words.count ? words[block] : 0
          // Most blocks are empty again and again.
          if word == 0, !isUsed[block] { continue }
          isUsed[block] = word != 0
          let start = block * Self.block
          let end = min(start + Self.block, row.count)
          if word == .max, end - start == Self.block {
            for id in start..<end { logits[id] = row[id] }
            continue
          }
          for id in start..<end { logits[id] = -.infinity }
          var rest = word
          while rest != 0 {
            let id = start + rest.trailingZeroBitCount
            if id < end { logits[id] = row[id] }
            rest &= rest - 1
          }
        }
      }
    }
  }

  private static func blocks(_ row: UnsafeBufferPointer<Float>) -> Int { (row.count + block - 1) / block }

  /// Does `body` on ``logits``, which are put aside meanwhile.
  func withLogits<Value, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    var copy: [Float] = []
    Swift.swap(&copy, &logits)
    defer { Swift.swap(&copy, &logits) }
    return try copy.withUnsafeBufferPointer { row throws(Failure) in try body(row) }
  }

  /// Reads a row of logits, of which only those allowed are above negative infinity; everything else asks about it.
  func scan(_ row: UnsafeBufferPointer<Float>, _ allowed: TokenMask? = nil) {
    let blocks = Self.blocks(row)
    blockMaxima.removeAll(keepingCapacity: true)
    blockMaxima.reserveCapacity(blocks)
    maximum = -.infinity
    for block in 0..<blocks {
      let start = block * Self.block
      var largest = -Float.infinity
      if let words = allowed?.words, block >= words.count || words[block] == 0 {
        // Nothing is in it.
      } else if start + Self.block <= row.count {
        // A comparison with NaN is false, so NaN never wins.
        var lanes = SIMD16<Float>(repeating: -.infinity)
        for part in stride(from: start, to: start + Self.block, by: 16) {
          let values = row.lanes(part)
          lanes.replace(with: values, where: values .> lanes)
        }
        largest = lanes.max()
      } else {
        for value in row[start...] where value > largest { largest = value }
      }
      blockMaxima.append(largest)
      if largest > maximum { maximum = largest }
    }
  }

  /// The lowest id with the largest logit of the row that was scanned.
  func argmax(_ row: UnsafeBufferPointer<Float>) -> Int32 {
    for block in blockMaxima.indices where blockMaxima[block] == maximum {
      let start = block * Self.block
      for id in start..<min(start + Self.block, row.count) where row[id] == maximum {
        return Int32(truncatingIfNeeded: id)
      }
    }
    return 0
  }

  /// Fills ``candidates`` with the `count` largest logits above negative infinity, largest first, equal ones by id.
  func selectLargest(_ count: Int, _ row: UnsafeBufferPointer<Float>) {
    // At least `count` blocks have a maximum as large as the count-th largest one, so nothing below it can be chosen.
    gather(row, from: count < blockMaxima.count ? threshold(count) : -.infinity)
    sortKeys()
    fillCandidates(prefix: count)
  }

  /// Keeps the candidates in these places, and takes the first, the largest, for the largest logit.
  func keep(_ places: [Int]) {
    for (index, place) in places.enumerated() { candidates[index] = candidates[place] }
    candidates.removeLast(candidates.count - places.count)
    maximum = candidates.first?.logit ?? -.infinity
  }

  /// Fills ``candidates`` with all logits of at least `threshold` and above negative infinity, largest first.
  func selectSorted(_ row: UnsafeBufferPointer<Float>, from threshold: Float) {
    gather(row, from: threshold)
    sortKeys()
    fillCandidates(prefix: keys.count)
  }

  /// Fills ``candidates`` with all logits of at least `threshold` and above negative infinity, in the order of ids.
  func selectUnsorted(_ row: UnsafeBufferPointer<Float>, from threshold: Float) {
    gather(row, from: threshold)
    fillCandidates(prefix: keys.count)
  }

  /// The sum of e^(x - maximum) over the row that was scanned, in Double over blocks.
  func mass(_ row: UnsafeBufferPointer<Float>) -> Double {
    let shift = maximum
    var sum = 0.0
    var start = 0
    while start + Self.block <= row.count {
      defer { start += Self.block }
      // What is negative infinity, or none, adds nothing.
      if blockMaxima[start / Self.block] == -.infinity { continue }
      var lanes = SIMD16<Float>()
      for part in stride(from: start, to: start + Self.block, by: 16) { lanes += exponential(row.lanes(part) - shift) }
      sum += Double(lanes.sum())
    }
    while start < row.count {
      sum += Double(exponential(SIMD16(repeating: row[start] - shift))[0])
      start += 1
    }
    return sum
  }

  /// A token's log-probability in the softmax of a row, and the likeliest tokens with theirs.
  func logProbabilities(
    _ row: UnsafeBufferPointer<Float>, of token: Int32, top count: Int
  ) -> (Float, [GeneratedToken.Alternative]) {
    scan(row)
    guard maximum > -.infinity, maximum < .infinity else { return (-.infinity, []) }
    let normaliser = Double(maximum) + logarithm(mass(row))
    func logProbability(_ logit: Float) -> Float { logit.isNaN ? -.infinity : Float(Double(logit) - normaliser) }
    candidates.removeAll(keepingCapacity: true)
    if count > 0 { selectLargest(count, row) }
    let alternatives = candidates.map {
      GeneratedToken.Alternative(id: $0.id, logProbability: logProbability($0.logit))
    }
    return (logProbability(row[Int(token)]), alternatives)
  }

  /// A number that at least `count` of the blocks' maxima reach, and hardly more: the upper bits of the count-th largest,
  /// found digit by digit from how many have each.
  private func threshold(_ count: Int) -> Float {
    var found: UInt32 = 0
    var left = count
    for shift in stride(from: UInt32(24), to: 0, by: -8) {
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { digits in
        digits.initialize(repeating: 0)
        for maximum in blockMaxima {
          let key = Self.descending(maximum) >> shift
          if key >> 8 == found { digits[Int(key & 0xFF)] &+= 1 }
        }
        var digit = 0
        while digit < 255, left > digits[digit] {
          left -= Int(digits[digit])
          digit += 1
        }
        found = found << 8 | UInt32(digit)
      }
    }
    let threshold = Self.value(found << 8 | 0xFF)
    // Below negative infinity there are no numbers.
    return threshold.isNaN ? -.infinity : threshold
  }

  /// Packs each logit of at least `threshold` with its id so that ascending keys are descending logits, then ids.
  private func gather(_ row: UnsafeBufferPointer<Float>, from threshold: Float) {
    keys.removeAll(keepingCapacity: true)
    for block in blockMaxima.indices where blockMaxima[block] >= threshold && blockMaxima[block] > -.infinity {
      let start = block * Self.block
      for id in start..<min(start + Self.block, row.count) {
        let value = row[id]
        if value >= threshold, value > -.infinity {
          keys.append(UInt64(Self.descending(value)) << 32 | UInt64(id))
        }
      }
    }
  }

  private func fillCandidates(prefix count: Int) {
    candidates.removeAll(keepingCapacity: true)
    for key in keys.prefix(count) {
      let id = Int32(truncatingIfNeeded: key & 0xFFFF_FFFF)
      candidates.append(Candidate(id: id, logit: Self.value(UInt32(truncatingIfNeeded: key >> 32))))
    }
  }

  /// Bits whose order is the descending order of the numbers; 0 and -0 are equal.
  private static func descending(_ value: Float) -> UInt32 {
    let bits = (value + 0).bitPattern
    return bits >> 31 == 1 ? bits : ~bits & 0x7FFF_FFFF
  }

  private static func value(_ key: UInt32) -> Float {
    Float(bitPattern: key >> 31 == 1 ? key : ~key & 0x7FFF_FFFF)
  }

  /// Sorts ``keys``; many of them by digits, since their ids are in order already.
  private func sortKeys() {
    if keys.count < 2048 { return keys.sort() }
    swap.removeAll(keepingCapacity: true)
    swap.append(contentsOf: keys)
    for shift in stride(from: 32, to: 64, by: 8) {
      var starts = [Int](repeating: 0, count: 257)
      for key in keys { starts[Int(key >> UInt64(shift) & 0xFF) + 1] += 1 }
      for digit in 0..<256 { starts[digit + 1] += starts[digit] }
      for key in keys {
        let digit = Int(key >> UInt64(shift) & 0xFF)
        swap[starts[digit]] = key
        starts[digit] += 1
      }
      (keys, swap) = (swap, keys)
    }
  }
}

extension UnsafeBufferPointer<Float> {
  /// Sixteen numbers from `index` on.
  @inline(__always)
  func lanes(_ index: Int) -> SIMD16<Float> {
    UnsafeRawBufferPointer(self).loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self)
  }
}
