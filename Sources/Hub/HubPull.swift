import Foundation
import Inference
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Fetches models of a hub into a home.
///
/// Nothing appears under the model's name before all of its files are there with the hub's sizes and digests, and then all
/// at once. What a fetch that fails leaves behind is kept, and the next one goes on from it.
public struct HubPull: Sendable {
  /// How far a fetch is; what is there never becomes less.
  public struct Progress: Sendable, Hashable {
    /// The bytes that are there.
    public var received: Int
    /// The bytes of all files.
    public var total: Int
  }

  /// What was fetched.
  public struct Outcome: Sendable, Hashable {
    /// The model's name in the home.
    public var name: String
    /// Its file, or its folder.
    public var path: String
    /// The names of its files.
    public var files: [String]
    /// The bytes of its files.
    public var bytes: Int
  }

  /// Where models go.
  public let home: ModelHome
  /// Who is asked.
  public let client: HubClient
  /// The most connections at once.
  public var connections = 4

  /// A way of fetching.
  public init(home: ModelHome = ModelHome(), client: HubClient) {
    self.home = home
    self.client = client
  }

  /// Fetches a model, unless it is there. Waits for files and servers on the calling thread.
  ///
  /// - Parameters:
  ///   - again: whether to fetch it also when it is there.
  ///   - isCancelled: asked a few times a second, on any thread.
  ///   - report: called as bytes come, on any thread.
  /// - Throws: ``HubError``; `InferenceError`; `POSIXError`; `CancellationError`.
  public func callAsFunction(
    _ reference: HubReference, again: Bool = false, isCancelled: @escaping @Sendable () -> Bool = { false },
    report: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws -> Outcome {
    let name = reference.homeName
    let target = try home.folder(of: name)
    if !again, let path = try home.path(of: name) { return try outcome(name, path) }
    // The folder that the model arrives in is on the same disk, so that the last step is a rename.
    let staging = "\(home.models)/.hub-\(name)"
    try FileManager.default.createDirectory(atPath: staging, withIntermediateDirectories: true)
    let lock = try Self.locked(staging)
    defer { withExtendedLifetime(lock) {} }

    let listing: HubListing
    do { listing = try client.listing(of: reference, isCancelled: isCancelled) } catch let failure
      as HubExchange.Failure
    { throw HubError.unreachable(endpoint: client.endpoint, problem: failure.problem) }
    let selection = try HubSelection(listing, for: reference)
    let total = selection.files.reduce(0) { $0 + $1.file.size }
    try checkRoom(total - Files.all(in: staging).reduce(0) { $0 + Files.size($1) }, at: staging)
    let received = Mutex((byFile: [Int](repeating: 0, count: selection.files.count), most: 0))
    for (index, (file, place)) in selection.files.enumerated() {
      let path = "\(staging)/\(place)"
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      let download = HubDownload(
        client: client, reference: reference, file: file, path: path, connections: connections,
        report: { bytes in
          let sum = received.withLock { received in
            received.byFile[index] = bytes
            received.most = max(received.most, received.byFile.reduce(0, +))
            return received.most
          }
          report(Progress(received: sum, total: total))
        }, isCancelled: isCancelled)
      try download.run()
    }
    try place(selection, from: staging, at: target)
    guard let path = try home.path(of: name) else {
      throw HubError.badAnswer(path: reference.repository, problem: "its files are no model")
    }
    return try outcome(name, path)
  }

  private func outcome(_ name: String, _ path: String) throws -> Outcome {
    let folder = try home.folder(of: name)
    let files = Files.all(in: folder)
    return Outcome(
      name: name, path: path, files: files.map { String($0.dropFirst(folder.utf8.count + 1)) },
      bytes: files.reduce(0) { $0 + Files.size($1) })
  }

  /// Keeps two processes from fetching one model at the same time.
  private static func locked(_ folder: String) throws -> FileLock {
    let descriptor = open("\(folder)/.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    do throws(FileLock.Refusal) { return try FileLock.take(descriptor) } catch {
      if error.isHeld { throw HubError.inUse(path: folder) }
      throw POSIXError(POSIXErrorCode(rawValue: error.code) ?? .EIO)
    }
  }

  private func checkRoom(_ needed: Int, at path: String) throws {
    var status = statvfs()
    guard needed > 0, statvfs(path, &status) == 0 else { return }
    let free = Int(
      clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    if free < needed { throw HubError.noRoom(path: path, needed: needed, available: free) }
  }

  /// Moves the files that were fetched to the model's folder.
  private func place(_ selection: HubSelection, from staging: String, at target: String) throws {
    let manager = FileManager.default
    let fresh = "\(staging)/.whole"
    try? manager.removeItem(atPath: fresh)
    try manager.createDirectory(atPath: fresh, withIntermediateDirectories: true)
    for (_, place) in selection.files {
      let path = "\(fresh)/\(place)"
      try manager.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try manager.moveItem(atPath: "\(staging)/\(place)", toPath: path)
    }
    // An earlier model goes only when the new one is whole.
    let old = "\(staging)/.old"
    try? manager.removeItem(atPath: old)
    if manager.fileExists(atPath: target) { try manager.moveItem(atPath: target, toPath: old) }
    try manager.moveItem(atPath: fresh, toPath: target)
    try Files.sync(home.models)
    try? manager.removeItem(atPath: staging)
  }
}
