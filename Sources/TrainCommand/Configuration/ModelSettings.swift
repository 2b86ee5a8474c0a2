import NumericTypes
import Training

/// Which model is trained, without what the data say: sizes of images, classes, tokens.
package struct ModelSettings: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case mlp(hidden: [Int], activation: Activation, dropout: Double)
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

  package var kind: Kind
  /// How matrices are kept: f32, or bf16 with f32 weights in the optimizer.
  package var storage: DType

  /// Reads the section.
  ///
  /// - Throws: ``ConfigurationError``.
  package init(_ section: ConfigurationFields) throws(ConfigurationError) {
    var fields = section
    switch try fields.choice("kind", ["mlp", "resnet18", "gpt", "lstm", "checkpoint"]) {
    case "checkpoint": kind = .checkpoint(model: try fields.text("model"))
    case "resnet18": kind = .resnet18(width: try fields.whole("width", 1...4096, default: 64))
    case "gpt": kind = .gpt(try Self.gpt(&fields))
    case "lstm":
      kind = .lstm(
        width: try fields.whole("width", 1...1 << 16, default: 512),
        hidden: try fields.whole("hidden", 1...1 << 16, default: 512),
        layers: try fields.whole("layers", 1...256, default: 1),
        dropout: try fields.number("dropout", 0...0.99, default: 0))
    default:
      let activation = try fields.choice("activation", Self.activations.map(\.name), default: "relu")
      kind = .mlp(
        hidden: try fields.wholes("hidden", 1...1 << 20, atMost: 1024, default: [1024, 1024]),
        activation: Self.activations.first { $0.name == activation }?.value ?? .relu,
        dropout: try fields.number("dropout", 0...0.99, default: 0))
    }
    storage = try fields.choice("storage", ["f32", "bf16"], default: "f32") == "bf16" ? .bf16 : .f32
    try fields.finish()
  }

  private static let activations: [(name: String, value: Activation)] = [
    ("relu", .relu), ("gelu", .gelu), ("gelu-tanh", .geluTanh), ("silu", .silu), ("tanh", .tanh),
  ]

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
