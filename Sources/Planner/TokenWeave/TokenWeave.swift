// TokenWeave: Efficient Compute-Communication Overlap for Distributed LLM Inference (2025), https://arxiv.org/abs/2505.11329: a batch
// in two parts, of which one computes while the other's sums are exchanged and normalised.
import Costs

/// Prefill of a dense model on devices that share every layer and meet at switches that can add.
public struct TokenWeave: Sendable, Hashable {
  /// What devices and kernels reach, and how kernels divide their work.
  public struct Constants: Sendable, Hashable {
    /// Processors of a device.
    public var processors: Int
    /// Rows of a tile of a product.
    public var tileRows: Int
    /// Columns of a tile.
    public var tileColumns: Int
    /// The part of the arithmetic rate that products reach in tiles.
    public var compute: Double
    /// The part of the memory's rate that passes reach.
    public var memory: Double
    /// The way of a device to the switches; messages pass once, since the switches add.
    public var link: Link

    /// An H100's links, with the latency between two of them (arXiv 2505.09343, table 5).
    public static let switches = Link(checked: 3.33e-6, 450e9)

    /// Constants.
    public init(
      processors: Int = 132, tileRows: Int = 128, tileColumns: Int = 256, compute: Double = LadderPrediction.compute,
      memory: Double = 0.86, link: Link = Constants.switches
    ) {
      self.processors = processors
      self.tileRows = tileRows
      self.tileColumns = tileColumns
      self.compute = compute
      self.memory = memory
      self.link = link
    }
  }

  /// How a layer's sums meet its products.
  public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
    /// All-reduce, then every device normalises all rows.
    case none
    /// Every device adds and normalises its own rows between a reduce-scatter and an all-gather.
    case fuse
    /// The same in two parts, each under the other's products.
    case weave
    /// No exchange at all: wrong, for comparison.
    case silent
  }

  /// How a batch is woven.
  public struct Split: Sendable, Hashable {
    /// Rows of the first part.
    public var first: Int
    /// Processors that exchange and normalise all the time.
    public var communicating: Int

    /// A split.
    public init(first: Int, communicating: Int) {
      self.first = first
      self.communicating = communicating
    }
  }

  /// The model.
  public let shape: TransformerShape
  /// The device.
  public let device: Device
  /// Devices.
  public let devices: Int
  /// Tokens of a sequence; a batch holds as many as fit, one after the other.
  public let sequence: Int
  /// The constants.
  public let constants: Constants
  /// Tokens from which on a batch is divided.
  public let threshold: Int

  /// A model on devices.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for models with experts or latent state, devices that do not divide heads and
  ///   columns, and constants that are none; ``PlannerError/unsupportedPrecision(_:device:)``.
  public init(
    _ shape: TransformerShape, on device: Device, devices: Int = 8, sequence: Int = 16_384,
    constants: Constants = Constants(), threshold: Int = 1024
  ) throws(PlannerError) {
    try shape.checkDivision(over: devices)
    guard device.compute[.bf16] != nil else { throw .unsupportedPrecision(.bf16, device: device.name) }
    for (field, count, most) in [
      ("sequence", sequence, 1 << 24), ("threshold", threshold, 1 << 24), ("processors", constants.processors, 1 << 16),
      ("tileRows", constants.tileRows, 1 << 12), ("tileColumns", constants.tileColumns, 1 << 12),
    ] where !(1...most).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(most)")
    }
    for (field, part) in [("compute", constants.compute), ("memory", constants.memory)] where !(part > 0 && part <= 1) {
      throw .invalid(field: field, problem: "\(part) must lie above 0 and at most at 1")
    }
    self.shape = shape
    self.device = device
    self.devices = devices
    self.sequence = sequence
    self.constants = constants
    self.threshold = threshold
  }

  // MARK: Parts of a layer

  /// Seconds of a product on so many processors: whole waves of tiles, or the time to read and write.
  func productSeconds(rows: Int, columns: Int, inner: Int, processors: Int) -> Double {
    let rate = (device.compute[.bf16]?.value ?? .nan) / Double(constants.processors) * constants.compute
    let tile = 2 * Double(constants.tileRows * constants.tileColumns) * Double(inner) / rate
    let (r, c, k) = (Double(rows), Double(columns), Double(inner))
    let traffic = 2 * (k * c + r * k + r * c) / (device.bandwidth.value * constants.memory)
    return max(Double(waves(rows: rows, columns: columns, processors: processors)) * tile, traffic)
  }

  /// Rounds in which so many processors compute all tiles of a product.
  func waves(rows: Int, columns: Int, processors: Int) -> Int {
    func parts(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }
    return parts(parts(rows, constants.tileRows) * parts(columns, constants.tileColumns), processors)
  }

  /// Columns of what a device has of a layer's products.
  var productColumns: [Int] {
    [
      (shape.heads + 2 * shape.kvHeads) * shape.headDim / devices, shape.width, 2 * shape.feedForward / devices,
      shape.width,
    ]
  }

  /// Pairs of a row before `end` and a token of its sequence that it sees.
  private func pairs(before end: Int) -> Double {
    let (whole, rest) = (Double(end / sequence), Double(end % sequence))
    return whole * Double(sequence) * (Double(sequence) + 1) / 2 + rest * (rest + 1) / 2
  }

  /// Seconds of attention of a batch's rows, with its products.
  func attentionSeconds(_ rows: Range<Int>, processors: Int) -> Double {
    let columns = productColumns
    let heads = Double(shape.heads / devices) * Double(shape.headDim)
    let operations = 4 * (pairs(before: rows.upperBound) - pairs(before: rows.lowerBound)) * heads
    let rate = (device.compute[.bf16]?.value ?? .nan) * constants.compute
    return productSeconds(rows: rows.count, columns: columns[0], inner: shape.width, processors: processors)
      + operations * Double(constants.processors) / Double(processors) / rate
      + productSeconds(
        rows: rows.count, columns: columns[1], inner: shape.heads * shape.headDim / devices, processors: processors)
  }

  /// Seconds of the feed-forward layer of so many rows.
  func feedForwardSeconds(rows: Int, processors: Int) -> Double {
    let columns = productColumns
    return productSeconds(rows: rows, columns: columns[2], inner: shape.width, processors: processors)
      + productSeconds(rows: rows, columns: columns[3], inner: shape.feedForward / devices, processors: processors)
  }

  /// Seconds in which a device adds the residual and normalises: both read, both written.
  func normSeconds(rows: Double) -> Double {
    4 * rows * Double(shape.width) * 2 / (device.bandwidth.value * constants.memory)
  }

  /// Seconds of an all-reduce through switches that add, or of a reduce-scatter and an all-gather: what leaves a device and what comes in
  /// is all rows once.
  func exchangeSeconds(rows: Int) -> Double {
    guard devices > 1 else { return 0 }
    return 2 * constants.link.latency + Double(rows) * Double(shape.width) * 2 / constants.link.bandwidth
  }

  /// Seconds of an exchange with the norm of a device's own rows in it: one pass, as long as the slower of both.
  func fusedSeconds(rows: Int) -> Double {
    // Filled up to a multiple of the devices.
    let own = (rows + devices - 1) / devices
    return max(exchangeSeconds(rows: own * devices), normSeconds(rows: Double(own)))
  }
}
