/// What a net computes, holds and writes for one image.
public struct NetComplexity: Sendable, Hashable {
  /// Multiply-adds of convolutions and linear layers.
  public var multiplyAdds: Int
  /// Weights, those of norms among them.
  public var parameters: Int
  /// Numbers that convolutions, linear layers and the first pool give out: not those of norms and functions after them.
  public var activations: Int

  /// Counts.
  public init(multiplyAdds: Int = 0, parameters: Int = 0, activations: Int = 0) {
    self.multiplyAdds = multiplyAdds
    self.parameters = parameters
    self.activations = activations
  }

  /// Both together.
  public static func + (a: NetComplexity, b: NetComplexity) -> NetComplexity {
    NetComplexity(
      multiplyAdds: a.multiplyAdds + b.multiplyAdds, parameters: a.parameters + b.parameters,
      activations: a.activations + b.activations)
  }
}
