/// Which web pages may call the server from a browser.
///
/// A request without an `Origin` header comes from no page and is not concerned. Pages of this machine may always call.
public struct OriginPolicy: Sendable {
  /// Origins such as `https://chat.example`; `*` allows every page.
  public var allowed: Set<String>

  /// A policy that allows pages of this machine and the given ones.
  public init(_ allowed: some Sequence<String> = []) {
    self.allowed = Set(allowed.map { $0.lowercased() })
  }

  /// Whether every page may call.
  public var allowsAll: Bool { allowed.contains("*") }

  /// Whether a page may call.
  ///
  /// - Parameters:
  ///   - origin: the `Origin` header.
  ///   - host: the `Host` header. A page of the server's own counts only where keys are asked for: without them a page
  ///     whose name was made to lead here would be one.
  ///   - hasKeys: whether keys are asked for.
  func allows(_ origin: String, host: String?, hasKeys: Bool) -> Bool {
    if allowsAll { return true }
    let origin = origin.lowercased()
    if allowed.contains(origin) { return true }
    guard let scheme = ["http://", "https://"].first(where: { origin.hasPrefix($0) }) else { return false }
    let authority = origin.dropFirst(scheme.count)
    if hasKeys, let host, !host.isEmpty, authority == host.lowercased() { return true }
    for name in ["localhost", "127.0.0.1", "[::1]"] where authority.hasPrefix(name) {
      let rest = authority.dropFirst(name.count)
      let port = rest.dropFirst()
      if rest.isEmpty || rest.first == ":" && !port.isEmpty && port.allSatisfy({ $0.isASCII && $0.isNumber }) {
        return true
      }
    }
    return false
  }
}
