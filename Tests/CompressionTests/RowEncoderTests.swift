import Compression
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// Rows of numbers for quantisers.
struct SampleRows {
  var random: Random
  init(seed: UInt64) { random = Random(seed: seed) }

  /// About normal, with some of eight times the size.
  mutating func numbers(_ count: Int, outliers: Bool = true) -> [Float] {
    (0..<count).map { index in
      let sum = (0..<6).reduce(0.0) { sum, _ in sum + random.uniform() - 0.5 }
      return Float(sum) * (outliers && index % 97 == 5 ? 8 : 1) * 0.05
    }
  }

  /// Weights of columns over several orders of magnitude, the largest 1.
  mutating func importance(_ count: Int) -> [Float] {
    let raw = (0..<count).map { _ in
      let u = Float(random.uniform())
      return 1e-4 + u * u * u * u
    }
    let largest = raw.max() ?? 1
    return raw.map { $0 / largest }
  }
}

extension RowEncoder {
  /// The encoded rows.
  func bytes(_ rows: [Float], width: Int, importance: [Float]? = nil) -> [UInt8] {
    let count = rows.count / width
    let size = rows.count / dtype.blockLength * dtype.blockBytes
    return [UInt8](unsafeUninitializedCapacity: size) { bytes, initialized in
      rows.withUnsafeBufferPointer { source in
        let target = UnsafeMutableRawPointer(bytes.baseAddress.unsafelyUnwrapped)
        let from = source.baseAddress.unsafelyUnwrapped
        if let importance {
          importance.withUnsafeBufferPointer {
            encode(rows: count, width: width, from: from, importance: $0.baseAddress, to: target)
          }
        } else {
          encode(rows: count, width: width, from: from, importance: nil, to: target)
        }
      }
      initialized = size
    }
  }
}

/// Encoded rows as numbers.
func decoded(_ bytes: [UInt8], _ dtype: DType) -> [Float] {
  let count = bytes.count / dtype.blockBytes * dtype.blockLength
  return [Float](unsafeUninitializedCapacity: count) { numbers, initialized in
    bytes.withUnsafeBytes {
      decodeRow(dtype, count: count, from: $0.baseAddress.unsafelyUnwrapped, to: numbers.baseAddress.unsafelyUnwrapped)
    }
    initialized = count
  }
}

@Suite("Encoding rows")
struct RowEncoderTests {
  static let blockTypes = RowEncoder.dtypes.filter(\.isBlockQuantized)

  @Test("The types that are written")
  func types() {
    #expect(Set(Self.blockTypes).count == 12)
    #expect(RowEncoder.dtypes.count == 15)
    #expect(throws: CompressionError.unsupportedType(.i8)) { try RowEncoder(.i8) }
    #expect(throws: CompressionError.unsupportedType(.iq2_xs)) { try RowEncoder(.iq2_xs) }
  }

  @Test("Every set of kernels makes the same bytes as the twin", arguments: RowEncoder.dtypes)
  func sets(dtype: DType) throws {
    var sample = SampleRows(seed: 1)
    let sets = KernelSet.allCases.filter { $0.isSupported && $0 != .reference }
    for blocks in [1, 3, 6] {
      let width = max(32, dtype.blockLength) * blocks
      var rows = sample.numbers(5 * width)
      for index in 0..<width { rows[index] = 0 }
      for index in width..<width + 40 where index < rows.count { rows[index] *= 1e-12 }
      rows[2 * width] = 3e4
      for importance in [nil, sample.importance(width)] {
        let twin = try RowEncoder(dtype, kernels: .reference).bytes(rows, width: width, importance: importance)
        for set in sets {
          #expect(try RowEncoder(dtype, kernels: set).bytes(rows, width: width, importance: importance) == twin)
        }
      }
    }
  }

  @Test("A row's bytes do not depend on its neighbours", arguments: blockTypes)
  func independence(dtype: DType) throws {
    var sample = SampleRows(seed: 2)
    let width = dtype.blockLength * 3
    let rows = sample.numbers(7 * width)
    let importance = sample.importance(width)
    let encoder = try RowEncoder(dtype)
    for weights in [nil, importance] {
      let alone = (0..<7).flatMap {
        encoder.bytes(Array(rows[$0 * width..<($0 + 1) * width]), width: width, importance: weights)
      }
      #expect(encoder.bytes(rows, width: width, importance: weights) == alone)
    }
  }

  @Test("Zeros stay zeros, of either sign, beside rows of numbers", arguments: blockTypes)
  func zeros(dtype: DType) throws {
    var sample = SampleRows(seed: 3)
    let width = dtype.blockLength * 2
    var rows = sample.numbers(3 * width)
    for index in width..<2 * width { rows[index] = index % 2 == 0 ? 0 : -0.0 }
    let encoder = try RowEncoder(dtype)
    for importance in [nil, sample.importance(width)] {
      let result = decoded(encoder.bytes(rows, width: width, importance: importance), dtype)
      #expect(result[width..<2 * width].allSatisfy { $0 == 0 })
      #expect(result[..<width].contains { $0 != 0 })
    }
  }

  @Test("The smallest and the largest numbers give numbers", arguments: blockTypes)
  func extremes(dtype: DType) throws {
    let width = dtype.blockLength
    let encoder = try RowEncoder(dtype)
    for magnitude: Float in [.leastNonzeroMagnitude, 1e-38, 1e-30, 1e-9, 1, 6e4, 1e9, .greatestFiniteMagnitude] {
      for signs in 0..<3 {
        let row = (0..<width).map { index -> Float in
          let value = magnitude * (Float(1 + index % 7) / 7)
          return signs == 0 ? value : signs == 1 ? -value : index % 2 == 0 ? value : -value
        }
        let result = decoded(encoder.bytes(row, width: width), dtype)
        #expect(result.allSatisfy { $0.isFinite }, "\(magnitude)")
        let error = zip(row, result).map { abs(Double($0) - Double($1)) }.max() ?? 0
        // Halves reach from 6e-8 to 65504; between, no error is as large as the largest number.
        if magnitude > 1e-5, magnitude < 6e4 { #expect(error < Double(magnitude) * 0.5, "\(magnitude)") }
      }
    }
  }

  @Test("What was decoded is encoded with hardly a further loss", arguments: blockTypes)
  func again(dtype: DType) throws {
    var sample = SampleRows(seed: 4)
    let width = dtype.blockLength * 4
    let rows = sample.numbers(64 * width)
    let encoder = try RowEncoder(dtype)
    let once = decoded(encoder.bytes(rows, width: width), dtype)
    let twice = decoded(encoder.bytes(once, width: width), dtype)
    let (first, second) = (loss(rows, once), loss(once, twice))
    #expect(first > 0)
    #expect(second <= 0.1 * first, "\(second) after \(first)")
  }

  private func loss(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
  }

  @Test("Importance moves the loss to where it matters less", arguments: blockTypes.filter { $0 != .q8_0 })
  func importance(dtype: DType) throws {
    var sample = SampleRows(seed: 5)
    let width = dtype.blockLength * 2
    let rows = sample.numbers(48 * width)
    let importance = sample.importance(width)
    let encoder = try RowEncoder(dtype)
    func weighted(_ result: [Float]) -> Double {
      rows.indices.reduce(0) { sum, index in
        let error = Double(rows[index] - result[index])
        return sum + Double(importance[index % width]) * error * error
      }
    }
    let plain = weighted(decoded(encoder.bytes(rows, width: width), dtype))
    let aware = weighted(decoded(encoder.bytes(rows, width: width, importance: importance), dtype))
    #expect(aware < 0.95 * plain, "\(aware) where it is \(plain) without")
  }

  @Test("Numbers that cannot be encoded are found")
  func unencodable() throws {
    func first(_ dtype: DType, _ numbers: [Float]) throws -> Int? {
      try RowEncoder(dtype).firstUnencodable(numbers, count: numbers.count)
    }
    var numbers = [Float](repeating: 1, count: 600)
    for dtype in RowEncoder.dtypes { #expect(try first(dtype, numbers) == nil) }
    for (index, value) in [(599, Float.nan), (300, .infinity), (299, -.infinity), (3, -.nan)] {
      numbers[index] = value
      for dtype in RowEncoder.dtypes { #expect(try first(dtype, numbers) == index) }
    }
    #expect(try first(.f16, [0, 65519, -65519]) == nil)
    #expect(try first(.f16, [0, 65519, -65520]) == 2)
    #expect(try first(.bf16, [.greatestFiniteMagnitude]) == 0)
    #expect(try first(.bf16, [0x1.FEp127]) == nil)
    #expect(try first(.f32, [.greatestFiniteMagnitude]) == nil)
    #expect(try first(.q4_K, [.greatestFiniteMagnitude]) == nil)
  }
}
