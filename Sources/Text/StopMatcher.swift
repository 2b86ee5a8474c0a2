/// Watches a text that comes in parts for stop strings. Nothing of a stop string is ever given out, however it is spread over
/// the parts; text that only looked like the beginning of one comes out as soon as that is certain.
///
/// The stop string that is complete first wins; of two that end at the same place, the longer. So the outcome depends on the
/// text alone and not on its parts.
public struct StopMatcher: Sendable {
  /// What a part of the text leads to.
  public struct Outcome: Sendable, Equatable {
    /// Text that is certain to stand before any stop string.
    public var text: String
    /// The number of the stop string that is complete, if one is; nothing comes out after it.
    public var stop: Int?

    /// An outcome.
    public init(text: String, stop: Int? = nil) {
      self.text = text
      self.stop = stop
    }
  }

  /// The most stop strings.
  public static let countLimit = 64
  /// The most bytes of one stop string.
  public static let bytesLimit = 1024

  private let stops: [[UInt8]]
  /// For each stop string and each number of matched bytes: how many still match if the next one does not.
  private let fallbacks: [[Int]]
  /// How many bytes of each stop string the text ends with.
  private var matched: [Int]
  /// The end of the text that may be the beginning of a stop string.
  private var held: [UInt8] = []
  private var stop: Int?

  /// Takes the stop strings; none is fine and lets everything through.
  ///
  /// - Throws: ``TextError/emptyStop(index:)``, ``TextError/tooManyStops(count:limit:)`` or
  ///   ``TextError/stopTooLong(index:bytes:limit:)``.
  public init(_ stops: [String]) throws(TextError) {
    guard stops.count <= StopMatcher.countLimit else {
      throw .tooManyStops(count: stops.count, limit: StopMatcher.countLimit)
    }
    for (index, stop) in stops.enumerated() {
      guard !stop.isEmpty else { throw .emptyStop(index: index) }
      guard stop.utf8.count <= StopMatcher.bytesLimit else {
        throw .stopTooLong(index: index, bytes: stop.utf8.count, limit: StopMatcher.bytesLimit)
      }
    }
    self.stops = stops.map { Array($0.utf8) }
    fallbacks = self.stops.map(StopMatcher.fallbacks)
    matched = [Int](repeating: 0, count: stops.count)
  }

  /// Adds a part of the text. After a stop string is complete, the rest is dropped.
  public mutating func append(_ text: String) -> Outcome {
    guard stop == nil else { return Outcome(text: "", stop: stop) }
    for byte in text.utf8 {
      held.append(byte)
      for index in stops.indices {
        advance(index, byte)
        if matched[index] == stops[index].count {
          if stop.map({ stops[$0].count < stops[index].count }) ?? true { stop = index }
        }
      }
      if let stop {
        held.removeLast(stops[stop].count)
        defer { held.removeAll() }
        return Outcome(text: String(decoding: held, as: UTF8.self), stop: stop)
      }
    }
    let kept = matched.max() ?? 0
    defer { held.removeFirst(held.count - kept) }
    return Outcome(text: String(decoding: held.dropLast(kept), as: UTF8.self), stop: nil)
  }

  /// The text that was held back and turned out to be no stop string. The next part starts a new text.
  public mutating func finish() -> String {
    defer {
      held.removeAll()
      stop = nil
      for index in matched.indices { matched[index] = 0 }
    }
    return String(decoding: held, as: UTF8.self)
  }

  /// One step of Knuth, Morris and Pratt's search, for one stop string.
  private mutating func advance(_ index: Int, _ byte: UInt8) {
    let stop = stops[index]
    var length = matched[index]
    while length > 0, stop[length] != byte { length = fallbacks[index][length] }
    matched[index] = stop[length] == byte ? length + 1 : 0
  }

  private static func fallbacks(_ stop: [UInt8]) -> [Int] {
    var table = [Int](repeating: 0, count: stop.count + 1)
    var length = 0
    for position in 1..<max(stop.count, 1) {
      while length > 0, stop[length] != stop[position] { length = table[length] }
      if stop[length] == stop[position] { length += 1 }
      table[position + 1] = length
    }
    return table
  }
}
