/// The speed limit of decoding with experts on many devices: what all-to-all transfers alone leave (DeepSeek-V3, section 2.3.2).
///
/// Each of a device's B tokens goes to k experts and comes back: k·B·H·(dispatched + combined bytes) over the link's bandwidth, and
/// a latency each way where one is given. With two microbatches in turns a layer takes as long as both of their transfers.
public struct ExpertDecode: Sendable, Hashable {
  /// Tokens that a device decodes at a time, B.
  public var tokens: Int
  /// Experts that a token is sent to, shared ones among them.
  public var experts: Int
  /// Numbers of a token, H.
  public var width: Int
  /// Layers.
  public var layers: Int
  /// Bytes of a number on its way to an expert.
  public var dispatched: Double
  /// Bytes of a number on its way back.
  public var combined: Double
  /// The device's way to the others.
  public var link: Link
  /// Microbatches that take turns.
  public var microbatches: Int

  /// A device's share of decoding.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts and bytes that are none.
  public init(
    tokens: Int, experts: Int, width: Int, layers: Int, dispatched: Double = 1, combined: Double = 2, link: Link,
    microbatches: Int = 2
  ) throws(PlannerError) {
    for (field, count) in [
      ("tokens", tokens), ("experts", experts), ("width", width), ("layers", layers), ("microbatches", microbatches),
    ] where !(1...1 << 24).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(1 << 24)")
    }
    for (field, bytes) in [("dispatched", dispatched), ("combined", combined)] where !(bytes > 0 && bytes <= 16) {
      throw .invalid(field: field, problem: "\(bytes) lies outside 0…16 bytes")
    }
    self.tokens = tokens
    self.experts = experts
    self.width = width
    self.layers = layers
    self.dispatched = dispatched
    self.combined = combined
    self.link = link
    self.microbatches = microbatches
  }

  /// Bytes that a device sends in a layer, there and back.
  public var bytes: Double { (dispatched + combined) * Double(tokens) * Double(experts) * Double(width) }

  /// Seconds of both transfers of a layer.
  public var transferSeconds: Double { 2 * link.latency + bytes / link.bandwidth }
  /// Seconds of a layer.
  public var layerSeconds: Double { Double(microbatches) * transferSeconds }
  /// Seconds for each token of a sequence, at least.
  public var secondsPerToken: Double { Double(layers) * layerSeconds }
  /// Tokens a second of one sequence, at most.
  public var tokensPerSecond: Double { 1 / secondsPerToken }
}
