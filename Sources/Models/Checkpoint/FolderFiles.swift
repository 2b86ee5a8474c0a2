import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files of one folder; nothing outside of it is opened, whatever names and links say.
struct FolderFiles: Sendable {
  let path: String

  /// Whether there is a folder at `path`.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names of the folder's files, sorted; those that begin with a dot are left out.
  ///
  /// - Throws: ``/Tensors/TensorError/cannotMap(path:code:)``.
  func names() throws(TensorError) -> [String] {
    guard let directory = opendir(path) else { throw .cannotMap(path: path, code: errno) }
    defer { closedir(directory) }
    var names: [String] = []
    while let item = readdir(directory) {
      let name = withUnsafeBytes(of: &item.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether the folder has a file called `name`.
  func has(_ name: String) -> Bool {
    FileNames.problem(inFileName: name) == nil && access("\(path)/\(name)", F_OK) == 0
  }

  /// The files of the folder's own folder `name`; nothing when it has none, or a link.
  func subfolder(_ name: String) -> FolderFiles? {
    var status = stat()
    guard FileNames.problem(inFileName: name) == nil, lstat("\(path)/\(name)", &status) == 0,
      status.st_mode & S_IFMT == S_IFDIR
    else {
      return nil
    }
    return FolderFiles(path: "\(path)/\(name)")
  }

  /// The file called `name`, mapped.
  ///
  /// Regular files only. The one link that is followed is the one that the hub's own cache makes: a file of a snapshot
  /// lies in `../../blobs` under its digest.
  ///
  /// - Throws: ``/Formats/FormatError/invalidValue(field:offset:value:expected:)`` for a name or a link that leads out of
  ///   the folder; ``/Tensors/TensorError/cannotMap(path:code:)``.
  func map(_ name: String) throws -> Storage {
    if let problem = FileNames.problem(inFileName: name) {
      throw FormatError.invalidValue(
        field: "file name", offset: 0, value: problem, expected: "a file of the folder itself")
    }
    let file = "\(path)/\(name)"
    var status = stat()
    guard lstat(file, &status) == 0 else { throw TensorError.cannotMap(path: file, code: errno) }
    if status.st_mode & S_IFMT == S_IFLNK {
      var target = [CChar](repeating: 0, count: 4096)
      let length = readlink(file, &target, target.count)
      let link = String(decoding: target.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let blob = link.hasPrefix("../../blobs/") ? String(link.dropFirst(12)) : ""
      let isDigest = !blob.isEmpty && blob.utf8.allSatisfy { isxdigit(Int32($0)) != 0 }
      var blobStatus = stat()
      guard isDigest, lstat("\(path)/\(link)", &blobStatus) == 0, blobStatus.st_mode & S_IFMT == S_IFREG else {
        throw FormatError.invalidValue(
          field: name, offset: 0, value: "a link to \(link)", expected: "a regular file of the folder itself")
      }
      return try Storage(mapping: "\(path)/\(link)")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FormatError.invalidValue(
        field: name, offset: 0, value: "no regular file", expected: "a regular file of the folder itself")
    }
    return try Storage(mapping: file)
  }
}
