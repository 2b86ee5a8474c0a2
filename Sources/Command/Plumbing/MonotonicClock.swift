import CVenturi

/// A clock that never goes back.
enum MonotonicClock {
  /// Seconds since some moment.
  static var seconds: Double { vt_monotonic_seconds() }
}
