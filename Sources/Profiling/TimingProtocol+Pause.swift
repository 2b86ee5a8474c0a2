#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension TimingProtocol {
  /// Sleeps.
  static func pause(_ seconds: Double) {
    if seconds > 0 { usleep(UInt32(min(seconds, 60) * 1e6)) }
  }
}
