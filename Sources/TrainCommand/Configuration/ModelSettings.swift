import ConfigurationFiles
import NumericTypes
import Training

/// Which model is trained, without what the data say: sizes of images, classes, tokens.
package struct ModelSettings: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case mlp(hidden: [Int], activation: Activation, dropout: Double)
    /// Convolutions and linear layers, for any rule of learning.
    case stack(StackSettings)
    case resnet18(width: Int)
    case gpt(GPTSettings)
    case lstm(width: Int, hidden: Int, layers: Int, dropout: Double)
    /// A model that was trained before, by name or path.
    case checkpoint(model: String)
  }

  /// The sizes and the make of a small transformer.
  package struct GPTSettings: Sendable, Equatable {
    package var isLlama: Bool
    package var layers: Int
    package var width: Int
    package var heads: Int
    package var kvHeads: Int?
    package var hidden: Int?
    package var dropout: Double
  }

  /// Layers one behind the other, and what rules without backpropagation want to know.
  package struct StackSettings: Sendable, Equatable {
    /// The channels of the convolutions, before the linear layers.
    package var convolutions: [Int]
    /// The widths of the linear layers.
    package var hidden: [Int]
    package var activation: Activation
    /// Forward-Forward's θ and goodness.
    package var threshold: Double
    package var goodness: LocalNetworkConfiguration.Goodness
    /// Mono-Forward's scores.
    package var prediction: LocalNetworkConfiguration.Prediction

    /// Settings from their parts.
    package init(
      convolutions: [Int], hidden: [Int], activation: Activation, threshold: Double,
      goodness: LocalNetworkConfiguration.Goodness, prediction: LocalNetworkConfiguration.Prediction
    ) {
      self.convolutions = convolutions
      self.hidden = hidden
      self.activation = activation
      self.threshold = threshold
      self.goodness = goodness
      self.prediction = prediction
    }
  }

  package var kind: Kind
  /// How matrices are kept: f32, or bf16 with f32 weights in the optimizer.
  package var storage: DType

  /// Reads the section.
  ///
  /// - Throws: ``ConfigurationError``.
  package init(_ section: ConfigurationFields) throws(ConfigurationError) {
    var fields = section
    switch try fields.choice("kind", ["mlp", "stack", "resnet18", "gpt", "lstm", "checkpoint"]) {
    case "checkpoint": kind = .checkpoint(model: try fields.text("model"))
    case "stack": kind = .stack(try Self.stack(&fields))
    case "resnet18": kind = .resnet18(width: try fields.whole("width", 1...4096, default: 64))
    case "gpt": kind = .gpt(try Self.gpt(&fields))
    case "lstm":
      kind = .lstm(
        width: try fields.whole("width", 1...1 << 16, default: 512),
        hidden: try fields.whole("hidden", 1...1 << 16, default: 512),
        layers: try fields.whole("layers", 1...256, default: 1),
        dropout: try fields.number("dropout", 0...0.99, default: 0))
    default:
      kind = .mlp(
        hidden: try fields.wholes("hidden", 1...1 << 20, atMost: 1024, default: [1024, 1024]),
        activation: try Self.activation(&fields),
        dropout: try fields.number("dropout", 0...0.99, default: 0))
    }
    storage = try fields.choice("storage", ["f32", "bf16"], default: "f32") == "bf16" ? .bf16 : .f32
    try fields.finish()
  }

  private static let activations: [(name: String, value: Activation)] = [
    ("relu", .relu), ("gelu", .gelu), ("gelu-tanh", .geluTanh), ("silu", .silu), ("tanh", .tanh),
  ]

  private static func activation(_ fields: inout ConfigurationFields) throws(ConfigurationError) -> Activation {
    let name = try fields.choice("activation", activations.map(\.name), default: "relu")
    return activations.first { $0.name == name }?.value ?? .relu
  }

  private static func stack(_ fields: inout ConfigurationFields) throws(ConfigurationError) -> StackSettings {
    let goodness = try fields.choice(
      "goodness", LocalNetworkConfiguration.Goodness.allCases.map(\.rawValue), default: "sum")
    let prediction = try fields.choice(
      "prediction", LocalNetworkConfiguration.Prediction.allCases.map(\.rawValue), default: "last")
    return StackSettings(
      convolutions: try fields.wholes("convolutions", 1...1 << 16, atMost: 64, default: []),
      hidden: try fields.wholes("hidden", 1...1 << 20, atMost: 1024, default: []),
      activation: try activation(&fields),
      threshold: try fields.number("threshold", Double.leastNormalMagnitude...1e30, default: 5),
      goodness: LocalNetworkConfiguration.Goodness(rawValue: goodness) ?? .sum,
      prediction: LocalNetworkConfiguration.Prediction(rawValue: prediction) ?? .last)
  }

  private static func gpt(_ fields: inout ConfigurationFields) throws(ConfigurationError) -> GPTSettings {
    GPTSettings(
      isLlama: try fields.choice("style", ["gpt2", "llama"], default: "gpt2") == "llama",
      layers: try fields.whole("layers", 1...1024, default: 6),
      width: try fields.whole("width", 1...1 << 16, default: 384),
      heads: try fields.whole("heads", 1...1 << 16, default: 6),
      kvHeads: try fields.wholeIfPresent("kvHeads", 1...1 << 16),
      hidden: try fields.wholeIfPresent("hidden", 1...1 << 20),
      dropout: try fields.number("dropout", 0...0.99, default: 0))
  }
}
