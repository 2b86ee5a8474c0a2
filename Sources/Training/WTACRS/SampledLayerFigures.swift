import Formats

/// What sampling kept, layer by layer.
public struct SampledLayerFigures: Sendable, Hashable {
  /// What was kept for one layer, means over its products.
  public struct Layer: Sendable, Hashable {
    /// The weight's name.
    public var name: String
    /// Products.
    public var products: Int
    /// Bytes that were kept, of one product; 0 where another layer over the same input has them.
    public var keptBytes: Double
    /// Bytes that the exact layer keeps.
    public var wholeBytes: Double
    /// c / k.
    public var certain: Double
    /// The estimate's deviation as a part of the sum of all terms' norms, from above: ``RowSample/deviation``.
    public var deviation: Double
    /// Its square beside that of plain column-row sampling, from above.
    public var varianceRatio: Double
  }

  /// Sums over products.
  struct Sums {
    private(set) var layers: [(products: Int, kept: Int, whole: Int, certain: Double, deviation: Double, ratio: Double)]

    init(_ count: Int) { layers = Array(repeating: (0, 0, 0, 0, 0, 0), count: count) }

    mutating func add(_ layer: Int, rows: Int, _ sample: RowSample, bytes: Int, whole: Int) {
      let count = Double(sample.rows.count)
      layers[layer].products += 1
      layers[layer].kept += bytes
      layers[layer].whole += whole
      layers[layer].certain += Double(sample.certain) / count
      layers[layer].deviation += sample.deviation
      layers[layer].ratio += sample.deviation * sample.deviation * count
    }

    mutating func add(_ other: Sums) {
      for (index, sums) in other.layers.enumerated() {
        layers[index].products += sums.products
        layers[index].kept += sums.kept
        layers[index].whole += sums.whole
        layers[index].certain += sums.certain
        layers[index].deviation += sums.deviation
        layers[index].ratio += sums.ratio
      }
    }
  }

  /// The layers that had a product, in the model's order.
  public var layers: [Layer]

  init(_ names: [String], _ sums: Sums) {
    layers = zip(names, sums.layers).compactMap { name, sums in
      guard sums.products > 0 else { return nil }
      let count = Double(sums.products)
      return Layer(
        name: name, products: sums.products, keptBytes: Double(sums.kept) / count,
        wholeBytes: Double(sums.whole) / count, certain: sums.certain / count, deviation: sums.deviation / count,
        varianceRatio: sums.ratio / count)
    }
  }

  /// Bytes kept in a step.
  public var keptBytes: Double { layers.reduce(0) { $0 + $1.keptBytes } }
  /// Bytes that exact layers keep in a step.
  public var wholeBytes: Double { layers.reduce(0) { $0 + $1.wholeBytes } }

  private func mean(_ value: (Layer) -> Double) -> Double {
    layers.reduce(0) { $0 + value($1) } / Double(max(1, layers.count))
  }

  /// `savedBytes`, `keptBytes`, `certain`, `deviation` and `varianceRatio`, sums and means over layers; with `layers` each
  /// of them too.
  public func json(withLayers: Bool) -> JSON {
    let all: [JSON.Member] = [
      .init("savedBytes", .rounded(wholeBytes - keptBytes)), .init("keptBytes", .rounded(keptBytes)),
      .init("certain", .rounded(mean(\.certain))), .init("deviation", .rounded(mean(\.deviation))),
      .init("varianceRatio", .rounded(mean(\.varianceRatio))),
    ]
    if !withLayers { return .object(all) }
    let each = layers.map { layer -> JSON in
      [
        "layer": .string(layer.name), "savedBytes": .rounded(layer.wholeBytes - layer.keptBytes),
        "keptBytes": .rounded(layer.keptBytes), "certain": .rounded(layer.certain),
        "deviation": .rounded(layer.deviation), "varianceRatio": .rounded(layer.varianceRatio),
      ]
    }
    return .object(all + [.init("layers", .array(each))])
  }
}
