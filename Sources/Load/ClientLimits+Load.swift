import Client

extension ClientLimits {
  /// For answers of a load: as long as they may take, and as large as the longest ones are.
  public static func load(timeout: Double) -> ClientLimits {
    var limits = ClientLimits()
    limits.answer = timeout
    // Nothing of them is kept but times.
    limits.bytes = 4 << 30
    return limits
  }
}
