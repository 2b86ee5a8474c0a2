/// Where a server of the OpenAI interface is.
public struct ServerAddress: Sendable, Equatable, CustomStringConvertible {
  /// Whether it speaks TLS.
  public var isEncrypted: Bool
  /// The host's name or address, without brackets.
  public var host: String
  /// The port.
  public var port: Int
  /// What every path begins with, without a slash at the end; empty for most servers.
  public var prefix: String

  /// An address as users write it: `http://127.0.0.1:8080`, `https://host/api/v1`, `localhost:8080`. A last `/v1`, which clients' base
  /// URLs have, is left out.
  ///
  /// - Throws: ``ClientError/invalidAddress(_:problem:)``.
  public init(_ text: String) throws(ClientError) {
    func wrong(_ problem: String) -> ClientError { .invalidAddress(text, problem: problem) }
    var rest = Substring(text)
    isEncrypted = false
    if let end = text.range(of: "://") {
      switch text[..<end.lowerBound].lowercased() {
      case "http": break
      case "https": isEncrypted = true
      default: throw wrong("must begin with http:// or https://")
      }
      rest = text[end.upperBound...]
    }
    // What is written into a request's head must not end it.
    guard rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw wrong("has characters that an address does not have")
    }
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if authority.contains("@") { throw wrong("user names do not belong in it; a key is given by --api-key") }
    var path = rest[authority.endIndex...]
    if path.contains("?") || path.contains("#") { throw wrong("has a query") }
    while path.last == "/" { path.removeLast() }
    if path == "/v1" || path.hasSuffix("/v1") { path.removeLast(3) }
    while path.last == "/" { path.removeLast() }
    prefix = String(path)

    var number: Substring?
    if authority.first == "[" {
      guard let close = authority.firstIndex(of: "]") else { throw wrong("the bracket is not closed") }
      host = String(authority[authority.index(after: authority.startIndex)..<close])
      let after = authority[authority.index(after: close)...]
      if !after.isEmpty {
        guard after.first == ":" else { throw wrong("'\(after)' is no port") }
        number = after.dropFirst()
      }
    } else {
      let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
      if parts.count > 2 { throw wrong("an IPv6 address is written in brackets") }
      host = String(parts.first ?? "")
      if parts.count == 2 { number = parts[1] }
    }
    if host.isEmpty { throw wrong("has no host") }
    port = isEncrypted ? 443 : 80
    if let number {
      guard let value = Int(number), (1...65535).contains(value), number.first != "+" else {
        throw wrong("'\(number)' is no port")
      }
      port = value
    }
  }

  /// The scheme, host, port and prefix.
  public var description: String { "\(isEncrypted ? "https" : "http")://\(authority)\(prefix)" }

  /// Host and port, as a request's `Host` has them.
  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
  }
}

extension String {
  /// Where `other` begins and ends for the first time.
  fileprivate func range(of other: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
      start = index(after: start)
    }
    return nil
  }
}
