import CVenturi

/// A convolution over addresses, cut into tiles of output positions.
///
/// An image is widened by its margins first, in a worker's scratch: then an element of the kernel is the same step from every
/// output position.
struct ConvolutionJob {
  let kernels: UnsafePointer<vt_gemm_kernels>
  let windows: UnsafePointer<vt_window_kernels>
  /// The images, and where they end.
  let x: UnsafePointer<Float>
  let end: UnsafePointer<Float>
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
  /// Images that are multiplied at once: small ones by themselves would read all weights for a few columns.
  var together = 1

  /// Output positions of an image.
  var columns: Int { outputs[0] * outputs[1] * outputs[2] }
  /// Terms of an output.
  var inner: Int { channels * window.taps }
  /// Steps of the inner sum at a time: whole channels, so that a packed panel is made kernel element by kernel element.
  var depth: Int {
    let perStep = max(1, Int(kernels.pointee.depth) / window.taps)
    return min(channels, perStep) * window.taps
  }
  /// What a worker needs: panels, images with margins, and the outputs of several images.
  var scratchFloats: Int {
    let outputs = together > 1 ? rows * together * columns : 0
    return (panelFloats + (hasMargins ? together * channels * volume + 16 : 0) + outputs + 15) & ~15
  }
  private var panelFloats: Int { depth * 16 * mostPanels }
  /// Panels at a time: as many as fit the cache.
  private var mostPanels: Int { max(1, min(Int(kernels.pointee.panels), (1 << 20) / (depth * 16))) }

  private var hasMargins: Bool { window.before.contains { $0 > 0 } || window.after.contains { $0 > 0 } }
  /// An image's extents with its margins.
  private var wide: [Int] { (0..<3).map { extents[$0] + window.before[$0] + window.after[$0] } }
  private var volume: Int { hasMargins ? wide.reduce(1, *) : extents.reduce(1, *) }

  /// Panels of a tile: as many as the cache takes, fewer where threads would have nothing to do, and no last tile of a few.
  func panels(matrices: Int, threads: Int) -> Int {
    let all = (columns + 15) / 16
    var most = min(all, mostPanels)
    if threads > 1 {
      let wanted = (4 * threads + matrices - 1) / matrices
      most = min(most, (all + wanted - 1) / wanted)
    }
    let tiles = (all + max(1, most) - 1) / max(1, most)
    return max(1, (all + tiles - 1) / max(1, tiles))
  }

  /// How many of `images` make a tile: what wastes the fewest lanes of panels, with as much for each thread.
  func togetherness(images: Int, threads: Int) -> Int {
    let most = min(images, 16 * mostPanels / max(1, columns))
    if most <= 1 { return 1 }
    var best = (together: 1, cost: Int.max)
    for together in 1...most {
      let rounds = ((images + together - 1) / together * groups + threads - 1) / threads
      // Each tile reads all weights, which is worth about one more panel.
      let cost = rounds * ((together * columns + 15) / 16 + 1)
      if cost <= best.cost { best = (together, cost) }
    }
    return best.together
  }

  /// The window over images with their margins, which lie `apart`.
  private func widened(apart: Int = 0) -> vt_window {
    var widened = window
    widened.before = [0, 0, 0]
    widened.after = [0, 0, 0]
    return widened.cWindow(extents: wide, outputs: outputs, apart: apart)
  }

  /// The channels of one image and group with their margins, and where what may be read ends; `place` is that among images
  /// that are multiplied at once.
  func widened(
    matrix: Int, _ scratch: UnsafeMutablePointer<Float>, place: Int = 0
  ) -> (image: UnsafePointer<Float>, end: UnsafePointer<Float>) {
    let source = x + matrix * channels * extents.reduce(1, *)
    if !hasMargins { return (source, end) }
    let image = scratch + panelFloats + place * channels * volume
    withUnsafePointer(to: window.cWindow(extents: extents, outputs: outputs)) {
      windows.pointee.widen($0, Int64(channels), source, image)
    }
    // Whole vectors are read, and behind the last image there is nothing else.
    let behind = image + channels * volume
    behind.update(repeating: 0, count: 16)
    return (UnsafePointer(image), UnsafePointer(behind + 16))
  }

  func run(
    matrix: Int, image: (image: UnsafePointer<Float>, end: UnsafePointer<Float>), first: Int, panels: Int,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let group = matrix % groups
    let target = y + matrix * rows * columns + first
    let count = min(16 * panels, columns - first)
    multiply(group, image.image, image.end, apart: 0, first, count, scratch, target, columns)
  }

  /// One group of some images at once.
  func run(group: Int, images: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) {
    // Images without margins are read where they lie, those with them one behind the other.
    var (image, end) = widened(matrix: images.lowerBound * groups + group, scratch)
    for index in images.dropFirst() {
      end = widened(matrix: index * groups + group, scratch, place: index - images.lowerBound).end
    }
    let width = images.count * columns
    let sums = scratch + panelFloats + (hasMargins ? together * channels * volume + 16 : 0)
    multiply(
      group, image, end, apart: (hasMargins ? 1 : groups) * channels * volume, 0, width, scratch, sums, width)
    for index in images {
      let target = y + (index * groups + group) * rows * columns
      let from = sums + (index - images.lowerBound) * columns
      for row in 0..<rows { (target + row * columns).update(from: from + row * width, count: columns) }
    }
  }

  /// The outputs of a group at some positions, rows of them `ldc` apart.
  private func multiply(
    _ group: Int, _ image: UnsafePointer<Float>, _ end: UnsafePointer<Float>, apart: Int, _ first: Int, _ count: Int,
    _ scratch: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    let weights = w + group * rows * inner
    if let bias {
      for row in 0..<rows { (target + row * ldc).update(repeating: bias[group * rows + row], count: count) }
    }
    let (depth, volume, taps) = (depth, volume, window.taps)
    withUnsafePointer(to: widened(apart: apart)) { under in
      for start in stride(from: 0, to: inner, by: depth) {
        let steps = min(depth, inner - start)
        for panel in 0..<(count + 15) / 16 {
          windows.pointee.pack(
            under, Int64(steps / taps), image + start / taps * volume, end, Int64(first + 16 * panel),
            Int64(min(16, count - 16 * panel)), scratch + panel * depth * 16)
        }
        kernels.pointee.block_f32(
          Int32(rows), Int32(steps), weights + start, Int64(inner), scratch, Int64(depth * 16), target, Int64(ldc),
          Int32(count), start > 0 || bias != nil ? 1 : 0)
      }
    }
  }
}

extension Window {
  /// The window as kernels take it, over planes of `extents`.
  func cWindow(extents: [Int], outputs: [Int], apart: Int = 0) -> vt_window {
    func triple(_ values: [Int]) -> (Int64, Int64, Int64) { (Int64(values[0]), Int64(values[1]), Int64(values[2])) }
    return vt_window(
      kernel: triple(kernel), strides: triple(strides), dilations: triple(dilations), before: triple(before),
      after: triple(after), extents: triple(extents), outputs: triple(outputs), apart: Int64(apart))
  }
}

extension Context {
  /// The window kernels of this context.
  var windowKernels: UnsafePointer<vt_window_kernels> { vt_window_kernels_for(kernelSet.isa).unsafelyUnwrapped }
}
