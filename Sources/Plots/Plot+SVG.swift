extension Plot {
  private static let (width, height) = (720, 420)
  private static let (left, right, top, bottom) = (78.0, 24.0, 86.0, 60.0)
  private static let colours = 6
  private static let dotLimit = 64
  private static var plotWidth: Double { Double(width) - left - right }
  private static var plotHeight: Double { Double(height) - top - bottom }

  /// Colours that stand out on white and on black; the page's own preference decides which.
  private static let rules = """
    .paper { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 }
    .s0 { stroke: #0b5fd6; fill: #0b5fd6 } .s1 { stroke: #c4550a; fill: #c4550a } .s2 { stroke: #1a7f45; fill: #1a7f45 }
    .s3 { stroke: #8a3ab9; fill: #8a3ab9 } .s4 { stroke: #b3261e; fill: #b3261e } .s5 { stroke: #57606a; fill: #57606a }
    .line { fill: none; stroke-width: 2.5 } .range { stroke-width: 1.5 } .dot { stroke: none } .bar { stroke: none }
    .whisker { stroke: #1f2328; stroke-width: 1.5 }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
      .s0 { stroke: #6cb0ff; fill: #6cb0ff } .s1 { stroke: #ff9e57; fill: #ff9e57 } .s2 { stroke: #56d07d; fill: #56d07d }
      .s3 { stroke: #d2a3ff; fill: #d2a3ff } .s4 { stroke: #ff8b82; fill: #ff8b82 } .s5 { stroke: #a9b1ba; fill: #a9b1ba }
      .line { fill: none } .dot, .bar { stroke: none } .whisker { stroke: #f0f6fc }
    }
    """

  /// The picture, readable on light and on dark pages.
  public var svg: String {
    var out = SVGWriter(width: Self.width, height: Self.height, title: title)
    out.style(Self.rules)
    let start = SVGWriter.number(Self.left)
    out.element("rect", ["class": "paper", "width": "\(Self.width)", "height": "\(Self.height)"])
    out.label(title, ["class": "ink", "x": start, "y": "30", "font-size": "17", "font-weight": "600"])
    let shown = series.map { series in Series(series.name, series.points.filter(hasPlace)) }.filter {
      !$0.points.isEmpty
    }
    let points = kind == .bars ? shown.compactMap(\.points.first) : shown.flatMap(\.points)
    // Bars stand on nothing, which a logarithm does not have.
    let vertical = PlotScale(
      points.flatMap { [$0.y, $0.low, $0.high] }, logarithmic: y.isLogarithmic && kind == .lines)
    drawFrame(&out, vertical)
    switch kind {
    case .lines: drawLines(shown, vertical, &out)
    case .bars: drawBars(shown, vertical, &out)
    }
    out.end()
    return out.text
  }

  /// Whether a point can be drawn.
  private func hasPlace(_ point: Point) -> Bool {
    // Far from the ends of what a number can be, so that spans and steps are numbers too.
    [point.x, point.y, point.low, point.high].allSatisfy { $0 == 0 || (1e-100...1e100).contains($0.magnitude) }
      && (kind == .bars || (!x.isLogarithmic || point.x > 0) && (!y.isLogarithmic || point.y > 0))
  }

  private func drawFrame(_ out: inout SVGWriter, _ vertical: PlotScale) {
    let number = SVGWriter.number
    for tick in vertical.ticks {
      let at = Self.vertical(vertical.place(tick))
      out.element(
        "line",
        [
          "class": "grid", "x1": number(Self.left), "x2": number(Self.left + Self.plotWidth), "y1": number(at),
          "y2": number(at),
        ])
      out.label(
        Self.tickText(tick), ["class": "faint", "x": number(Self.left - 8), "y": number(at + 4), "text-anchor": "end"])
    }
    let middle = number(Self.top + Self.plotHeight / 2)
    out.label(
      y.label, ["class": "ink", "text-anchor": "middle", "transform": "translate(20 \(middle)) rotate(-90)"])
    out.label(
      x.label,
      [
        "class": "ink", "x": number(Self.left + Self.plotWidth / 2), "y": number(Double(Self.height) - 14),
        "text-anchor": "middle",
      ])
  }

  private func drawLines(_ shown: [Series], _ vertical: PlotScale, _ out: inout SVGWriter) {
    let number = SVGWriter.number
    let horizontal = PlotScale(shown.flatMap { $0.points.map(\.x) }, logarithmic: x.isLogarithmic, own: true)
    // Points keep away from the frame.
    func across(_ value: Double) -> Double { Self.left + 16 + horizontal.place(value) * (Self.plotWidth - 32) }
    for tick in horizontal.ticks {
      out.label(
        Self.tickText(tick),
        [
          "class": "faint", "x": number(across(tick)), "y": number(Self.top + Self.plotHeight + 20),
          "text-anchor": "middle",
        ])
    }
    var legend = Self.left
    for (index, series) in shown.enumerated() {
      let colour = "s\(index % Self.colours)"
      let places = series.points.map { (across($0.x), Self.vertical(vertical.place($0.y))) }
      let path = places.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
      out.element("polyline", ["class": "\(colour) line", "points": path])
      for (point, place) in zip(series.points, places) {
        if point.high > point.low {
          out.element(
            "line",
            [
              "class": "\(colour) range", "x1": number(place.0), "x2": number(place.0),
              "y1": number(Self.vertical(vertical.place(point.low))),
              "y2": number(Self.vertical(vertical.place(point.high))),
            ])
        }
        // So many that they would hide the line have no dots.
        if places.count > Self.dotLimit { continue }
        out.element("circle", ["class": "\(colour) dot", "cx": number(place.0), "cy": number(place.1), "r": "4"])
      }
      out.element("rect", ["class": "\(colour) bar", "x": number(legend), "y": "50", "width": "18", "height": "4"])
      out.label(series.name, ["class": "ink", "x": number(legend + 24), "y": "57"])
      legend += 24 + Double(series.name.count) * 7.5 + 22
    }
  }

  private func drawBars(_ shown: [Series], _ vertical: PlotScale, _ out: inout SVGWriter) {
    let number = SVGWriter.number
    let room = Self.plotWidth / Double(max(1, shown.count))
    let zero = Self.vertical(vertical.place(0))
    for (index, series) in shown.enumerated() {
      guard let point = series.points.first else { continue }
      let middle = Self.left + (Double(index) + 0.5) * room
      let wide = min(96, room * 0.6)
      let at = Self.vertical(vertical.place(point.y))
      out.element(
        "rect",
        [
          "class": "s\(index % Self.colours) bar", "x": number(middle - wide / 2), "y": number(min(at, zero)),
          "width": number(wide), "height": number((zero - at).magnitude), "rx": "2",
        ])
      if point.high > point.low {
        out.element(
          "line",
          [
            "class": "whisker", "x1": number(middle), "x2": number(middle),
            "y1": number(Self.vertical(vertical.place(point.low))),
            "y2": number(Self.vertical(vertical.place(point.high))),
          ])
      }
      let above = min(at, Self.vertical(vertical.place(point.high)))
      out.label(
        Self.tickText(point.y),
        ["class": "ink", "x": number(middle), "y": number(above - 8), "text-anchor": "middle", "font-weight": "600"])
      out.label(
        series.name,
        ["class": "ink", "x": number(middle), "y": number(Self.top + Self.plotHeight + 20), "text-anchor": "middle"])
    }
  }

  private static func vertical(_ place: Double) -> Double { top + (1 - place) * plotHeight }

  /// `0.05`, `12.3`, `4096`, `1.5 M`.
  static func tickText(_ value: Double) -> String {
    let size = value.magnitude
    if size >= 1e6 { return "\(SVGWriter.number(value / 1e6)) M" }
    if size >= 100 || size == 0 { return SVGWriter.number(value.rounded()) }
    if size >= 1 { return SVGWriter.number((value * 10).rounded() / 10) }
    // Three digits that count.
    var scale = 1000.0
    while size * scale < 100, scale < 1e12 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
