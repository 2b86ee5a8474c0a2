import Foundation
import NumericTypes
import Tensors
import Training
import VenturiTesting

/// Made-up weights and gradients, the same as those of `Golden/scripts/make_optimizers.py`.
enum OptimizerSample {
  static let shapes: [(name: String, shape: Shape)] = [
    ("matrix", [9, 6]), ("wide", [3, 16]), ("vector", [11]), ("scalar", []),
  ]

  /// `count` numbers in [-1, 1), multiples of 2^-23.
  static func unit(_ first: Int, _ count: Int) -> [Float] {
    (0..<count).map { index in
      var z = (UInt64(first) &+ UInt64(index)) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      return Float(z >> 40) * 0x1p-23 - 1
    }
  }

  static func weights(_ number: Int, _ count: Int) -> [Float] {
    unit(1_000_000 * (number + 1), count).map { $0 / 2 }
  }

  /// Of sizes from 2^-6 to 2^3, element by element, with a drift.
  static func gradient(_ number: Int, _ count: Int, step: Int) -> [Float] {
    unit(1_000_000 * (number + 1) + 1000 * step, count).enumerated().map { index, value in
      (value + 0.25) * Float(sign: .plus, exponent: index * 7 % 10 - 6, significand: 1)
    }
  }

  static func rate(_ base: Double, _ step: Int) -> Double { base * (1 - Double(step) / 100) }

  static func parameters(_ context: Context, _ names: [String]? = nil, _ dtype: DType = .f32) -> [Parameter] {
    shapes.enumerated().filter { names?.contains($1.name) ?? true }.map { number, entry in
      Parameter(
        entry.name,
        context.copy(context.cast(context.tensor(weights(number, entry.shape.count), entry.shape), to: dtype))
      )
    }
  }

  static func gradients(_ context: Context, _ names: [String]? = nil, step: Int) -> [String: Tensor] {
    Dictionary(
      uniqueKeysWithValues: shapes.enumerated().filter { names?.contains($1.name) ?? true }.map { number, entry in
        (entry.name, context.tensor(gradient(number, entry.shape.count, step: step), entry.shape))
      })
  }

  /// The largest |x - y| / max(|y|, RMS of y).
  static func error(_ found: [Float], _ exact: [Double]) -> Double {
    guard found.count == exact.count else { return .infinity }
    let scale = (exact.reduce(0) { $0 + $1 * $1 } / Double(max(1, exact.count))).squareRoot()
    return zip(found, exact).reduce(0) { worst, pair in
      let error = abs(Double(pair.0) - pair.1) / max(abs(pair.1), scale)
      return error.isNaN ? .infinity : max(worst, error)
    }
  }
}

/// `Golden/optimizers.json` and the numbers beside it.
struct GoldenOptimizers: Decodable {
  struct Case: Decodable {
    let rule: String
    let settings: Settings
    let rate: Double
    let tensors: [String]
  }
  struct Settings: Decodable {
    let momentum, dampening, weightDecay, beta1, beta2, epsilon, momentumDecay, smoothing, rateDecay,
      initialSum: Double?
    let secondMomentDecay, leastScale, clipping: Double?
    let nesterov, amsgrad, couplesDecay, centered: Bool?
    let iterations: Int?
    let coefficients: [Double]?
    let scaling: String?
  }
  struct Clipping: Decodable {
    let kind: String
    let limit: Double
    let norm: Double
  }
  struct Average: Decodable { let kind: String }
  struct Rates: Decodable {
    let name: String
    let rates: [Double]
  }
  let steps: Int
  let kept: [Int]
  let optimizers: [Case]
  let clipping: [Clipping]
  let averages: [Average]
  let schedules: [Rates]

  static func load() throws -> GoldenOptimizers {
    try JSONDecoder().decode(Self.self, from: Data(contentsOf: GoldenFiles.url("optimizers.json")))
  }

  /// The f64 of the file, in its order.
  static func numbers() throws -> [Double] {
    let data = try Data(contentsOf: GoldenFiles.url("optimizers.bin"))
    return data.withUnsafeBytes { bytes in
      (0..<data.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
  }
}

extension GoldenOptimizers.Case {
  /// Our rule with the case's settings.
  func makeRule() -> (any UpdateRule)? {
    let s = settings
    switch rule {
    case "SGD":
      return SGD(
        momentum: s.momentum ?? 0, dampening: s.dampening ?? 0, nesterov: s.nesterov ?? false,
        weightDecay: s.weightDecay ?? 0)
    case "Adam":
      return Adam(
        beta1: s.beta1 ?? 0.9, beta2: s.beta2 ?? 0.999, epsilon: s.epsilon ?? 1e-8, weightDecay: s.weightDecay ?? 0,
        amsgrad: s.amsgrad ?? false)
    case "AdamW":
      return AdamW(
        beta1: s.beta1 ?? 0.9, beta2: s.beta2 ?? 0.999, epsilon: s.epsilon ?? 1e-8,
        weightDecay: s.weightDecay ?? 0.01, amsgrad: s.amsgrad ?? false)
    case "NAdamW":
      return NAdamW(
        beta1: s.beta1 ?? 0.9, weightDecay: s.weightDecay ?? 0, momentumDecay: s.momentumDecay,
        couplesDecay: s.couplesDecay ?? false)
    case "RMSprop":
      return RMSprop(
        smoothing: s.smoothing ?? 0.99, epsilon: s.epsilon ?? 1e-8, momentum: s.momentum ?? 0,
        centered: s.centered ?? false, weightDecay: s.weightDecay ?? 0)
    case "Adagrad":
      return Adagrad(
        rateDecay: s.rateDecay ?? 0, initialSum: s.initialSum ?? 0, epsilon: s.epsilon ?? 1e-10,
        weightDecay: s.weightDecay ?? 0)
    case "Adafactor":
      return Adafactor(
        secondMomentDecay: s.secondMomentDecay ?? -0.8, leastScale: s.leastScale ?? 1e-3, clipping: s.clipping ?? 1,
        weightDecay: s.weightDecay ?? 0)
    case "Muon":
      let c = s.coefficients ?? [3.4445, -4.7750, 2.0315]
      return Muon(
        momentum: s.momentum ?? 0.95, nesterov: s.nesterov ?? true, weightDecay: s.weightDecay ?? 0.1,
        iterations: s.iterations ?? 5, coefficients: (c[0], c[1], c[2]),
        scaling: s.scaling == "likeAdamW" ? .likeAdamW : .spectral)
    default: return nil
    }
  }
}
