extension PixelImage {
  /// The image at another size: each pixel a mean of those it covers, weighted by a triangle as wide as two of the coarser
  /// grid's pixels, so that fine detail does not alias when it becomes smaller.
  public func resized(width newWidth: Int, height newHeight: Int) -> PixelImage {
    if newWidth == width, newHeight == height { return self }
    let (across, down) = (Self.weights(from: width, to: newWidth), Self.weights(from: height, to: newHeight))
    var rows = [Float](repeating: 0, count: height * newWidth * channels)
    for y in 0..<height {
      for (x, taps) in across.enumerated() {
        for channel in 0..<channels {
          var sum: Float = 0
          for (index, weight) in taps.weights.enumerated() {
            sum += weight * Float(bytes[(y * width + taps.first + index) * channels + channel])
          }
          rows[(y * newWidth + x) * channels + channel] = sum
        }
      }
    }
    var result = [UInt8](repeating: 0, count: newHeight * newWidth * channels)
    let rowSize = newWidth * channels
    for (y, taps) in down.enumerated() {
      for place in 0..<rowSize {
        var sum: Float = 0
        for (index, weight) in taps.weights.enumerated() {
          sum += weight * rows[(taps.first + index) * rowSize + place]
        }
        result[y * rowSize + place] = UInt8(max(0, min(255, sum.rounded())))
      }
    }
    return PixelImage(width: newWidth, height: newHeight, channels: channels, bytes: result)
  }

  /// What each new pixel of a line is made of: the first old pixel and the weights from there on, their sum 1.
  private static func weights(from old: Int, to new: Int) -> [(first: Int, weights: [Float])] {
    let scale = Double(old) / Double(new)
    let reach = max(1, scale)
    return (0..<new).map { index in
      let middle = (Double(index) + 0.5) * scale
      let first = max(0, Int((middle - reach).rounded(.down)))
      let last = min(old - 1, Int((middle + reach).rounded(.up)))
      let raw = (first...last).map { max(0, 1 - abs(Double($0) + 0.5 - middle) / reach) }
      let sum = raw.reduce(0, +)
      return (first, raw.map { Float($0 / sum) })
    }
  }
}
