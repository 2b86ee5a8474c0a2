import NIOCore

extension APIClient {
  /// Seconds of the clock that events are timed by; it never goes back.
  public static var now: Double { seconds(.now()) }

  static func seconds(_ time: NIODeadline) -> Double { Double(time.uptimeNanoseconds) / 1e9 }
}
