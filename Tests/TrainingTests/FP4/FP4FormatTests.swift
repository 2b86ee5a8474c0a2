import NumericTypes
import Tensors
import Testing
import Training

#if canImport(Glibc)
  import Glibc
#endif

/// The formats, code by code, and rounding, against their definitions in Double.
@Suite struct FP4FormatTests {
  @Test func all16CodesAreThere() {
    let values: [Double] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    for code in UInt8(0)..<16 {
      // Sign, exponent (bias 1) and mantissa by the definition of E2M1.
      let (exponent, mantissa) = (Int(code >> 1 & 3), Double(code & 1))
      let size = exponent == 0 ? mantissa / 2 : (1 + mantissa / 2) * Double(1 << (exponent - 1))
      #expect(size == values[Int(code & 7)])
      let value = FP4Payload.decode(code)
      #expect(Double(value) == (code & 8 == 0 ? size : -size))
      #expect(FP4Payload.encode(value) == code, "\(code)")
      #expect(FP4Payload.round(value) == value)
    }
  }

  @Test func tiesGoToEvenAndLargeNumbersStay() {
    let ties: [(Float, Float)] = [(0.25, 0), (0.75, 1), (1.25, 1), (1.75, 2), (2.5, 2), (3.5, 4), (5, 4)]
    for (x, expected) in ties {
      #expect(FP4Payload.round(x) == expected && FP4Payload.round(-x) == -expected, "\(x)")
      #expect(FP4Payload.round(x.nextUp) >= expected && FP4Payload.round(x.nextDown) <= expected)
    }
    for x in [Float(6), 7, 100, .greatestFiniteMagnitude] { #expect(FP4Payload.round(x) == 6) }
    // Every number between goes to the nearest of all sixteen values.
    for step in -700...700 {
      let x = Float(step) / 100
      let nearest = (UInt8(0)..<16).map { abs(FP4Payload.decode($0) - x) }.min() ?? 0
      #expect(abs(FP4Payload.round(x) - x) == nearest, "\(x)")
    }
  }

  /// A scale's value by its definition, in Double.
  static func value(_ scale: FP4Scale, _ code: Int) -> Double? {
    switch scale {
    case .e8m0: return code == 255 ? nil : pow(2, Double(code - 127))
    case .e4m3, .ue5m3:
      let isSigned = scale == .e4m3
      let bits = isSigned ? code & 127 : code
      if bits == (isSigned ? 127 : 255) { return nil }
      let (exponent, mantissa, bias) = (bits >> 3, Double(bits & 7), isSigned ? 7 : 15)
      let size =
        exponent == 0 ? mantissa * pow(2, Double(-2 - bias)) : (1 + mantissa / 8) * pow(2, Double(exponent - bias))
      return isSigned && code > 127 ? -size : size
    }
  }

  @Test(arguments: FP4Scale.allCases) func all256ScalesAreThere(_ scale: FP4Scale) {
    for code in 0..<256 {
      let value = scale.decode(UInt8(code))
      guard let expected = Self.value(scale, code) else {
        #expect(value.isNaN, "\(code)")
        continue
      }
      #expect(Double(value) == expected, "\(code)")
      if value > 0 {
        // No block has a largest element beyond f32.
        guard (6 * value).isFinite else { continue }
        for rounding in FP4Scale.Rounding.allCases {
          #expect(scale.encode(value, largest: 6 * value, rounding) == UInt8(code), "\(code), \(rounding)")
        }
      }
    }
    #expect(scale.encode(.nan, largest: .nan, .nearest) == scale.nan)
    #expect(scale.encode(.infinity, largest: .infinity, .up) == scale.nan)
    #expect(scale.decode(scale.encode(0, largest: 0, .nearest)) == scale.min && scale.min > 0)
    #expect(scale.decode(scale.encode(3e38, largest: 3e38, .up)) == scale.max)
  }

  @Test func theFormatsReachAsFarAsTheySay() {
    #expect(FP4Scale.e4m3.max == 448 && Double(FP4Scale.e4m3.min) == pow(2, -9))
    #expect(FP4Scale.ue5m3.max == 114_688 && Double(FP4Scale.ue5m3.min) == pow(2, -17))
    #expect(Double(FP4Scale.e8m0.max) == pow(2, 127) && Double(FP4Scale.e8m0.min) == pow(2, -127))
  }

  @Test(arguments: FP4Scale.allCases) func scalesAreRoundedAsTheyAre(_ scale: FP4Scale) {
    var random = Random(seed: 6)
    let codes = (0..<(scale == .e4m3 ? 127 : 255)).filter { (Self.value(scale, $0) ?? 0) > 0 }
    let values = codes.compactMap { Self.value(scale, $0) }
    for _ in 0..<4000 {
      let place = Int(random.uniform() * Double(values.count - 1))
      let (low, high) = (values[place], values[place + 1])
      let x = Float(low + (high - low) * random.uniform())
      if Double(x) <= low || Double(x) >= high { continue }
      #expect(Double(scale.decode(scale.encode(x, largest: x, .up))) == high)
      if scale != .e8m0 {
        let nearest = Double(scale.decode(scale.encode(x, largest: x * 6, .nearest)))
        #expect(abs(nearest - Double(x)) == min(Double(x) - low, high - Double(x)))
      }
      let part = (Double(x) - low) / (high - low)
      #expect(Double(scale.decode(scale.encode(x, largest: x, .stochastic, chance: Float(part) * 0.999))) == high)
      #expect(Double(scale.decode(scale.encode(x, largest: x, .stochastic, chance: Float(part) * 1.001))) == low)
    }
    guard scale == .e8m0 else { return }
    for (largest, exponent) in [(Float(6), 0), (8, 1), (7.99, 0), (4, 0), (3.99, -1), (1, -2)] {
      let code = scale.encode(largest / 6, largest: largest, .standard)
      #expect(Double(scale.decode(code)) == pow(2, Double(exponent)), "\(largest)")
    }
  }

  @Test func chanceHasTheRightMean() {
    let draws = 1_000_000
    let points: [Float] = [
      0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 1.1, 1.25, 1.75, 1.9, 2, 2.25, 2.7, 3.3, 3.9, 4.5, 5, 5.9, 6,
    ]
    #expect(points.count == 20)
    for (stream, x) in points.enumerated() {
      var random = Random(seed: 1, stream: UInt64(stream))
      var (sum, squares) = (0.0, 0.0)
      for _ in 0..<draws {
        let value = Double(FP4Payload.round(x, chance: Float(random.next() >> 44) * 0x1p-20))
        sum += value
        squares += value * value
      }
      let mean = sum / Double(draws)
      let error = (max(0, squares / Double(draws) - mean * mean) / Double(draws)).squareRoot()
      #expect(abs(mean - Double(x)) <= 4 * error + 1e-9, "\(x): \(mean)")
    }
  }
}
