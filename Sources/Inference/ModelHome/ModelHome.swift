#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder where models are kept by name: `models/NAME/`, which holds one model file or is a folder in Hugging Face's
/// form, or `models/NAME.gguf`.
public struct ModelHome: Sendable, Hashable {
  /// A model that is kept.
  public struct Entry: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its file, or its folder.
    public let path: String
    /// The size of the file, or of all files in the folder.
    public let bytes: Int
    /// When it was last changed, in seconds since 1970.
    public let modified: Int
  }

  /// The folder's path.
  public let path: String

  /// The home at `path`; by default what `VENTURI_HOME` names, else `~/.cache/venturi`.
  public init(path: String? = nil) {
    self.path = path ?? environmentValue("VENTURI_HOME") ?? (environmentValue("HOME") ?? ".") + "/.cache/venturi"
  }

  /// Where models are.
  public var models: String { path + "/models" }

  /// Where data for training are: `data/NAME/`, a folder for each set.
  public var data: String { path + "/data" }

  /// The folder of a model, whether it is there or not.
  ///
  /// - Throws: ``InferenceError/invalidModelName(_:)`` for what is not a plain name, such as one with a slash.
  public func folder(of name: String) throws(InferenceError) -> String { "\(models)/\(try Self.plain(name))" }

  /// The folder of a data set, whether it is there or not.
  ///
  /// - Throws: ``InferenceError/invalidModelName(_:)``.
  public func dataFolder(of name: String) throws(InferenceError) -> String { "\(data)/\(try Self.plain(name))" }

  /// A name that is one component of a path.
  private static func plain(_ name: String) throws(InferenceError) -> String {
    guard isPlain(name) else { throw .invalidModelName(name) }
    return name
  }

  /// Whether a name is up to 200 letters, digits, dots, underscores and dashes, no dot first.
  static func isPlain(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    return isPlain && !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 200
  }

  /// The file or folder of a model that is kept; nothing when there is none, or no telling which.
  ///
  /// - Throws: ``InferenceError/invalidModelName(_:)``.
  public func path(of name: String) throws(InferenceError) -> String? {
    let folder = try folder(of: name)
    if access(folder + ".gguf", F_OK) == 0 { return folder + ".gguf" }
    let names = Files.names(in: folder)
    let files = names.filter { $0.hasSuffix(".gguf") && !$0.hasPrefix(".") }
    if files.isEmpty, names.contains("config.json") { return folder }
    return files.count == 1 ? "\(folder)/\(files[0])" : nil
  }

  /// The file or folder that a name or a path means. What holds a slash or ends in `.gguf` is a path.
  ///
  /// - Throws: ``InferenceError/modelNotFound(name:searched:)`` and ``InferenceError/invalidModelName(_:)``.
  public func file(for model: String) throws(InferenceError) -> String {
    if model.hasPrefix(HubReference.scheme) {
      let name = try HubReference(model).homeName
      if let path = try path(of: name) { return path }
      throw .modelNotFound(name: model, searched: [try folder(of: name)])
    }
    if model.utf8.contains(UInt8(ascii: "/")) || model.hasSuffix(".gguf") {
      guard access(model, F_OK) == 0 else { throw .modelNotFound(name: model, searched: [model]) }
      return model
    }
    if let path = try path(of: model) { return path }
    let folder = try folder(of: model)
    throw .modelNotFound(name: model, searched: ["\(folder)/*.gguf", "\(folder)/config.json", "\(folder).gguf"])
  }

  /// The models that are kept, by name; none where the folder does not exist.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  public func list() throws(InferenceError) -> [Entry] {
    guard let directory = opendir(models) else {
      if errno == ENOENT { return [] }
      throw .system(operation: "list", path: models, code: errno)
    }
    defer { closedir(directory) }
    var names = Set<String>()
    while let item = readdir(directory) {
      let file = withUnsafeBytes(of: &item.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      names.insert(file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file)
    }
    var entries: [Entry] = []
    for name in names.sorted() {
      guard let path = (try? path(of: name)) ?? nil else { continue }
      var status = stat()
      guard stat(path, &status) == 0, [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { continue }
      #if canImport(Darwin)
        let modified = status.st_mtimespec.tv_sec
      #else
        let modified = status.st_mtim.tv_sec
      #endif
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      let bytes = isFolder ? Files.all(in: path).reduce(0) { $0 + Files.size($1) } : Int(status.st_size)
      entries.append(Entry(name: name, path: path, bytes: bytes, modified: Int(modified)))
    }
    return entries
  }

  /// Removes a model.
  ///
  /// - Throws: ``InferenceError/modelNotFound(name:searched:)``, ``InferenceError/invalidModelName(_:)`` and
  ///   ``InferenceError/system(operation:path:code:)``.
  public func remove(_ name: String) throws(InferenceError) {
    let path = try file(for: name)
    let folder = try folder(of: name)
    guard path.hasPrefix(folder) else { throw .invalidModelName(name) }
    // A folder's configuration makes it a model: it goes first, so that no half of one is left under the name.
    let first = path == folder ? "\(folder)/config.json" : path
    if unlink(first) != 0 { throw .system(operation: "remove", path: first, code: errno) }
    unlink(EngineProfile.path(beside: path))
    // What else is in the folder, a cache of packed weights say, was made from the file.
    if Files.isFolder(folder) { Files.remove(folder: folder) }
  }

  /// Makes a folder and those above it that do not exist yet.
  func make(folder path: String) throws(InferenceError) {
    var folder = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      folder += part
      if mkdir(folder, 0o777) != 0, errno != EEXIST {
        throw .system(operation: "make folder", path: folder, code: errno)
      }
      folder += "/"
    }
  }
}
