/// A string of a template, as code points, each known to come from the template itself or from outside.
///
/// What the template's author wrote is trusted and may hold special tokens; what messages, tools and variables bring is
/// not. Joining and cutting keep the origin of every code point; whatever rewrites a text that is not wholly trusted makes
/// all of it untrusted.
struct JinjaText: Sendable {
  /// A stretch of one origin that ends before code point `end`.
  struct Run: Sendable, Equatable {
    var end: Int
    var isTrusted: Bool
  }

  private(set) var scalars: [Unicode.Scalar] = []
  private(set) var runs: [Run] = []
  /// Whether the template declared it safe for HTML: what is added to it is then escaped, as the reference does.
  var isMarkup = false

  init() {}

  init(_ scalars: [Unicode.Scalar], isTrusted: Bool) {
    self.scalars = scalars
    if !scalars.isEmpty { runs = [Run(end: scalars.count, isTrusted: isTrusted)] }
  }

  init(_ text: some StringProtocol, isTrusted: Bool) {
    self.init(Array(text.unicodeScalars), isTrusted: isTrusted)
  }

  var count: Int { scalars.count }
  var isTrusted: Bool { runs.allSatisfy(\.isTrusted) }
  var string: String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  /// Whether code point `index` comes from the template.
  func isTrusted(at index: Int) -> Bool { runs[run(at: index)].isTrusted }

  /// The run that holds code point `index`.
  private func run(at index: Int) -> Int {
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].end <= index { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func append(_ other: JinjaText) {
    if scalars.isEmpty {
      scalars = other.scalars
      runs = other.runs
      return
    }
    let offset = scalars.count
    scalars.append(contentsOf: other.scalars)
    for run in other.runs { append(Run(end: offset + run.end, isTrusted: run.isTrusted)) }
  }

  /// Appends a part of another text.
  mutating func append(_ other: JinjaText, _ range: Range<Int>) {
    if range.isEmpty { return }
    let offset = scalars.count - range.lowerBound
    scalars.append(contentsOf: other.scalars[range])
    for run in other.runs[other.run(at: range.lowerBound)...] {
      append(Run(end: offset + min(run.end, range.upperBound), isTrusted: run.isTrusted))
      if run.end >= range.upperBound { break }
    }
  }

  mutating func append(_ scalar: Unicode.Scalar, isTrusted: Bool) {
    scalars.append(scalar)
    append(Run(end: scalars.count, isTrusted: isTrusted))
  }

  private mutating func append(_ run: Run) {
    if let last = runs.last, last.isTrusted == run.isTrusted {
      runs[runs.count - 1].end = run.end
    } else {
      runs.append(run)
    }
  }

  /// The code points of a range, with their origins.
  subscript(range: Range<Int>) -> JinjaText {
    var part = JinjaText()
    part.isMarkup = isMarkup
    if range.isEmpty { return part }
    part.append(self, range)
    return part
  }

  /// The text with every code point rewritten: trusted only if all of it was.
  func rewritten(_ body: ([Unicode.Scalar]) -> [Unicode.Scalar]) -> JinjaText {
    var text = JinjaText(body(scalars), isTrusted: isTrusted)
    text.isMarkup = isMarkup
    return text
  }

  /// The text without the code points at its ends that `isStripped` names.
  func stripped(
    left: Bool = true, right: Bool = true, where isStripped: (Unicode.Scalar) -> Bool = \.isPythonSpace
  ) -> JinjaText {
    var (low, high) = (0, count)
    if left { while low < high, isStripped(scalars[low]) { low += 1 } }
    if right { while low < high, isStripped(scalars[high - 1]) { high -= 1 } }
    return low == 0 && high == count ? self : self[low..<high]
  }

  /// Where `needle` starts, at or after `start`; nil if nowhere. An empty needle is found at once.
  func firstIndex(of needle: [Unicode.Scalar], from start: Int = 0) -> Int? {
    if needle.isEmpty { return start <= count ? start : nil }
    return Self.search(needle.count, { needle[$0] }, in: start..<count, { scalars[$0] })
  }

  /// Where `needle` starts last, if it ends at or before `end`; nil if nowhere.
  func lastIndex(of needle: [Unicode.Scalar], to end: Int? = nil) -> Int? {
    let (end, length) = (end ?? count, needle.count)
    if needle.isEmpty { return end }
    // Backwards: place i of the mirrored text is code point end - 1 - i.
    let found = Self.search(length, { needle[length - 1 - $0] }, in: 0..<end, { scalars[end - 1 - $0] })
    return found.map { end - $0 - length }
  }

  /// The search of Knuth, Morris and Pratt: its time is linear, whatever is looked for in whatever.
  private static func search(
    _ length: Int, _ needle: (Int) -> Unicode.Scalar, in range: Range<Int>, _ text: (Int) -> Unicode.Scalar
  ) -> Int? {
    if length > range.count { return nil }
    // How much of the needle still fits when the code point after a match of this length does not.
    var fallback = [Int](repeating: 0, count: length)
    var matched = 0
    for place in 1..<max(1, length) {
      while matched > 0, needle(place) != needle(matched) { matched = fallback[matched - 1] }
      if needle(place) == needle(matched) { matched += 1 }
      fallback[place] = matched
    }
    matched = 0
    for place in range {
      while matched > 0, text(place) != needle(matched) { matched = fallback[matched - 1] }
      if text(place) == needle(matched) { matched += 1 }
      if matched == length { return place - length + 1 }
    }
    return nil
  }

  func hasPrefix(_ prefix: [Unicode.Scalar]) -> Bool { scalars.starts(with: prefix) }
  func hasSuffix(_ suffix: [Unicode.Scalar]) -> Bool {
    suffix.count <= count && scalars[(count - suffix.count)...].elementsEqual(suffix)
  }

  /// The text as segments of a prompt.
  var segments: [PromptSegment] {
    var segments: [PromptSegment] = []
    var start = 0
    for run in runs {
      let part = JinjaText(Array(scalars[start..<run.end]), isTrusted: true).string
      segments.append(run.isTrusted ? .template(part) : .text(part))
      start = run.end
    }
    return segments
  }
}

extension JinjaText: ExpressibleByStringLiteral {
  init(stringLiteral value: String) { self.init(value, isTrusted: true) }
}

extension Unicode.Scalar {
  /// What Python's `str.isspace` takes for white space.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0: true
    case 0..<0x1000: false
    default: properties.isWhitespace
    }
  }

  /// What Python's `str.splitlines` cuts at; a carriage return with a line feed counts as one.
  var isPythonLineBreak: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
