/// Figures over two settings as a field of colours; a missing one is left empty.
public struct HeatMap: Sendable, Equatable {
  /// What columns or rows are.
  public struct Axis: Sendable, Equatable {
    /// What it shows.
    public var label: String
    /// Its values, from left to right or from top to bottom.
    public var values: [String]

    /// An axis.
    public init(_ label: String, _ values: [String]) { (self.label, self.values) = (label, values) }
  }

  /// The heading.
  public var title: String
  /// The columns.
  public var x: Axis
  /// The rows.
  public var y: Axis
  /// The figures, row by row.
  public private(set) var cells: [[Double]]
  /// Cells that stand out, as row and column.
  public var marked: Set<[Int]>

  /// A map; rows that are too short are filled with nothing.
  public init(title: String, x: Axis, y: Axis, cells: [[Double]], marked: Set<[Int]> = []) {
    (self.title, self.x, self.y, self.marked) = (title, x, y, marked)
    self.cells = y.values.indices.map { row in
      x.values.indices.map { column in
        row < cells.count && column < cells[row].count ? cells[row][column] : .nan
      }
    }
  }

  private var range: (low: Double, high: Double) {
    let finite = cells.joined().filter(\.isFinite)
    return (finite.min() ?? 0, finite.max() ?? 1)
  }

  /// Where a value lies between the lowest and the highest, 0…1.
  private func place(_ value: Double) -> Double {
    let (low, high) = range
    return high > low ? min(1, max(0, (value - low) / (high - low))) : 1
  }

  /// Lines of numbers, comma-separated: the columns' values first, the rows' value in front.
  public var csv: String {
    func quoted(_ text: String) -> String {
      text.contains { ",\"\n\r".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    }
    var lines = [([quoted("\(y.label) by \(x.label)")] + x.values.map(quoted)).joined(separator: ",")]
    for (row, name) in y.values.enumerated() {
      lines.append(([quoted(name)] + cells[row].map { $0.isFinite ? "\($0)" : "" }).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The field for a terminal: numbers, shaded from low to high; `*` after those that stand out.
  public var text: String {
    let shades = [" ", "░", "▒", "▓", "█"]
    var rows = [["\(y.label) ↓ \(x.label) →"] + x.values]
    for (row, name) in y.values.enumerated() {
      rows.append(
        [name]
          + cells[row].enumerated().map { column, value in
            guard value.isFinite else { return "–" }
            let shade = shades[min(shades.count - 1, Int(place(value) * Double(shades.count)))]
            return "\(Plot.tickText(value))\(marked.contains([row, column]) ? "*" : "")\(shade)\(shade)"
          })
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).enumerated().map { index, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private static let (side, left, top) = (64, 96.0, 76.0)

  /// The picture, readable on light and on dark pages.
  public var svg: String {
    let number = SVGWriter.number
    let (columns, lines) = (x.values.count, y.values.count)
    let width = Int(Self.left) + max(columns * Self.side, 420) + 24
    let height = Int(Self.top) + lines * Self.side + 64
    var out = SVGWriter(width: width, height: height, title: title)
    out.style(
      """
      .paper { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #59636e } .mark { fill: none; stroke: #c4550a; stroke-width: 3 }
      @media (prefers-color-scheme: dark) { .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .faint { fill: #9198a1 } }
      """)
    out.element("rect", ["class": "paper", "width": "\(width)", "height": "\(height)"])
    out.label(title, ["class": "ink", "x": "24", "y": "30", "font-size": "17", "font-weight": "600"])
    for (row, name) in y.values.enumerated() {
      let at = Self.top + Double(row * Self.side)
      out.label(
        name, ["class": "faint", "x": number(Self.left - 8), "y": number(at + 37), "text-anchor": "end"])
      for column in 0..<columns {
        let value = cells[row][column]
        let across = Self.left + Double(column * Self.side)
        guard value.isFinite else { continue }
        let share = place(value)
        out.element(
          "rect",
          [
            "x": number(across), "y": number(at), "width": "\(Self.side - 2)", "height": "\(Self.side - 2)",
            "fill": Self.colour(share),
          ])
        if marked.contains([row, column]) {
          out.element(
            "rect",
            [
              "class": "mark", "x": number(across + 2), "y": number(at + 2), "width": "\(Self.side - 6)",
              "height": "\(Self.side - 6)",
            ])
        }
        out.label(
          Plot.tickText(value),
          [
            "x": number(across + 31), "y": number(at + 37), "text-anchor": "middle",
            "fill": share > 0.5 ? "#ffffff" : "#1f2328",
          ])
      }
    }
    let under = Self.top + Double(lines * Self.side) + 18
    for (column, name) in x.values.enumerated() {
      out.label(
        name,
        [
          "class": "faint", "x": number(Self.left + Double(column * Self.side) + 31), "y": number(under),
          "text-anchor": "middle",
        ])
    }
    out.label(x.label, ["class": "ink", "x": number(Self.left), "y": number(under + 26)])
    out.label(y.label, ["class": "ink", "x": "24", "y": number(Self.top - 16)])
    out.end()
    return out.text
  }

  /// From pale to dark blue.
  private static func colour(_ share: Double) -> String {
    func part(_ light: Double, _ dark: Double) -> Int { Int((light + (dark - light) * share).rounded()) }
    return "rgb(\(part(222, 8)),\(part(235, 48)),\(part(247, 107)))"
  }
}
