#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder where models are kept by name: `models/NAME.gguf` in it.
public struct ModelHome: Sendable, Hashable {
  /// A model that is kept.
  public struct Entry: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its file.
    public let path: String
    /// The file's size.
    public let bytes: Int
    /// When the file was last changed, in seconds since 1970.
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

  /// The model of a name, whether it is there or not.
  ///
  /// - Throws: ``InferenceError/invalidModelName(_:)`` for what is not a plain name, such as one with a slash.
  public func path(of name: String) throws(InferenceError) -> String {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isPlain, !name.isEmpty, !name.hasPrefix("."), name.utf8.count <= 200 else { throw .invalidModelName(name) }
    return "\(models)/\(name).gguf"
  }

  /// The file that a name or a path means. What holds a slash or ends in `.gguf` is a path.
  ///
  /// - Throws: ``InferenceError/modelNotFound(name:searched:)`` and ``InferenceError/invalidModelName(_:)``.
  public func file(for model: String) throws(InferenceError) -> String {
    let isPath = model.utf8.contains(UInt8(ascii: "/")) || model.hasSuffix(".gguf")
    let path = isPath ? model : try path(of: model)
    guard access(path, F_OK) == 0 else { throw .modelNotFound(name: model, searched: [path]) }
    return path
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
    var entries: [Entry] = []
    while let item = readdir(directory) {
      let file = withUnsafeBytes(of: &item.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard file.hasSuffix(".gguf"), let path = try? path(of: String(file.dropLast(5))) else { continue }
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      #if canImport(Darwin)
        let modified = status.st_mtimespec.tv_sec
      #else
        let modified = status.st_mtim.tv_sec
      #endif
      entries.append(
        Entry(name: String(file.dropLast(5)), path: path, bytes: Int(status.st_size), modified: Int(modified)))
    }
    return entries.sorted { $0.name < $1.name }
  }

  /// Removes a model.
  ///
  /// - Throws: ``InferenceError/modelNotFound(name:searched:)``, ``InferenceError/invalidModelName(_:)`` and
  ///   ``InferenceError/system(operation:path:code:)``.
  public func remove(_ name: String) throws(InferenceError) {
    let path = try path(of: name)
    if unlink(path) == 0 { return }
    if errno == ENOENT { throw .modelNotFound(name: name, searched: [path]) }
    throw .system(operation: "remove", path: path, code: errno)
  }

  /// Makes the folders that do not exist yet.
  func prepare() throws(InferenceError) {
    var folder = models.hasPrefix("/") ? "/" : ""
    for part in models.split(separator: "/") {
      folder += part
      if mkdir(folder, 0o777) != 0, errno != EEXIST { throw .system(operation: "make folder", path: folder, code: errno) }
      folder += "/"
    }
  }
}
