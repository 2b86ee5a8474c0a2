import Foundation
import Inference
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Asks a hub for listings and files.
public struct HubClient: Sendable {
  /// The hub's address, without a path.
  public let endpoint: String
  /// What proves who asks, if anything does.
  let token: String?
  /// How long nothing may come before a request is given up.
  public var patience = Duration.seconds(30)
  /// How often a request that fails is tried again without any progress.
  public var tries = 5
  /// The first pause before another try; it doubles.
  public var pause = Duration.milliseconds(500)

  /// A client of the hub at `endpoint`; by default what `HF_ENDPOINT` names, else the public hub, with the token of
  /// `HF_TOKEN`.
  ///
  /// - Throws: ``HubError/invalidEndpoint(_:)``.
  public init(endpoint: String? = nil, token: String? = nil) throws(HubError) {
    let environment = ProcessInfo.processInfo.environment
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    var address = endpoint ?? value("HF_ENDPOINT") ?? "https://huggingface.co"
    while address.hasSuffix("/") { address.removeLast() }
    guard let url = URL(string: address), let scheme = url.scheme, scheme == "http" || scheme == "https",
      let host = url.host, !host.isEmpty
    else { throw .invalidEndpoint(address) }
    self.endpoint = address
    self.token = token ?? value("HF_TOKEN")
  }

  /// The files of a repository.
  ///
  /// - Throws: ``HubError``; `CancellationError`.
  func listing(of reference: HubReference, isCancelled: () -> Bool) throws -> HubListing {
    var listing = HubListing()
    let first = "/api/models/\(reference.repository)/tree/main?recursive=true"
    var next: String? = first
    var pages = 0
    while let path = next {
      pages += 1
      guard pages <= 100 else { throw HubError.badAnswer(path: first, problem: "its listing has no end") }
      let (bytes, link) = try page(path, reference, isCancelled)
      try listing.add(page: bytes, of: reference.repository)
      next = link
    }
    return listing
  }

  private func page(
    _ path: String, _ reference: HubReference, _ isCancelled: () -> Bool
  ) throws -> ([UInt8], next: String?) {
    try retrying(path, isCancelled) { _ in
      let answer = Mutex<(bytes: [UInt8], head: HubExchange.Head?)>(([], nil))
      try HubExchange.run(try request(path), patience: patience, isCancelled: isCancelled) { head in
        try check(head.status, reference.repository, path)
        answer.withLock { $0.head = head }
      } onBytes: { bytes in
        try answer.withLock { answer in
          guard answer.bytes.count + bytes.count <= HubListing.pageLimit else {
            throw HubError.badAnswer(path: path, problem: "its listing is above \(HubListing.pageLimit) bytes")
          }
          answer.bytes += bytes
        }
      }
      return answer.withLock { ($0.bytes, nextPage($0.head?["link"])) }
    }
  }

  /// The path of the next page in a `Link` header; of this hub only.
  private func nextPage(_ link: String?) -> String? {
    guard let link, let start = link.firstIndex(of: "<"), let end = link.firstIndex(of: ">"), start < end,
      link[end...].contains("rel=\"next\"")
    else { return nil }
    let address = String(link[link.index(after: start)..<end])
    return address.hasPrefix(endpoint + "/") ? String(address.dropFirst(endpoint.count)) : nil
  }

  /// A request for a path of the hub.
  func request(_ path: String, range: Range<Int>? = nil, ifUnchangedFrom tag: String? = nil) throws -> URLRequest {
    guard let url = URL(string: endpoint + path) else { throw HubError.invalidEndpoint(endpoint + path) }
    var request = URLRequest(url: url)
    request.setValue("venturi", forHTTPHeaderField: "User-Agent")
    // What is compressed on the way has no length that could be checked.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
    if let range { request.setValue("bytes=\(range.lowerBound)-\(range.upperBound - 1)", forHTTPHeaderField: "Range") }
    if let tag { request.setValue(tag, forHTTPHeaderField: "If-Range") }
    return request
  }

  /// Refuses a status that is no success.
  func check(_ status: Int, _ what: String, _ path: String) throws {
    switch status {
    case 200, 206: return
    case 401, 403: throw HubError.unauthorized(what)
    case 404, 410: throw HubError.notFound(what)
    default: throw HubError.server(path: path, status: status)
    }
  }

  /// Runs `body` until it succeeds or has failed too often without progress, with pauses that grow. `progress` is a number
  /// that grows as something comes.
  func retrying<Value>(
    _ path: String, progress: () -> Int = { 0 }, _ isCancelled: () -> Bool, _ body: (_ attempt: Int) throws -> Value
  ) throws -> Value {
    var failures = 0
    var attempt = 0
    while true {
      let before = progress()
      do { return try body(attempt) } catch {
        attempt += 1
        failures = progress() > before ? 1 : failures + 1
        guard Self.isTemporary(error), failures < tries else { throw error }
        let until = ContinuousClock.now + pause * (1 << min(failures - 1, 6))
        while ContinuousClock.now < until {
          if isCancelled() { throw CancellationError() }
          Foundation.Thread.sleep(forTimeInterval: 0.02)
        }
      }
    }
  }

  private static func isTemporary(_ error: any Error) -> Bool {
    switch error {
    case HubExchange.Failure.silence, HubExchange.Failure.connection: true
    case HubError.server(_, let status): status == 408 || status == 429 || status >= 500
    case is ShortAnswer: true
    default: false
    }
  }

  /// An answer that ended before all of it was there.
  struct ShortAnswer: Error {}
}
