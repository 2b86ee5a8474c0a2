/// How many models a ``ModelShelf`` keeps loaded, and how long who asks for one waits.
public struct ShelfLimits: Sendable {
  /// The most models that are loaded at one time, those on their way in and out included.
  public var loaded = Int.max
  /// The most bytes that they take, weights and states; one that is larger by itself is loaded alone.
  public var bytes = Int.max
  /// How long a model stays without use, in seconds; for ever by default.
  public var timeToLive = 0.0
  /// The most requests that wait for models.
  public var waiting = 256
  /// How long after a load that failed another one is tried, in seconds.
  public var retry = 2.0
  /// How long, in seconds, requests may come before one that waits for room, because their model is loaded.
  public var patience = 10.0

  /// Limits with defaults: everything that was asked for stays.
  public init() {}

  /// Checks every value.
  ///
  /// - Throws: ``ServerError/invalidSetting(field:value:problem:)``.
  public func validate() throws(ServerError) {
    let counts = [("shelf.loaded", loaded, 1), ("shelf.bytes", bytes, 1), ("shelf.waiting", waiting, 0)]
    for (field, value, least) in counts where value < least {
      throw .invalidSetting(field: field, value: "\(value)", problem: "must be at least \(least)")
    }
    let times = [("shelf.timeToLive", timeToLive), ("shelf.retry", retry), ("shelf.patience", patience)]
    for (field, value) in times where !(0...1e9).contains(value) {
      throw .invalidSetting(field: field, value: "\(value)", problem: "must be from 0 to 1000000000 seconds")
    }
  }
}
