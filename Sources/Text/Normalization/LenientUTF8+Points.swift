extension LenientUTF8 {
  /// The code points of bytes, U+FFFD for each that starts no sequence.
  static func points(_ text: [UInt8]) -> [UInt32] {
    var points: [UInt32] = []
    points.reserveCapacity(text.count)
    text.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress else { return }
      var position = 0
      while position < text.count {
        if let (point, length) = scalar(base + position, count: text.count &- position) {
          points.append(point)
          position &+= length
        } else {
          points.append(0xFFFD)
          position &+= 1
        }
      }
    }
    return points
  }

  /// The bytes of code points.
  static func encode(_ points: [UInt32]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: points.reduce(0) { $0 + width($1) }) { output, count in
      guard let base = output.baseAddress else { return }
      for point in points { count += write(point, to: base + count) }
    }
  }
}
