import Foundation
import Inference
import Synchronization

/// Fetches one file of a repository in ranges over several connections.
struct HubDownload {
  let client: HubClient
  let reference: HubReference
  let file: HubListing.File
  /// Where it arrives.
  let path: String
  let connections: Int
  let report: @Sendable (Int) -> Void
  let isCancelled: @Sendable () -> Bool

  private var source: String {
    let parts = file.path.split(separator: "/").map { part in
      part.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed.subtracting(CharacterSet(charactersIn: "?#%")))
        ?? String(part)
    }
    return "/\(reference.repository)/resolve/main/\(parts.joined(separator: "/"))"
  }

  /// What the connections of a file know together.
  private final class Progress: Sendable {
    /// The server's name of the version that comes.
    let tag = Mutex<String?>(nil)
    let failure = Mutex<(any Error)?>(nil)
    var hasFailed: Bool { failure.withLock { $0 != nil } }
  }

  /// A server that sends the whole file where a range was asked for.
  private struct NoRanges: Error {}

  /// Fetches what is missing and checks the whole.
  ///
  /// - Throws: ``HubError``; `POSIXError`; `CancellationError`.
  func run() throws {
    do { try run(inOneGo: false) } catch is NoRanges { try run(inOneGo: true) }
  }

  private func run(inOneGo: Bool) throws {
    // The digest is the best name of a version; where there is none, the server's tag guards the ranges of one try.
    let partial = try PartialFile(
      path: path, size: file.size, tag: file.sha256 ?? "size \(file.size)",
      segmentBytes: inOneGo ? max(1, file.size) : PartialFile.segmentBytes)
    report(partial.received)
    for isLast in [false, true] {
      try fetch(partial, lanes: inOneGo ? 1 : connections)
      try partial.finish()
      guard let expected = file.sha256 else { return }
      let found = try Files.sha256(path, isCancelled: isCancelled)
      if found == expected { return }
      partial.discard()
      // A second try tells damage on the way from a hub that is wrong.
      if isLast { throw HubError.checksumMismatch(path: file.path, expected: expected, found: found) }
    }
  }

  private func fetch(_ partial: PartialFile, lanes: Int) throws {
    partial.release()
    let progress = Progress()
    let group = DispatchGroup()
    for _ in 0..<max(1, min(lanes, partial.segmentCount)) {
      group.enter()
      Foundation.Thread { [self] in
        defer { group.leave() }
        do {
          while !progress.hasFailed, let segment = partial.take() {
            try fetch(segment, of: partial, progress)
          }
        } catch { progress.failure.withLock { $0 = $0 ?? error } }
      }.start()
    }
    group.wait()
    try? partial.note()
    guard let error = progress.failure.withLock({ $0 }) else { return }
    func stalled(_ problem: String) -> HubError {
      .stalled(path: file.path, received: partial.received, of: file.size, problem: problem)
    }
    switch error {
    case HubExchange.Failure.silence: throw stalled("nothing more came")
    case HubExchange.Failure.connection(let problem): throw stalled(problem)
    case HubExchange.Failure.redirection(let problem): throw HubError.badAnswer(path: file.path, problem: problem)
    case is HubClient.ShortAnswer: throw stalled("the answer ended early")
    default: throw error
    }
  }

  private func fetch(_ segment: Int, of partial: PartialFile, _ progress: Progress) throws {
    let isCancelled = { self.isCancelled() || progress.hasFailed }
    try client.retrying(source, progress: { partial.missing(of: segment).lowerBound }, isCancelled) { _ in
      let range = partial.missing(of: segment)
      if range.isEmpty { return }
      let request = try client.request(source, range: range, ifUnchangedFrom: progress.tag.withLock { $0 })
      let skipped = Mutex(0)
      try HubExchange.run(request, patience: client.patience, isCancelled: isCancelled) { head in
        try client.check(head.status, "\(reference.repository)/\(file.path)", file.path)
        try check(head, progress)
        if head.status == 206 {
          let expected = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
          guard head["content-range"] == expected else {
            throw HubError.badAnswer(
              path: file.path,
              problem: "the range '\(head["content-range"] ?? "")' came where '\(expected)' was asked for")
          }
          return
        }
        if let length = head["content-length"].flatMap({ Int($0) }), length != file.size {
          throw HubError.badAnswer(
            path: file.path, problem: "\(length) bytes are announced where the listing says \(file.size)")
        }
        guard partial.segmentCount == 1 else { throw NoRanges() }
        // The beginning that is there already comes once more.
        skipped.withLock { $0 = range.lowerBound }
      } onBytes: { bytes in
        let known = skipped.withLock { skipped in
          let part = min(skipped, bytes.count)
          skipped -= part
          return part
        }
        try partial.append(UnsafeRawBufferPointer(rebasing: bytes[known...]), to: segment)
        report(partial.received)
      }
      if !partial.missing(of: segment).isEmpty { throw HubClient.ShortAnswer() }
    }
  }

  /// Refuses an answer of another version of the file than the first.
  private func check(_ head: HubExchange.Head, _ progress: Progress) throws {
    guard let tag = head["etag"] else { return }
    let first = progress.tag.withLock { first in
      first = first ?? tag
      return first
    }
    if first != tag { throw HubError.changed(path: file.path) }
  }
}
