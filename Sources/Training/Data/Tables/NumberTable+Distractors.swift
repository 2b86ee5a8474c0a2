import Tensors

extension NumberTable {
  /// Square images enlarged to another side by linear interpolation between the pixels' middles, with as many pixels anywhere
  /// replaced by even noise from 0 to 1: what tells nothing of the class. The noise of a row is the same in every epoch.
  ///
  /// - Parameters:
  ///   - side: of an image, with `side`² = ``columns``.
  ///   - target: the new side.
  ///   - distractors: the pixels that are replaced, each where chance says; one may be hit twice.
  ///   - seed: what the noise depends on.
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func enlarged(
    side: Int, to target: Int, distractors: Int, seed: UInt64
  ) throws(DataError) -> NumberTable {
    let rules = [
      ("side", side, 1...1 << 12), ("target", target, 1...1 << 12),
      ("distractors", distractors, 0...max(0, target.multipliedClamped(by: target))),
    ]
    for (field, value, range) in rules where !range.contains(value) {
      throw .invalidOption(field: field, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
    }
    guard side * side == columns else {
      throw .invalidOption(field: "side", value: "\(side)", expected: "the root of \(columns) columns")
    }
    // For each new row or column the two old ones and the second's share.
    let mix = (0..<target).map { place -> (Int, Int, Double) in
      let at = (Double(place) + 0.5) * Double(side) / Double(target) - 0.5
      let clamped = min(max(at, 0), Double(side - 1))
      let low = min(Int(clamped), max(0, side - 2))
      return (low, min(low + 1, side - 1), clamped - Double(low))
    }
    return changed(columns: target * target) { row, old in
      let start = old.startIndex
      var image: [Double] = []
      image.reserveCapacity(target * target)
      for (top, bottom, down) in mix {
        for (left, right, along) in mix {
          func line(_ y: Int) -> Double {
            let (a, b) = (old[start + y * side + left], old[start + y * side + right])
            return a + along * (b - a)
          }
          let upper = line(top)
          image.append(upper + down * (line(bottom) - upper))
        }
      }
      var random = Random(seed: seed, stream: UInt64(row) << 8 | DataStream.synthesis.rawValue)
      for _ in 0..<distractors {
        let place = Int(random.uniform() * Double(target * target))
        image[place] = random.uniform()
      }
      return image
    }
  }
}
