// Fast and Accurate Model Scaling (2021), https://arxiv.org/abs/2103.06877: scale convolutional nets mostly in width, so that
// activations grow like the root of the operations.

extension ConvolutionalNet {
  /// This net with about `scale` times the operations.
  ///
  /// Widths become multiples of 8 and of their groups; the channels of a group grow with the width and are rounded first; depths
  /// are at least 1, the resolution a multiple of 8. Depthwise convolutions stay so, and their operations grow with the width
  /// only: count again.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a scale outside 1/4096…4096, and a net that would be none.
  public func scaled(by scale: Double, _ strategy: ScalingStrategy) throws(PlannerError) -> ConvolutionalNet {
    try scaled(by: scale, strategy, widthTrim: 1)
  }

  /// The same with widths that differ from the strategy's by a factor near one.
  private func scaled(
    by scale: Double, _ strategy: ScalingStrategy, widthTrim: Double
  ) throws(PlannerError) -> ConvolutionalNet {
    guard scale >= 1.0 / 4096, scale <= 4096 else {
      throw .invalid(field: "scale", problem: "\(scale) lies outside 1/4096…4096")
    }
    if scale == 1, widthTrim == 1 { return self }
    var factors = strategy.factors(scale)
    factors.width *= widthTrim
    func eights(_ value: Double) -> Int { max(1, Int((value / 8).rounded())) * 8 }
    func width(_ value: Int) -> Int { factors.width == 1 ? value : eights(Double(value) * factors.width) }
    return try ConvolutionalNet(
      name: "\(name) × \(scale) by \(strategy.name)",
      resolution: factors.resolution == 1 ? resolution : eights(Double(resolution) * factors.resolution),
      stemWidth: width(stemWidth), stemKernel: stemKernel, hasPool: hasPool,
      stages: stages.map { stage in
        var stage = stage
        stage.depth = max(1, Int((Double(stage.depth) * factors.depth).rounded()))
        guard factors.width != 1 else { return stage }
        guard case .bottleneck(let multiplier, let group, let squeeze) = stage.block else {
          stage.width = width(stage.width)
          return stage
        }
        let inner = Self.inner(stage.width, multiplier)
        let (channels, rounded) = Self.grouped(
          Double(inner) * factors.width, group: group, factor: factors.width, isWhole: inner == group)
        // The inner width is a multiple of its groups; the outer one follows it.
        stage.width = max(1, Int((Double(channels) / multiplier).rounded()))
        stage.block = .bottleneck(
          multiplier: Double(channels) / Double(stage.width), groupWidth: rounded, squeeze: squeeze)
        return stage
      },
      headWidth: headWidth == 0 ? 0 : width(headWidth), classes: classes)
  }

  /// The channels nearest to `wanted` that groups divide, and the channels of a group.
  private static func grouped(
    _ wanted: Double, group: Int, factor: Double, isWhole: Bool
  ) -> (channels: Int, group: Int) {
    // One group over all channels stays one.
    if isWhole {
      let channels = max(1, Int((wanted / 8).rounded())) * 8
      return (channels, channels)
    }
    var rounded = group
    if group > 1 {
      let value = Double(group) * factor
      // Small groups as powers of two, larger ones as multiples of 8.
      rounded = value < 1.5 ? 1 : value < 3 ? 2 : value < 6 ? 4 : max(1, Int((value / 8).rounded())) * 8
    }
    if Double(rounded) > wanted { rounded = max(1, Int(wanted.rounded())) }
    // A group of fewer than 8 divides 8; others are multiples of it, unless they are a whole narrow width.
    let step = rounded < 8 && 8.isMultiple(of: rounded) ? 8 : rounded
    return (max(1, Int((wanted / Double(step)).rounded())) * step, rounded)
  }

  /// This net scaled until its counted operations are within 2 % of `target`.
  ///
  /// Depths, widths and resolutions are whole steps, so that counts jump. Scales up to 22 % from the nominal one and widths up to 8 %
  /// from the strategy's are tried, the nearest to both first, for a count within 1 %; else the best is taken.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a target that is not above 0 or cannot be met.
  public func scaled(
    toMultiplyAdds target: Double, _ strategy: ScalingStrategy
  ) throws(PlannerError) -> (net: ConvolutionalNet, scale: Double) {
    guard target > 0, target.isFinite else { throw .invalid(field: "target", problem: "\(target) must be above 0") }
    let nominal = target / Double(complexity.multiplyAdds)
    guard nominal >= 1.0 / 1024, nominal <= 1024 else {
      throw .invalid(field: "target", problem: "\(target) is \(nominal) times the net's operations, not 1/1024…1024")
    }
    var best: (net: ConvolutionalNet, scale: Double, error: Double)?
    for distance in 0...30 {
      for step in -min(15, distance)...min(15, distance) {
        let trims = Set([distance - abs(step), abs(step) - distance]).filter { abs($0) <= 15 }.sorted()
        for trim in trims {
          let scale = nominal * (1 + 0.015 * Double(step))
          guard let net = try? scaled(by: scale, strategy, widthTrim: 1 + 0.005 * Double(trim)) else { continue }
          let error = abs(Double(net.complexity.multiplyAdds) / target - 1)
          if error < best?.error ?? .infinity { best = (net, scale, error) }
          if error <= 0.01 { return (net, scale) }
        }
      }
    }
    guard let best, best.error <= 0.02 else {
      let nearest = best.map { "the nearest is \(($0.error * 1000).rounded() / 10) % off" } ?? "no scale gives a net"
      throw .invalid(field: "target", problem: "\(target) operations cannot be met within 2 %: \(nearest)")
    }
    return (best.net, best.scale)
  }
}
