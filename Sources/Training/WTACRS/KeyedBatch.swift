/// A batch whose samples are known again in another order: what is remembered of them is found by what they hold.
public protocol KeyedBatch {
  /// A number for each sample, the same whenever it comes, another for another.
  var sampleKeys: [UInt64] { get }
  /// For each row of a layer's input whether its gradient can be other than 0; nothing where all can.
  var learningRows: [Bool]? { get }
}

/// FNV-1a over words.
private struct KeyHash {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0x100_0000_01B3
    value ^= value >> 29
  }
}

extension TokenBatch: KeyedBatch {
  /// One for each row of tokens and what they predict.
  public var sampleKeys: [UInt64] {
    (0..<rows).map { row in
      var hash = KeyHash()
      for index in row * length..<(row + 1) * length {
        hash.add(UInt64(truncatingIfNeeded: inputs[index]) << 32 ^ UInt64(UInt32(truncatingIfNeeded: targets[index])))
      }
      return hash.value
    }
  }

  /// A causal model's gradient ends in each sequence at the last token that predicts something: padding has none.
  public var learningRows: [Bool]? {
    guard targets.contains(TokenSequence.ignored) else { return nil }
    var learns = [Bool](repeating: false, count: inputs.count)
    let starts = Set(sequenceStarts).union((0..<rows).map { $0 * length })
    var isBehind = false
    for index in inputs.indices.reversed() {
      isBehind = isBehind || targets[index] != TokenSequence.ignored
      learns[index] = isBehind
      if starts.contains(index) { isBehind = false }
    }
    return learns
  }
}

extension ImageBatch: KeyedBatch {
  /// One for each image's pixels and class. An image that is changed anew each epoch is a new sample each time.
  public var sampleKeys: [UInt64] {
    let size = images.count / max(1, labels.count)
    let pixels = images.detached()
    return withExtendedLifetime(pixels) {
      let values = pixels.pointer(as: Float.self)
      return labels.enumerated().map { index, label in
        var hash = KeyHash()
        hash.add(UInt64(truncatingIfNeeded: label))
        for place in index * size..<(index + 1) * size { hash.add(UInt64(values[place].bitPattern)) }
        return hash.value
      }
    }
  }

  /// All learn.
  public var learningRows: [Bool]? { nil }
}
