#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ModelAccess {
  /// A model that was pulled.
  struct Stored: Equatable {
    var name: String
    var path: String
    var bytes: Int
    /// Seconds since 1970.
    var modified: Int
  }

  /// The models in the home, by name.
  static func models() -> [Stored] {
    let folder = "\(home)/models"
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var found: [Stored] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasSuffix(".gguf"), !name.hasPrefix(".") else { continue }
      var info = stat()
      guard stat("\(folder)/\(name)", &info) == 0, info.st_mode & S_IFMT == S_IFREG else { continue }
      found.append(
        Stored(
          name: String(name.dropLast(5)), path: "\(folder)/\(name)", bytes: Int(info.st_size),
          modified: Int(info.st_mtim.tv_sec)))
    }
    return found.sorted { $0.name < $1.name }
  }
}
