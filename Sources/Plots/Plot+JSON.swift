import Formats

extension Plot {
  /// The plot's data.
  public var json: JSON {
    func axis(_ axis: Axis) -> JSON { ["label": .string(axis.label), "logarithmic": .bool(axis.isLogarithmic)] }
    let series = series.map { series -> JSON in
      let points = series.points.map { JSON.array([$0.x, $0.y, $0.low, $0.high].map { .rounded($0) }) }
      return ["name": .string(series.name), "points": .array(points)]
    }
    return [
      "name": .string(name), "title": .string(title), "kind": .string(kind.rawValue), "x": axis(x), "y": axis(y),
      "series": .array(series),
    ]
  }

  /// The plot that `json` describes; `nil` where it describes none.
  public init?(_ json: JSON) {
    func axis(_ json: JSON?) -> Axis? {
      json?["label"]?.text.map { Axis($0, logarithmic: json?["logarithmic"] == .bool(true)) }
    }
    guard let name = json["name"]?.text, Self.isFileName(name), let title = json["title"]?.text,
      let kind = json["kind"]?.text.flatMap({ Kind(rawValue: $0) }), let x = axis(json["x"]), let y = axis(json["y"])
    else { return nil }
    let series = (json["series"]?.elements ?? []).compactMap { series -> Series? in
      guard let name = series["name"]?.text else { return nil }
      let points = (series["points"]?.elements ?? []).compactMap { point -> Point? in
        let values = (point.elements ?? []).compactMap(\.double)
        return values.count == 4 ? Point(x: values[0], y: values[1], low: values[2], high: values[3]) : nil
      }
      return Series(name, points)
    }
    self.init(name, title: title, kind: kind, x: x, y: y, series: series)
  }

  /// Whether a word can be a part of a file's name.
  private static func isFileName(_ word: String) -> Bool {
    !word.isEmpty
      && word.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
  }
}
