/// A net that the authors of the paper published with its counts and its time on a V100.
public struct PublishedNet: Sendable, Hashable {
  /// The net.
  public var net: ConvolutionalNet
  /// Its counts, as the authors' code gives them.
  public var complexity: NetComplexity
  /// Milliseconds of 64 images on a V100 with 16 GB.
  public var milliseconds: Double

  /// The net with this name; case does not count.
  ///
  /// - Throws: ``PlannerError/unknownModel(_:nearest:)``; ``PlannerError/invalid(field:problem:)``.
  public static func named(_ name: String) throws(PlannerError) -> PublishedNet {
    let all = try all()
    let asked = name.lowercased()
    if let found = all.first(where: { $0.net.name.lowercased() == asked }) { return found }
    throw .unknownModel(name, nearest: all.map(\.net.name).filter { $0.lowercased().hasPrefix(asked.prefix(6)) })
  }

  /// All of them: RegNetX, RegNetY, ResNet, ResNeXt and EfficientNet, from `MODEL_ZOO.md`, `dev/model_complexity.json` and
  /// `configs/dds_baselines` of github.com/facebookresearch/pycls (2020).
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func all() throws(PlannerError) -> [PublishedNet] {
    var nets: [PublishedNet] = []
    for row in regNets {
      nets.append(
        PublishedNet(
          net: try .regNet(
            row.name, depth: row.depth, initial: row.initial, slope: row.slope, multiplier: row.multiplier,
            groupWidth: row.group, squeeze: row.name.hasPrefix("RegNetY") ? 0.25 : 0),
          complexity: NetComplexity(
            multiplyAdds: row.counts.0, parameters: row.counts.1, activations: row.counts.2),
          milliseconds: row.milliseconds))
    }
    for row in residualNets {
      nets.append(
        PublishedNet(
          net: try residual(row.name, depths: row.depths, groups: row.groups),
          complexity: NetComplexity(
            multiplyAdds: row.counts.0, parameters: row.counts.1, activations: row.counts.2),
          milliseconds: row.milliseconds))
    }
    for row in efficientNets {
      nets.append(
        PublishedNet(
          net: try efficient(row),
          complexity: NetComplexity(
            multiplyAdds: row.counts.0, parameters: row.counts.1, activations: row.counts.2),
          milliseconds: row.milliseconds))
    }
    return nets
  }

  private static func residual(_ name: String, depths: [Int], groups: Int?) throws(PlannerError) -> ConvolutionalNet {
    let widths = [256, 512, 1024, 2048]
    return try ConvolutionalNet(
      name: name, resolution: 224, stemWidth: 64, stemKernel: 7, hasPool: true,
      stages: zip(depths, widths).enumerated().map { index, pair in
        // ResNeXt: 32 groups in half of the width; ResNet: one in a quarter.
        let inner = pair.1 / (groups == nil ? 4 : 2)
        return .init(
          depth: pair.0, width: pair.1, stride: index == 0 ? 1 : 2,
          block: .bottleneck(
            multiplier: groups == nil ? 0.25 : 0.5, groupWidth: inner / (groups ?? 1), squeeze: 0))
      })
  }

  private static func efficient(_ row: EfficientRow) throws(PlannerError) -> ConvolutionalNet {
    let strides = [1, 2, 2, 2, 1, 2, 1]
    let kernels = [3, 3, 5, 3, 5, 5, 3]
    return try ConvolutionalNet(
      name: row.name, resolution: row.resolution, stemWidth: row.stem,
      stages: row.depths.indices.map { index in
        .init(
          depth: row.depths[index], width: row.widths[index], stride: strides[index],
          block: .inverted(expansion: index == 0 ? 1 : 6, kernel: kernels[index], squeeze: 0.25))
      }, headWidth: row.head)
  }

  /// Seconds of 64 images on a V100 by activations and operations, fitted on the RegNetX nets alone.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func v100() throws(PlannerError) -> NetTimeModel {
    try NetTimeModel(
      fitting: try all().filter { $0.net.name.hasPrefix("RegNetX") }.map {
        NetTimeModel.Row($0.complexity, seconds: $0.milliseconds / 1e3)
      })
  }
}
