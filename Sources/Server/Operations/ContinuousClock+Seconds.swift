extension ContinuousClock.Instant {
  /// The seconds from here to a later instant.
  func seconds(to later: ContinuousClock.Instant) -> Double { duration(to: later) / .seconds(1) }
}
