import ArgumentParser

/// A change of one token's logit, as llama.cpp writes it: `15043+1`, `15043-1`, `15043-inf`.
package struct LogitBias: ExpressibleByArgument, Sendable, Equatable {
  /// The token.
  package var token: Int32
  /// What is added to its logit.
  package var bias: Float

  package init?(argument: String) {
    guard let sign = argument.firstIndex(where: { $0 == "+" || $0 == "-" }),
      let token = Int32(argument[..<sign]), token >= 0,
      let bias = Float(argument[sign...]), !bias.isNaN
    else { return nil }
    self.token = token
    self.bias = bias
  }
}
