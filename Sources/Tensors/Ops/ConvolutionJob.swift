import CVenturi

/// A convolution over addresses, cut into tiles of output positions.
///
/// An image is widened by its margins first, in a worker's scratch: then an element of the kernel is the same step from every
/// output position.
struct ConvolutionJob {
  let kernels: UnsafePointer<vt_gemm_kernels>
  let x: UnsafePointer<Float>
  let w: UnsafePointer<Float>
  let bias: UnsafePointer<Float>?
  let y: UnsafeMutablePointer<Float>
  let window: Window
  let extents: [Int]
  let outputs: [Int]
  /// Input channels of a group.
  let channels: Int
  /// Output channels of a group.
  let rows: Int
  let groups: Int

  /// Output positions of an image.
  var columns: Int { outputs[0] * outputs[1] * outputs[2] }
  /// Terms of an output.
  var inner: Int { channels * window.taps }
  /// Steps of the inner sum at a time: whole channels, so that a packed panel is made kernel element by kernel element.
  var depth: Int {
    let perStep = max(1, Int(kernels.pointee.depth) / window.taps)
    return min(channels, perStep) * window.taps
  }
  /// What a worker needs: panels, and an image with margins.
  var scratchFloats: Int { (depth * 16 * mostPanels + (hasMargins ? channels * volume + 16 : 0) + 15) & ~15 }
  /// Panels at a time: as many as fit the cache.
  private var mostPanels: Int { max(1, min(Int(kernels.pointee.panels), (1 << 20) / (depth * 16))) }

  private var hasMargins: Bool { window.before.contains { $0 > 0 } || window.after.contains { $0 > 0 } }
  /// An image's extents with its margins.
  private var wide: [Int] { (0..<3).map { extents[$0] + window.before[$0] + window.after[$0] } }
  private var volume: Int { hasMargins ? wide.reduce(1, *) : extents.reduce(1, *) }

  /// Panels of a tile: as many as the cache takes, fewer where threads would have nothing to do.
  func panels(matrices: Int, threads: Int) -> Int {
    let all = (columns + 15) / 16
    let most = min(all, mostPanels)
    if threads == 1 { return max(1, most) }
    let wanted = (4 * threads + matrices - 1) / matrices
    return max(1, min(most, (all + wanted - 1) / wanted))
  }

  /// The channels of one image and group, with their margins.
  func widened(matrix: Int, _ scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    let (depth, height, width) = (extents[0], extents[1], extents[2])
    let source = x + matrix * channels * depth * height * width
    if !hasMargins { return source }
    let image = scratch + self.depth * 16 * mostPanels
    image.update(repeating: 0, count: channels * volume + 16)
    let wide = wide
    for channel in 0..<channels {
      for z in 0..<depth {
        for y in 0..<height {
          let to = ((channel * wide[0] + z + window.before[0]) * wide[1] + y + window.before[1]) * wide[2]
          (image + to + window.before[2]).update(
            from: source + ((channel * depth + z) * height + y) * width, count: width)
        }
      }
    }
    return UnsafePointer(image)
  }

  func run(
    matrix: Int, image: UnsafePointer<Float>, first: Int, panels: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let group = matrix % groups
    let weights = w + group * rows * inner
    let target = y + matrix * rows * columns + first
    let count = min(16 * panels, columns - first)
    for row in 0..<rows { (target + row * columns).update(repeating: bias?[group * rows + row] ?? 0, count: count) }
    let (depth, volume) = (depth, volume)
    var start = 0
    while start < inner {
      let steps = min(depth, inner - start)
      for panel in 0..<(count + 15) / 16 {
        pack(
          image + start / window.taps * volume, volume, channels: steps / window.taps, first: first + 16 * panel,
          scratch + panel * depth * 16)
      }
      kernels.pointee.block_f32(
        Int32(rows), Int32(steps), weights + start, Int64(inner), scratch, Int64(depth * 16), target, Int64(columns),
        Int32(count), 1)
      start += steps
    }
  }

  /// Packs 16 output positions of some channels: [channel][kernel element][16].
  private func pack(
    _ source: UnsafePointer<Float>, _ volume: Int, channels: Int, first: Int, _ panel: UnsafeMutablePointer<Float>
  ) {
    let taps = window.taps
    let (height, width) = hasMargins ? (wide[1], wide[2]) : (extents[1], extents[2])
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 16 + taps) { buffer in
      let places = buffer.baseAddress.unsafelyUnwrapped
      let steps = places + 16
      var tap = 0
      for z in 0..<window.kernel[0] {
        for y in 0..<window.kernel[1] {
          for x in 0..<window.kernel[2] {
            steps[tap] =
              (z * window.dilations[0] * height + y * window.dilations[1]) * width + x * window.dilations[2]
            tap += 1
          }
        }
      }
      // Lanes behind the last output repeat it; nobody reads them.
      var (turn, turns) = (16, 0)
      for lane in 0..<16 {
        let (rest, x) = min(first + lane, columns - 1).quotientAndRemainder(dividingBy: outputs[2])
        let (z, y) = rest.quotientAndRemainder(dividingBy: outputs[1])
        places[lane] =
          (z * window.strides[0] * height + y * window.strides[1]) * width + x * window.strides[2]
        if lane > 0, places[lane] != places[lane - 1] + 1 {
          turn = lane
          turns += 1
        }
      }
      if turns == 0 || turns == 1 && hasMargins {
        // One run, or two: the end of one row of outputs and the beginning of the next, which lies in the margins' scratch
        // with room behind it.
        let other = turns == 0 ? 0 : places[turn] - turn
        var isOther = SIMDMask<SIMD16<Int32>>(repeating: false)
        for lane in 0..<16 where lane >= turn { isOther[lane] = true }
        for channel in 0..<channels {
          for tap in 0..<taps {
            let from = source + channel * volume + steps[tap]
            let to = panel + (channel * taps + tap) * 16
            var lanes = UnsafeRawPointer(from + places[0]).loadUnaligned(as: SIMD16<Float>.self)
            if turns == 1 {
              lanes.replace(
                with: UnsafeRawPointer(from + other).loadUnaligned(as: SIMD16<Float>.self), where: isOther)
            }
            UnsafeMutableRawPointer(to).storeBytes(of: lanes, as: SIMD16<Float>.self)
          }
        }
        return
      }
      for channel in 0..<channels {
        for tap in 0..<taps {
          let from = source + channel * volume + steps[tap]
          let to = panel + (channel * taps + tap) * 16
          for lane in 0..<16 { to[lane] = from[places[lane]] }
        }
      }
    }
  }
}
