/// Where the certificate chain and the private key of TLS lie, in PEM form.
public struct TLSFiles: Sendable, Equatable {
  /// The chain's file, the server's own certificate first.
  public var certificate: String
  /// The private key's file.
  public var key: String

  /// Files by their paths.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}
