import CVenturi
import NumericTypes
import Tensors
import Testing

/// Packed weights and the products with them, against the scalar twins and against exact arithmetic.
@Suite struct LinearTests {
  static let quantized: [DType] = DType.allCases.filter(\.isBlockQuantized)
  static let all = quantized + [.f16, .bf16, .f32]

  /// Random source rows of any packable type, with scales of a sane size.
  static func weights(_ dtype: DType, rows: Int, k: Int, seed: UInt64, _ context: Context) -> Tensor {
    var random = Random(seed: seed)
    let tensor = context.empty([rows, k], dtype)
    let bytes = tensor.pointer.assumingMemoryBound(to: UInt8.self)
    let blocks = rows * k / dtype.blockLength
    func put(_ value: Float, at offset: Int) {
      withUnsafeBytes(of: Float16(value).bitPattern) { for i in 0..<2 { bytes[offset + i] = $0[i] } }
    }
    for block in 0..<blocks {
      let start = block * dtype.blockBytes
      for i in 0..<dtype.blockBytes { bytes[start + i] = UInt8(truncatingIfNeeded: random.next()) }
      let scale = Float(random.uniform()) * 0.02 + 0.001
      switch dtype {
      case .f32:
        withUnsafeBytes(of: Float(random.uniform() - 0.5)) { for i in 0..<4 { bytes[start + i] = $0[i] } }
      case .bf16:
        let half = BFloat16(Float(random.uniform() - 0.5)).bitPattern
        withUnsafeBytes(of: half) { for i in 0..<2 { bytes[start + i] = $0[i] } }
      case .f16: put(Float(random.uniform() - 0.5), at: start)
      case .q6_K: put(scale / 16, at: start + 208)
      case .q2_K:
        put(scale / 8, at: start + 80)
        put(scale / 5, at: start + 82)
      case .q3_K: put(scale / 8, at: start + 108)
      case .tq1_0, .tq2_0: put(scale, at: start + dtype.blockBytes - 2)
      case .iq1_m: bytes[start + 55] = bytes[start + 55] & 0x8F | 0x20
      case .mxfp4: bytes[start] = 120 + bytes[start] & 3
      case .nvfp4: for i in 0..<4 { bytes[start + i] = bytes[start + i] & 0x1F | 0x20 }
      case .q8_K: withUnsafeBytes(of: scale / 128) { for i in 0..<4 { bytes[start + i] = $0[i] } }
      case .q4_1, .q5_1, .q4_K, .q5_K:
        put(scale / (dtype == .q4_1 || dtype == .q5_1 ? 1 : 32), at: start)
        put(dtype == .q4_1 || dtype == .q5_1 ? -scale * 8 : scale / 4, at: start + 2)
      default: put(scale, at: start)
      }
    }
    return tensor
  }

  static func input(rows: Int, k: Int, seed: UInt64, _ context: Context) -> Tensor {
    var random = Random(seed: seed, stream: 1)
    let tensor = context.empty([rows, k])
    let values = tensor.pointer(as: Float.self)
    for i in 0..<rows * k {
      // The sum of uniforms is near enough to a normal distribution, with a few large values as activations have.
      let normal = (0..<6).reduce(0) { sum, _ in sum + random.uniform() } - 3
      values[i] = Float(normal) * (i % 61 == 0 ? 4 : 1)
    }
    return tensor
  }

  static func values(_ tensor: Tensor) -> [Float] {
    Array(UnsafeBufferPointer(start: tensor.pointer(as: Float.self), count: tensor.count))
  }

  /// x Wᵀ in Double over the decoded weights.
  static func exact(_ x: Tensor, _ w: Tensor) -> [Double] {
    let (m, k, n) = (x.shape[0], x.shape[1], w.shape[0])
    let rowBytes = k / w.dtype.blockLength * w.dtype.blockBytes
    var decoded = [Float](repeating: 0, count: k)
    var result = [Double](repeating: 0, count: m * n)
    let values = x.pointer(as: Float.self)
    for column in 0..<n {
      decoded.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        decodeRow(w.dtype, count: k, from: UnsafeRawPointer(w.pointer + column * rowBytes), to: base)
      }
      for row in 0..<m {
        var sum = 0.0
        for i in 0..<k { sum += Double(values[row * k + i]) * Double(decoded[i]) }
        result[row * n + column] = sum
      }
    }
    return result
  }

  static func normalizedError(_ values: [Float], _ expected: [Double]) -> Double {
    var (numerator, denominator) = (0.0, 0.0)
    for (value, reference) in zip(values, expected) {
      numerator += (Double(value) - reference) * (Double(value) - reference)
      denominator += reference * reference
    }
    return numerator / max(denominator, .leastNormalMagnitude)
  }

  @Test(arguments: all) func productIsNearExactArithmetic(_ dtype: DType) throws {
    let context = Context(threads: 2)
    for (index, (m, k, n)) in [(1, 512, 64), (5, 768, 50), (70, 256, 33), (130, 1536, 16)].enumerated() {
      let w = Self.weights(dtype, rows: n, k: k, seed: UInt64(index), context)
      let x = Self.input(rows: m, k: k, seed: UInt64(index), context)
      let matrix = try PackedMatrix(packing: w, context: context)
      let expected = Self.exact(x, w)
      let fast = Self.values(context.linear(LinearInput(x), [matrix])[0])
      let bar = dtype.isBlockQuantized ? 1e-4 : 1e-7
      #expect(Self.normalizedError(fast, expected) <= bar, "\(dtype.displayName) \(m)×\(k)×\(n)")
      let refined = Self.values(context.linear(LinearInput(x), [matrix], precision: .refined)[0])
      #expect(Self.normalizedError(refined, expected) <= 1e-8, "\(dtype.displayName) \(m)×\(k)×\(n) refined")
      let slow = Self.values(context.linear(LinearInput(x), [matrix], precision: .exact)[0])
      #expect(Self.normalizedError(slow, expected) <= 1e-11, "\(dtype.displayName) \(m)×\(k)×\(n) exact")
    }
  }

  static let fastSets = KernelSet.allCases.filter { $0 != .reference && $0.isSupported }

  @Test(arguments: all, fastSets) func rowsDoNotDependOnTheirCompany(_ dtype: DType, _ kernels: KernelSet) throws {
    let one = Context(threads: 1, kernels: kernels)
    let two = Context(threads: 2, kernels: kernels)
    let twin = Context(threads: 1, kernels: .reference)
    let (k, n) = (512, 84)
    let w = Self.weights(dtype, rows: n, k: k, seed: 7, one)
    let x = Self.input(rows: 67, k: k, seed: 7, one)
    let matrix = try PackedMatrix(packing: w, context: two)
    for precision in [LinearPrecision.bytes, .refined, .exact] {
      let whole = Self.values(two.linear(LinearInput(x), [matrix], precision: precision)[0])
      let scalar = Self.values(twin.linear(LinearInput(x), [matrix], precision: precision)[0])
      #expect(whole == scalar, "\(dtype.displayName): the scalar twin differs")
      for row in [0, 1, 33, 66] {
        let alone = one.linear(LinearInput(x.sliced(axis: 0, row..<row + 1)), [matrix], precision: precision)[0]
        #expect(Self.values(alone) == Array(whole[row * n..<(row + 1) * n]), "\(dtype.displayName) row \(row)")
      }
    }
  }

  @Test func epiloguesMatchSeparateSteps() throws {
    let context = Context(threads: 2)
    for rows in [1, 3, 80] {
      let x = Self.input(rows: rows, k: 256, seed: 3, context)
      let gate = try PackedMatrix(
        packing: Self.weights(.q4_0, rows: 72, k: 256, seed: 1, context), context: context)
      let up = try PackedMatrix(packing: Self.weights(.q8_0, rows: 72, k: 256, seed: 2, context), context: context)
      let input = LinearInput(x)
      let separate = context.linear(input, [gate, up])
      let expected = Self.values(context.siluMultiply(separate[0], separate[1]))
      #expect(Self.values(context.gatedLinear(input, gate: gate, up: up)) == expected)
      let exactly = Self.values(context.geluMultiply(separate[0], separate[1]))
      #expect(Self.values(context.gatedLinear(input, gate: gate, up: up, function: .gelu)) == exactly)
      let byTanh = Self.values(context.geluTanhMultiply(separate[0], separate[1]))
      #expect(Self.values(context.gatedLinear(input, gate: gate, up: up, function: .geluTanh)) == byTanh)

      let residual = Self.input(rows: rows, k: 72, seed: 9, context)
      let sums = zip(Self.values(residual), Self.values(separate[0])).map { $0 + $1 }
      context.addLinear(input, gate, to: residual)
      #expect(Self.values(residual) == sums)
    }
  }

  @Test(arguments: [LinearPrecision.bytes, .exact]) func biasesMatchSeparateSteps(_ precision: LinearPrecision) throws {
    let context = Context(threads: 2)
    for (rows, n) in [(1, 80), (3, 72), (80, 72), (80, 96)] {
      let input = LinearInput(Self.input(rows: rows, k: 256, seed: 3, context))
      let gate = try PackedMatrix(packing: Self.weights(.q4_0, rows: n, k: 256, seed: 1, context), context: context)
      let up = try PackedMatrix(packing: Self.weights(.f16, rows: n, k: 256, seed: 2, context), context: context)
      let first = Self.input(rows: 1, k: n, seed: 4, context).reshaped([n])
      let second = Self.input(rows: 1, k: n, seed: 5, context).reshaped([n])
      let plain = context.linear(input, [gate, up], precision: precision)
      let sums = [context.add(plain[0], first), context.add(plain[1], second)]
      let biased = context.linear(input, [gate, up], biases: [first, second], precision: precision)
      #expect(biased.map(Self.values) == sums.map(Self.values))
      let gated = context.gatedLinear(
        input, gate: gate, up: up, gateBias: first, upBias: second, precision: precision)
      #expect(Self.values(gated) == Self.values(context.siluMultiply(sums[0], sums[1])))
      let residual = Self.input(rows: rows, k: n, seed: 9, context)
      let expected = Self.values(context.add(residual, context.add(plain[0], first)))
      context.addLinear(input, gate, bias: first, to: residual, precision: precision)
      #expect(Self.values(residual) == expected)
    }
  }

  /// Writes a scale of half precision (or what comes next to it) into a block.
  static func putScale(_ bits: UInt16, into block: UnsafeMutablePointer<UInt8>, _ dtype: DType) {
    let (low, high) = (UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8))
    switch dtype {
    case .iq1_m:
      // Four bits at the top of each word of scales.
      for (offset, nibble) in [(49, low << 4), (51, low & 0xF0), (53, high << 4), (55, high & 0xF0)] {
        block[offset] = block[offset] & 0x0F | nibble
      }
    case .q8_K:
      let wide = Float(Float16(bitPattern: bits)).bitPattern
      for i in 0..<4 { block[i] = UInt8(truncatingIfNeeded: wide >> (8 * UInt32(i))) }
    case .mxfp4: block[0] = 255
    case .nvfp4: block[0] = 0x7F
    default:
      let offset = [.q6_K: 208, .q2_K: 80, .q3_K: 108, .tq1_0: 52, .tq2_0: 64][dtype] ?? 0
      (block[offset], block[offset + 1]) = (low, high)
    }
  }

  @Test(arguments: quantized) func hostileScalesStayInTheirColumn(_ dtype: DType) throws {
    let context = Context(threads: 2)
    let w = Self.weights(dtype, rows: 32, k: 256, seed: 5, context)
    let x = Self.input(rows: 3, k: 256, seed: 5, context)
    for precision in [LinearPrecision.bytes, .refined, .exact] {
      let matrix = try PackedMatrix(packing: w, context: context)
      let before = Self.values(context.linear(LinearInput(x), [matrix], precision: precision)[0])
      let row = w.pointer.assumingMemoryBound(to: UInt8.self) + 20 * (256 / dtype.blockLength * dtype.blockBytes)
      let saved = Array(UnsafeBufferPointer(start: row, count: dtype.blockBytes))
      for bits: UInt16 in [0x7E00, 0x7C00, 0xFC00, 0xFFFF] {
        Self.putScale(bits, into: row, dtype)
        let matrix = try PackedMatrix(packing: w, context: context)
        let after = Self.values(context.linear(LinearInput(x), [matrix], precision: precision)[0])
        for index in after.indices where index % 32 != 20 { #expect(after[index] == before[index]) }
        // These types' scales are numbers whatever their bits.
        #expect(!after[20].isFinite || dtype == .mxfp4 || dtype == .nvfp4)
      }
      for (i, byte) in saved.enumerated() { row[i] = byte }
    }
  }

  @Test func replayedPlanGivesTheSameBits() throws {
    let context = Context(threads: 2)
    let matrix = try PackedMatrix(packing: Self.weights(.q4_1, rows: 96, k: 128, seed: 1, context), context: context)
    let x = Self.input(rows: 2, k: 128, seed: 1, context)
    let plan = Plan()
    let y = plan.capture(in: context) { context.linear(LinearInput(x), [matrix])[0] }
    let other = Self.input(rows: 2, k: 128, seed: 2, context)
    let expected = Self.values(context.linear(LinearInput(other), [matrix])[0])
    x.pointer.copyMemory(from: other.pointer, byteCount: 2 * 128 * 4)
    plan.replay()
    #expect(Self.values(y) == expected)
  }
}
