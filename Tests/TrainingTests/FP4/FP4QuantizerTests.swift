import NumericTypes
import Tensors
import Testing
import Training

/// Whole matrices: blocks, packing, chance, what is no number.
@Suite struct FP4QuantizerTests {
  static let formats: [FP4Format] = FP4Scale.allCases.flatMap { scale in
    [16, 32].flatMap { block in
      FP4Scale.Rounding.allCases.flatMap { rounding in
        (scale == .e8m0 ? [false] : [false, true]).map {
          FP4Format(scale: scale, block: block, scaleRounding: rounding, hasTensorScale: $0)
        }
      }
    }
  }

  static func matrix(_ rows: Int, _ columns: Int, seed: UInt64, _ context: Context) -> Tensor {
    var random = Random(seed: seed)
    let x = context.normal([rows, columns], random: &random)
    // Rows of different sizes.
    return context.multiply(x, context.uniform([rows, 1], low: 0.01, high: 3, random: &random))
  }

  static func floats(_ x: Tensor, _ context: Context) -> [Float] {
    let plain = context.contiguous(x)
    return withExtendedLifetime(plain) {
      Array(UnsafeBufferPointer(start: plain.pointer(as: Float.self), count: plain.count))
    }
  }

  /// A block by its definition, in Double, the scale's code given.
  static func plain(_ x: [Float], _ scale: Double) -> [Double] {
    let values = (UInt8(0)..<8).map { Double(FP4Payload.decode($0)) }
    return x.map { x in
      let size = min(6, abs(Double(x)) / scale)
      let best = values.indices.min { a, b in
        let (first, second) = (abs(values[a] - size), abs(values[b] - size))
        return first != second ? first < second : a & 1 < b & 1
      }
      return (x < 0 ? -1 : 1) * values[best ?? 0] * scale
    }
  }

  @Test(arguments: formats.indices) func packedIsRounded(_ index: Int) {
    let context = Context(threads: 1)
    for rounding in FP4Quantizer.Rounding.allCases {
      let quantizer = FP4Quantizer(Self.formats[index], rounding: rounding)
      for columns in [1, 15, 16, 33, 96] {
        let x = Self.matrix(5, columns, seed: UInt64(columns), context)
        let chance = FP4Quantizer.Chance(seed: 4, stream: 2)
        let rounded = Self.floats(quantizer.rounded(x, context, chance: chance), context)
        let packed = quantizer.packed(x, context, chance: chance)
        #expect(Self.floats(packed.decoded(context), context) == rounded)
        let blocks = (columns + quantizer.format.block - 1) / quantizer.format.block
        let bytes = 5 * ((columns + 1) / 2 + blocks)
        #expect(packed.byteCount == bytes + (quantizer.format.hasTensorScale ? 4 : 0))
      }
    }
  }

  @Test(arguments: formats.indices) func roundedIsNearest(_ index: Int) {
    let context = Context(threads: 1)
    let format = Self.formats[index]
    let x = Self.matrix(6, 80, seed: 8, context)
    let quantizer = FP4Quantizer(format)
    let chance = FP4Quantizer.Chance(seed: 3, stream: 5)
    let (values, source) = (
      Self.floats(quantizer.rounded(x, context, chance: chance), context), Self.floats(x, context)
    )
    let packed = quantizer.packed(x, context, chance: chance)
    let blocks = (80 + format.block - 1) / format.block
    for row in 0..<6 {
      for block in 0..<blocks {
        let range = row * 80 + block * format.block..<min(row * 80 + 80, row * 80 + (block + 1) * format.block)
        let scale = Double(format.scale.decode(packed.scales[row * blocks + block])) * Double(packed.tensorScale)
        let (found, expected) = (values[range].map { Double($0) }, Self.plain(Array(source[range]), scale))
        for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-6 * max(abs(b), scale)) }
        let largest = Double(source[range].map(\.magnitude).max() ?? 0)
        // A scale that was rounded up cuts nothing off.
        if format.scaleRounding == .up { #expect(largest <= 6 * scale * (1 + 1e-6)) }
      }
    }
  }

  @Test(arguments: formats.indices) func roundingAgainChangesNothing(_ index: Int) {
    let format = Self.formats[index]
    if format.scaleRounding == .stochastic { return }
    let context = Context(threads: 1)
    let quantizer = FP4Quantizer(format)
    let once = quantizer.rounded(Self.matrix(16, 96, seed: 12, context), context)
    let twice = quantizer.rounded(once, context)
    let (a, b) = (Self.floats(once, context), Self.floats(twice, context))
    if format.hasTensorScale {
      // The tensor's scale is a quotient: its last bit may differ.
      #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-6 * $0.magnitude })
    } else {
      #expect(a == b)
    }
  }

  @Test func whatIsNoNumberStaysInItsBlock() {
    let context = Context(threads: 1)
    for format in Self.formats {
      let x = Self.matrix(2, 64, seed: 3, context)
      let values = x.pointer(as: Float.self)
      let clean = Self.floats(FP4Quantizer(format).rounded(x, context), context)
      for bad in [Float.nan, .infinity, -.infinity] {
        values[3] = bad
        let quantizer = FP4Quantizer(format)
        let found = Self.floats(quantizer.rounded(x, context), context)
        #expect(found[..<format.block].allSatisfy { $0.isNaN })
        #expect(found[format.block...].allSatisfy { $0.isFinite })
        if !format.hasTensorScale && format.scaleRounding != .stochastic {
          #expect(found[format.block...] == clean[format.block...])
        }
        #expect(Self.floats(quantizer.packed(x, context).decoded(context), context)[3].isNaN)
      }
    }
  }

  @Test func zerosAndSingleOutliers() {
    let context = Context(threads: 1)
    for format in Self.formats where format.scaleRounding != .stochastic {
      let quantizer = FP4Quantizer(format)
      let zeros = quantizer.packed(context.zeros([2, 48]), context)
      #expect(zeros.codes.allSatisfy { $0 == 0 })
      #expect(zeros.scales.allSatisfy { format.scale.decode($0) == format.scale.min })
      let x = context.full([1, 32], 1e-4)
      x.pointer(as: Float.self)[5] = 96
      let found = Self.floats(quantizer.rounded(x, context), context)
      #expect(abs(found[5] - 96) <= 96 / 3 && found[5] > 0, "\(format): \(found[5])")
      #expect(found[..<5].allSatisfy { $0 == 0 }, "\(format)")
    }
    // Sizes at both ends of f32.
    for size in [Float.leastNonzeroMagnitude, 1e-38, 1e-30, 1e30, .greatestFiniteMagnitude] {
      for format in Self.formats {
        let found = Self.floats(
          FP4Quantizer(format, rounding: .stochastic).rounded(context.full([1, 16], Double(size)), context), context)
        #expect(found.allSatisfy { !$0.isNaN }, "\(format) at \(size)")
      }
    }
  }

  @Test func chanceIsEachElementsOwn() {
    let context = Context(threads: 1)
    let quantizer = FP4Quantizer(.mxfp4, rounding: .stochastic)
    // The first element of each block fixes its scale; the others lie half-way between two values.
    let x = context.full([64, 32], 2.5)
    for row in 0..<64 { x.pointer(as: Float.self)[row * 32] = 6 }
    let found = Self.floats(quantizer.rounded(x, context, chance: .init(seed: 1, stream: 1)), context)
    var mixed = 0
    for row in 0..<64 {
      let rest = found[row * 32 + 1..<(row + 1) * 32]
      #expect(rest.allSatisfy { $0 == 2 || $0 == 3 })
      if rest.contains(2) && rest.contains(3) { mixed += 1 }
    }
    #expect(mixed == 64, "one number for a block would round all of it alike")
    let ups = found.count { $0 == 3 }
    #expect(abs(Double(ups) / (64 * 31) - 0.5) < 4 * 0.5 / (64.0 * 31).squareRoot())
    let other = Self.floats(quantizer.rounded(x, context, chance: .init(seed: 2, stream: 1)), context)
    #expect(found != other)
    // The mean over draws is the number, with scales by chance as well.
    var format = FP4Format(scale: .ue5m3, block: 16, scaleRounding: .up)
    for hasTensorScale in [false, true] {
      format.hasTensorScale = hasTensorScale
      let y = Self.matrix(1, 16, seed: 5, context)
      let exact = Self.floats(y, context)
      let draws = 4000
      var (sum, squares) = ([Double](repeating: 0, count: 16), [Double](repeating: 0, count: 16))
      for draw in 0..<draws {
        let found = FP4Quantizer(format, rounding: .stochastic)
          .rounded(y, context, chance: .init(seed: UInt64(draw), stream: 0))
        for (index, value) in Self.floats(found, context).enumerated() {
          sum[index] += Double(value)
          squares[index] += Double(value) * Double(value)
        }
      }
      for index in 0..<16 {
        let mean = sum[index] / Double(draws)
        let error = (max(0, squares[index] / Double(draws) - mean * mean) / Double(draws)).squareRoot()
        #expect(abs(mean - Double(exact[index])) <= 4.5 * error + 1e-6, "\(index)")
      }
    }
  }

  @Test func threadsDoNotMatter() {
    let found = [1, 2].map { threads in
      let context = Context(threads: threads)
      let x = Self.matrix(300, 130, seed: 2, context)
      let format = FP4Format(scale: .e4m3, block: 16, scaleRounding: .stochastic, hasTensorScale: true)
      return Self.floats(
        FP4Quantizer(format, rounding: .stochastic).rounded(x, context, chance: .init(seed: 9, stream: 4)), context)
    }
    #expect(found[0] == found[1])
  }

  @Test func weightsAreSevenTimesSmaller() {
    let context = Context(threads: 1)
    let packed = FP4Quantizer(.nvfp4).packed(Self.matrix(128, 256, seed: 1, context), context)
    #expect(FP4Format.nvfp4.bitsPerElement == 4.5)
    #expect(Double(128 * 256 * 4) / Double(packed.byteCount) >= 7)
  }
}
