import Formats

/// Figures as a picture: lines over sizes, or bars side by side.
public struct Plot: Sendable, Equatable {
  /// What kind of picture.
  public enum Kind: String, Sendable {
    /// A line with points for each series.
    case lines
    /// A bar for each series, its first point's height.
    case bars
  }

  /// An axis.
  public struct Axis: Sendable, Equatable {
    /// What it shows, with the unit: `time (ms)`.
    public var label: String
    /// Whether equal steps are equal factors.
    public var isLogarithmic: Bool

    /// An axis.
    public init(_ label: String, logarithmic: Bool = false) {
      self.label = label
      isLogarithmic = logarithmic
    }
  }

  /// A figure with its range.
  public struct Point: Sendable, Equatable {
    /// Where on the horizontal axis.
    public var x: Double
    /// The figure.
    public var y: Double
    /// The lower end of its range.
    public var low: Double
    /// The upper end of its range.
    public var high: Double

    /// A point; without a range it is sharp.
    public init(x: Double, y: Double, low: Double? = nil, high: Double? = nil) {
      self.x = x
      self.y = y
      self.low = low ?? y
      self.high = high ?? y
    }
  }

  /// One contestant's points.
  public struct Series: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its points, from left to right.
    public var points: [Point]

    /// A series.
    public init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  /// A word for file names: `time`.
  public var name: String
  /// The heading.
  public var title: String
  /// What kind of picture.
  public var kind: Kind
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// The contestants.
  public var series: [Series]

  /// A plot from its parts.
  public init(_ name: String, title: String, kind: Kind = .lines, x: Axis, y: Axis, series: [Series]) {
    self.name = name
    self.title = title
    self.kind = kind
    self.x = x
    self.y = y
    self.series = series
  }
}
