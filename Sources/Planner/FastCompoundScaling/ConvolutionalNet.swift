/// A convolutional net for images as far as its costs go.
public struct ConvolutionalNet: Sendable, Hashable {
  /// What a stage repeats.
  public enum Block: Sendable, Hashable {
    /// Two 3×3 convolutions beside a shortcut (ResNet's small block).
    case plain
    /// 1×1, grouped 3×3 and 1×1 convolutions beside a shortcut; inside, the width times `multiplier`, `groupWidth` channels a
    /// group; `squeeze` of the input's width in a squeeze-excitation, 0 for none (ResNet, ResNeXt, RegNet).
    case bottleneck(multiplier: Double, groupWidth: Int, squeeze: Double)
    /// 1×1 to `expansion` times the width, depthwise k×k, squeeze-excitation, 1×1 (MobileNet, EfficientNet).
    case inverted(expansion: Int, kernel: Int, squeeze: Double)
  }

  /// Blocks of one width; the first has the stride.
  public struct Stage: Sendable, Hashable {
    /// Blocks.
    public var depth: Int
    /// Channels.
    public var width: Int
    /// The stride of the first block.
    public var stride: Int
    /// The block.
    public var block: Block

    /// A stage.
    public init(depth: Int, width: Int, stride: Int, block: Block) {
      self.depth = depth
      self.width = width
      self.stride = stride
      self.block = block
    }
  }

  /// Its name.
  public var name: String
  /// Rows and columns of an image.
  public var resolution: Int
  /// Channels of the first convolution, whose stride is 2.
  public var stemWidth: Int
  /// Its kernel.
  public var stemKernel: Int
  /// Whether a pool of stride 2 follows it.
  public var hasPool: Bool
  /// The stages.
  public var stages: [Stage]
  /// Channels of a last 1×1 convolution; 0 for none.
  public var headWidth: Int
  /// Classes.
  public var classes: Int

  /// A net.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes below one or too large to count with, channels that groups do not
  ///   divide, and strides that leave nothing of an image.
  public init(
    name: String, resolution: Int, stemWidth: Int, stemKernel: Int = 3, hasPool: Bool = false, stages: [Stage],
    headWidth: Int = 0, classes: Int = 1000
  ) throws(PlannerError) {
    self.name = name
    self.resolution = resolution
    self.stemWidth = stemWidth
    self.stemKernel = stemKernel
    self.hasPool = hasPool
    self.stages = stages
    self.headWidth = headWidth
    self.classes = classes
    try check()
  }

  private func check() throws(PlannerError) {
    let sizes = [
      ("resolution", resolution, 1...1 << 14), ("stemWidth", stemWidth, 1...1 << 16),
      ("stemKernel", stemKernel, 1...31),
      ("headWidth", headWidth, 0...1 << 16), ("classes", classes, 1...1 << 20), ("stages", stages.count, 1...64),
    ]
    for (field, size, range) in sizes where !range.contains(size) {
      throw .invalid(field: field, problem: "\(size) lies outside \(range.lowerBound)…\(range.upperBound)")
    }
    var side = Double(resolution) / (hasPool ? 4 : 2)
    for (index, stage) in stages.enumerated() {
      func invalid(_ field: String, _ value: some Any, _ range: String) -> PlannerError {
        .invalid(field: "stages[\(index)].\(field)", problem: "\(value) lies outside \(range)")
      }
      guard (1...4096).contains(stage.depth) else { throw invalid("depth", stage.depth, "1…4096") }
      guard (1...1 << 16).contains(stage.width) else { throw invalid("width", stage.width, "1…\(1 << 16)") }
      guard (1...8).contains(stage.stride) else { throw invalid("stride", stage.stride, "1…8") }
      side /= Double(stage.stride)
      switch stage.block {
      case .plain: break
      case .bottleneck(let multiplier, let group, let squeeze):
        guard multiplier > 0, multiplier <= 16, Double(stage.width) * multiplier >= 1 else {
          throw invalid("multiplier", multiplier, "1/width…16")
        }
        guard squeeze >= 0, squeeze <= 1 else { throw invalid("squeeze", squeeze, "0…1") }
        let inner = Self.inner(stage.width, multiplier)
        guard group >= 1, inner.isMultiple(of: group) else {
          throw .invalid(
            field: "stages[\(index)].groupWidth", problem: "\(group) does not divide \(inner) channels")
        }
      case .inverted(let expansion, let kernel, let squeeze):
        guard (1...64).contains(expansion) else { throw invalid("expansion", expansion, "1…64") }
        guard (1...31).contains(kernel) else { throw invalid("kernel", kernel, "1…31") }
        guard squeeze >= 0, squeeze <= 1 else { throw invalid("squeeze", squeeze, "0…1") }
      }
    }
    guard side >= 0.5 else {
      throw .invalid(field: "resolution", problem: "strides leave nothing of \(resolution) pixels")
    }
  }

  /// Channels inside a bottleneck.
  static func inner(_ width: Int, _ multiplier: Double) -> Int {
    Int((Double(width) * multiplier).rounded(.toNearestOrEven))
  }

  /// The width of a RegNet's blocks is w₀ + wₐ·i, brought to the nearest w₀·wₘᵏ and to a multiple of 8 (Radosavovic et al.:
  /// Designing Network Design Spaces, 2020); widths that groups do not divide go to the nearest that they do.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for numbers that give no net.
  public static func regNet(
    _ name: String, depth: Int, initial: Int, slope: Double, multiplier: Double, groupWidth: Int, squeeze: Double = 0,
    resolution: Int = 224
  ) throws(PlannerError) -> ConvolutionalNet {
    guard (1...4096).contains(depth), (1...1 << 14).contains(initial), slope >= 0, slope <= 4096, multiplier > 1,
      multiplier <= 64, (1...1 << 14).contains(groupWidth)
    else { throw .invalid(field: "regNet", problem: "'\(name)' has sizes that give no net") }
    var stages: [(width: Int, depth: Int)] = []
    for block in 0..<depth {
      let width = Double(initial) + slope * Double(block)
      // The power whose logarithm is nearest: the width against geometric means of neighbours.
      var scale = 1.0
      while width / (Double(initial) * scale) > multiplier.squareRoot() {
        scale *= multiplier
      }
      let rounded = Int((Double(initial) * scale / 8).rounded(.toNearestOrEven)) * 8
      if stages.last?.width == rounded { stages[stages.count - 1].depth += 1 } else { stages.append((rounded, 1)) }
    }
    return try ConvolutionalNet(
      name: name, resolution: resolution, stemWidth: 32,
      stages: stages.map { stage in
        let group = min(groupWidth, max(1, stage.width))
        let width = max(group, Int((Double(stage.width) / Double(group)).rounded(.toNearestOrEven)) * group)
        return Stage(
          depth: stage.depth, width: width, stride: 2,
          block: .bottleneck(multiplier: 1, groupWidth: group, squeeze: squeeze))
      })
  }
}
