import Foundation

/// Where tests find the committed fixtures and the default model.
public enum GoldenFiles {
  /// What is missing, and how to get it.
  public struct Missing: Error, CustomStringConvertible {
    /// A sentence that names the file.
    public let description: String
  }

  /// The repository's `Golden` folder.
  public static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden")

  /// A fixture by its path inside `Golden`.
  public static func url(_ path: String) -> URL { folder.appending(path: path) }

  /// The folder of all-MiniLM-L6-v2: `VENTURI_TEST_MINILM`, or where `make setup` puts it.
  ///
  /// - Throws: ``Missing``; a test without its model fails, it is not skipped.
  public static func miniLM() throws -> String {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["VENTURI_TEST_MINILM"], !path.isEmpty { return path }
    let path = (environment["VENTURI_HOME"] ?? NSHomeDirectory() + "/.cache/venturi") + "/models/minilm"
    guard FileManager.default.fileExists(atPath: path + "/model.safetensors") else {
      throw Missing(description: "no MiniLM at \(path): run `make setup`")
    }
    return path
  }

  /// The folder of conformance cases that `make setup` fetches: `vocabularies` or `onnx`.
  ///
  /// - Throws: ``Missing``; a suite without its cases fails, it is not skipped.
  public static func cases(_ name: String) throws -> URL {
    let home = ProcessInfo.processInfo.environment["VENTURI_HOME"] ?? NSHomeDirectory() + "/.cache/venturi"
    let folder = URL(filePath: "\(home)/cases/\(name)")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw Missing(description: "no cases at \(folder.path): run `make setup`")
    }
    return folder
  }

  /// The folder of data that `make setup` fetches: `fashion-mnist`.
  ///
  /// - Throws: ``Missing``; a suite without its data fails, it is not skipped.
  public static func data(_ name: String) throws -> String {
    let home = ProcessInfo.processInfo.environment["VENTURI_HOME"] ?? NSHomeDirectory() + "/.cache/venturi"
    let folder = "\(home)/data/\(name)"
    guard FileManager.default.fileExists(atPath: folder) else {
      throw Missing(description: "no data at \(folder): run `make setup`")
    }
    return folder
  }

  /// The path of the default model: `VENTURI_TEST_MODEL`, or where `make setup` puts it.
  ///
  /// - Throws: ``Missing``; a test without its model fails, it is not skipped.
  public static func defaultModel() throws -> String {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["VENTURI_TEST_MODEL"], !path.isEmpty { return path }
    let home = environment["VENTURI_HOME"] ?? NSHomeDirectory() + "/.cache/venturi"
    let paths = ["/models/smollm2/smollm2-135m-instruct-q4_1.gguf", "/models/smollm2.gguf"].map { home + $0 }
    guard let path = paths.first(where: FileManager.default.fileExists(atPath:)) else {
      throw Missing(description: "no default model at \(paths[0]): run `make setup`")
    }
    return path
  }
}
