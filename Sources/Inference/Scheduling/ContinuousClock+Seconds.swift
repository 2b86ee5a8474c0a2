extension ContinuousClock.Instant {
  /// The seconds from here to a later instant.
  func seconds(to later: ContinuousClock.Instant) -> Double {
    let parts = duration(to: later).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }
}
