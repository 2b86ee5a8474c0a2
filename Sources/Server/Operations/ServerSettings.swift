/// How a server listens and whom it serves.
public struct ServerSettings: Sendable {
  /// The address to listen on; only this machine reaches the default.
  public var host = "127.0.0.1"
  /// The port; 0 lets the system choose.
  public var port = 8080
  /// The keys that clients show; none lets everybody in who reaches the port.
  public var keys = KeyRing()
  /// The web pages that may call.
  public var origins = OriginPolicy()
  /// What a request may ask for.
  public var limits = RequestLimits()
  /// How long things may take.
  public var deadlines = Deadlines()
  /// The certificate and key of TLS; plain HTTP without.
  public var tls: TLSFiles?
  /// The folder of results that the web page shows, as `make results` writes it.
  public var results: String?

  /// Settings with defaults.
  public init() {}

  /// Checks every value.
  ///
  /// - Throws: ``ServerError/invalidSetting(field:value:problem:)``.
  public func validate() throws(ServerError) {
    try Self.check("port", port, 0...65535)
    if host.isEmpty { throw .invalidSetting(field: "host", value: "", problem: "must not be empty") }
    try limits.validate()
    try deadlines.validate()
  }

  static func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(ServerError) {
    if range.contains(value) { return }
    throw .invalidSetting(
      field: field, value: "\(value)", problem: "must be from \(range.lowerBound) to \(range.upperBound)")
  }
}
