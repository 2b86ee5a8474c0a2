import NumericTypes
import Tensors
import Training

extension FP4Training {
  /// The sheet's oracle: a part of the suites' cases that takes a second.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: formats")
    return [
      try Check("all 16 codes, and ties to even") { Self.payloads() },
      try Check("all scales come back from their values") { Self.scales() },
      try Check("packed and rounded are the same numbers; rounding again changes nothing") { Self.matrices() },
      try Check("turning both operands leaves the product within 1e-5") { try Self.turning() },
    ]
  }

  private static func payloads() -> (passed: Bool, detail: String) {
    let codes = (UInt8(0)..<16).allSatisfy { FP4Payload.encode(FP4Payload.decode($0)) == $0 }
    let ties: [(Float, Float)] = [(0.25, 0), (0.75, 1), (1.25, 1), (1.75, 2), (2.5, 2), (3.5, 4), (5, 4), (7, 6)]
    return (codes && ties.allSatisfy { FP4Payload.round($0.0) == $0.1 }, "16 codes, \(ties.count) roundings")
  }

  private static func scales() -> (passed: Bool, detail: String) {
    var (cases, wrong) = (0, 0)
    for scale in FP4Scale.allCases {
      for code in UInt8.min...UInt8.max where scale.decode(code) > 0 {
        cases += 1
        if scale.encode(scale.decode(code), largest: 6 * scale.decode(code), .nearest) != code { wrong += 1 }
      }
    }
    return (wrong == 0 && cases > 600, "\(cases) scales")
  }

  private static func matrices() -> (passed: Bool, detail: String) {
    let context = Context(threads: 2)
    var random = Random(seed: 3)
    let x = context.normal([64, 100], random: &random)
    var holds = true
    for format in [FP4Format.mxfp4, FP4Format(scale: .e4m3, block: 16), FP4Format(scale: .ue5m3, block: 16)] {
      let quantizer = FP4Quantizer(format)
      let rounded = quantizer.rounded(x, context)
      let values = floats(rounded, context)
      holds =
        holds && values == floats(quantizer.packed(x, context).decoded(context), context)
        && values == floats(quantizer.rounded(rounded, context), context)
    }
    return (holds, "64 × 100, three formats")
  }

  private static func turning() throws -> (passed: Bool, detail: String) {
    let context = Context(threads: 1)
    var random = Random(seed: 3)
    let (a, b) = (context.normal([9, 100], random: &random), context.normal([5, 100], random: &random))
    let hadamard = try Hadamard(block: 32, chance: .init(seed: 1, stream: 2))
    let plain = floats(context.matmul(a, b.transposed()), context)
    let turned = floats(
      context.matmul(hadamard.turned(a, context), hadamard.turned(b, context).transposed()), context)
    let size = plain.map(\.magnitude).max() ?? 1
    let worst = zip(plain, turned).map { abs($0 - $1) / size }.max() ?? 0
    let isRefused = (try? Hadamard(block: 24, chance: .init(seed: 1, stream: 2))) == nil
    return (worst <= 1e-5 && isRefused, "largest difference \(worst); a block of 24 is refused: \(isRefused)")
  }
}
