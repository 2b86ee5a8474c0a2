import Costs

/// A row of the paper's table of end-to-end training speeds, 10¹² operations a second on each of 8 A100.
public struct FlashAttention2Row: Sendable, Hashable {
  /// The model.
  public var shape: TransformerShape
  /// Tokens of a sequence.
  public var tokens: Int
  /// Without FlashAttention.
  public var standard: Published
  /// With its first version.
  public var v1: Published
  /// With its second.
  public var v2: Published

  /// A row from its parts.
  public init(shape: TransformerShape, tokens: Int, standard: Published, v1: Published, v2: Published) {
    self.shape = shape
    self.tokens = tokens
    self.standard = standard
    self.v1 = v1
    self.v2 = v2
  }

  /// The number of one way of computing attention.
  public subscript(attention: FlashAttention2Prediction.Attention) -> Published {
    switch attention {
    case .standard: standard
    case .v1: v1
    case .v2: v2
    }
  }

  /// What v2 gains over v1, from the two numbers.
  public var ratio: Published {
    var figure = v2.figure
    figure.value = v2.figure.value / v1.figure.value
    return Published("\(shape.name) at \(tokens >> 10)k, v2 over v1", figure, verified: v1.verified && v2.verified)
  }

  /// Table 1 of the paper, read; the first row is the one that constants are fitted on.
  public static let table = [
    small(2048, 142, 189, 196), small(8192, 72, 170, 220), large(2048, 149, 189, 205), large(8192, 80, 175, 225),
  ]

  // Sizes as in the repository's training configurations and README: 24 layers with 16 heads, 32 with 20, of 128 each;
  // 50257 tokens padded to a multiple of 8; as many positions as tokens.
  private static func small(_ tokens: Int, _ speeds: Double...) -> FlashAttention2Row {
    row("GPT3-1.3B", layers: 24, heads: 16, tokens, speeds)
  }

  private static func large(_ tokens: Int, _ speeds: Double...) -> FlashAttention2Row {
    row("GPT3-2.7B", layers: 32, heads: 20, tokens, speeds)
  }

  private static func row(
    _ name: String, layers: Int, heads: Int, _ tokens: Int, _ speeds: [Double]
  ) -> FlashAttention2Row {
    let published = zip(["without", "v1", "v2"], speeds).map { what, speed in
      Published(
        "\(name) at \(tokens >> 10)k, \(what)",
        Figure(speed, source: "arXiv 2307.08691, table 1", date: "2023-07-17"), verified: true)
    }
    return FlashAttention2Row(
      shape: .gpt(name, layers: layers, heads: heads, headDim: 128, positions: tokens, vocabulary: 50264),
      tokens: tokens, standard: published[0], v1: published[1], v2: published[2])
  }
}
