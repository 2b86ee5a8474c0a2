extension SamplingScratch {
  /// The sum of e^(x - maximum) over the candidates.
  func candidateMass() -> Double {
    candidates.reduce(0) { $0 + Double(exponential(SIMD16(repeating: $1.logit - maximum))[0]) }
  }

  /// The length of the shortest beginning of the sorted candidates with `share` of the mass `total`; nil when all of them
  /// have less.
  func beginning(_ share: Float, of total: Double) -> Int? {
    let wanted = Double(share) * total
    var sum = 0.0
    for index in candidates.indices {
      sum += Double(exponential(SIMD16(repeating: candidates[index].logit - maximum))[0])
      if sum >= wanted { return index + 1 }
    }
    return nil
  }

  /// Keeps that beginning; `false`, keeping all, when there is none.
  @discardableResult
  func keepMass(_ share: Float, of total: Double) -> Bool {
    guard let length = beginning(share, of: total) else { return false }
    candidates.removeLast(candidates.count - length)
    return true
  }

  /// Weights for the candidates.
  func weigh(temperature: Float) {
    weights.removeAll(keepingCapacity: true)
    for candidate in candidates {
      weights.append(exponential(SIMD16(repeating: (candidate.logit - maximum) / temperature))[0])
    }
  }

  /// Weights for a whole row.
  func weigh(_ row: UnsafeBufferPointer<Float>, temperature: Float) {
    let shift = maximum
    if weights.count != row.count { weights = [Float](repeating: 0, count: row.count) }
    weights.withUnsafeMutableBytes { bytes in
      var index = 0
      while index + 16 <= row.count {
        let values = exponential((row.lanes(index) - shift) / temperature)
        bytes.storeBytes(of: values, toByteOffset: index * 4, as: SIMD16<Float>.self)
        index += 16
      }
      while index < row.count {
        let value = exponential(SIMD16(repeating: (row[index] - shift) / temperature))[0]
        bytes.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
        index += 1
      }
    }
  }

  /// The first index whose weights up to it exceed the share `uniform` of all.
  func pick(_ uniform: Double) -> Int {
    weights.withUnsafeBufferPointer { weights in
      // Blocks are summed the same way both times, so that the walk cannot miss its block by rounding.
      func sum(_ block: Int) -> Double {
        let start = block * Self.block
        if start + Self.block > weights.count { return weights[start...].reduce(0) { $0 + Double($1) } }
        var lanes = SIMD16<Float>()
        for part in stride(from: start, to: start + Self.block, by: 16) { lanes += weights.lanes(part) }
        return Double(lanes.sum())
      }
      let blocks = (weights.count + Self.block - 1) / Self.block
      var total = 0.0
      for block in 0..<blocks { total += sum(block) }
      let target = uniform * total
      var passed = 0.0
      for block in 0..<blocks {
        let mass = sum(block)
        if passed + mass <= target {
          passed += mass
          continue
        }
        for index in block * Self.block..<min((block + 1) * Self.block, weights.count) {
          passed += Double(weights[index])
          if passed > target, weights[index] > 0 { return index }
        }
        break
      }
      // Rounding has eaten the last part: the last that has any weight.
      return weights.lastIndex { $0 > 0 } ?? 0
    }
  }
}
