/// The sizes of a ``ResNet18``.
public struct ResNetConfiguration: Sendable, Hashable {
  /// The images' channels.
  public var channels: Int
  /// The classes.
  public var classes: Int
  /// The channels of the first stage; each of the other three has twice as many as the one before.
  public var width: Int
  /// The blocks of each stage.
  public var blocks: [Int]
  /// Whether held-out images are judged by the mean of their own logits and those of their mirror images (Krizhevsky,
  /// Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks, 2012).
  public var judgesMirrored = false

  /// One channel, ten classes, and the paper's eighteen layers unless given.
  public init(channels: Int = 1, classes: Int = 10, width: Int = 64, blocks: [Int] = [2, 2, 2, 2]) {
    self.channels = channels
    self.classes = classes
    self.width = width
    self.blocks = blocks
  }

  /// Checks the numbers.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func validate() throws(DataError) {
    try ModelSetting.check("channels", channels, 1...4096)
    try ModelSetting.check("classes", classes, 1...1 << 24)
    try ModelSetting.check("width", width, 1...4096)
    try ModelSetting.check("stages", blocks.count, 1...6)
    for count in blocks { try ModelSetting.check("blocks", count, 1...256) }
    var parameters = 9 * Double(channels) * Double(width)
    for (stage, count) in blocks.enumerated() {
      let outputs = Double(width) * Double(1 << stage)
      parameters += Double(count) * 18 * outputs * outputs
    }
    try ModelSetting.check(parameters: parameters + Double(classes) * Double(width << (blocks.count - 1)))
  }
}
