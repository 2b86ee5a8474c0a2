import Catalogue
import Formats
import Foundation
import Server
import ServerPage
import Testing
import Venturi

/// The web page's files, and what it asks for of the systems.
@Suite struct PageTests {
  private static func engine() throws -> Engine { try ServerFixtures.engine(ServerFixtures.saying("x")) }

  @Test func everyFileIsServedAsItStandsInTheSources() async throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Server/Page/Files")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
    #expect(names.count > 15)
    #expect(Set(PageFile.all.map(\.tag)).count == names.count)
    let keys = try KeyRing(["key"])
    try await TestServer.with(Self.engine(), { $0.keys = keys }) { server in
      for name in names {
        let content = [UInt8](try Data(contentsOf: folder.appending(path: name)))
        let paths = name == "index.html" ? ["/", "/figures", "/systems", "/plan"] : ["/page/\(name)"]
        for path in paths {
          let reply = try await server.get(path)
          #expect(reply.status == 200 && reply.body == content, "\(path)")
          #expect(reply.headers["x-content-type-options"] == "nosniff" && reply.headers["cache-control"] == "no-cache")
          let policy = reply.headers["content-security-policy"] ?? ""
          #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; ") && !policy.contains("unsafe"))
          let head = try await server.send("HEAD", path)
          #expect(head.status == 200 && head.headers["etag"] == reply.headers["etag"])
          let wrong = try await server.send("POST", path, ["Authorization": "Bearer key"], body: [])
          #expect(wrong.status == 405 && wrong.headers["allow"]?.contains("GET") == true)
        }
      }
      for path in ["/page", "/page/", "/page/none.js", "/page/../main.js", "/index.html", "/page/%2e%2e/main.js"] {
        #expect(try await server.get(path).status == 401, "\(path)")
        #expect(try await server.get(path, ["Authorization": "Bearer key"]).status == 404, "\(path)")
      }
    }
  }

  @Test func aBrowserThatHasAFileIsToldSo() async throws {
    try await TestServer.with(Self.engine()) { server in
      let tag = try #require(try await server.get("/page/main.js").headers["etag"])
      for known in [tag, "W/\(tag)", "\"x\", \(tag)", " \(tag) ,\"y\"", "*"] {
        let reply = try await server.get("/page/main.js", ["If-None-Match": known])
        #expect(reply.status == 304 && reply.body.isEmpty && reply.headers["etag"] == tag, "\(known)")
        #expect(reply.headers["content-security-policy"] != nil)
      }
      for other in ["\"x\"", String(tag.dropLast()), "", ",", "\"", String(repeating: ",", count: 2000)] {
        let reply = try await server.get("/page/main.js", ["If-None-Match": other])
        #expect(reply.status == 200 && !reply.body.isEmpty, "\(other)")
      }
    }
  }

  @Test func systemsComeWithWhatAFolderOfResultsHolds() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "page-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "results.json")
    try await TestServer.with(Self.engine(), { $0.results = folder.path }) { server in
      func ask() async throws -> JSON {
        let reply = try await server.get("/systems.json")
        #expect(reply.status == 200 && reply.headers["content-type"] == "application/json")
        return reply.json
      }
      var found = try await ask()
      #expect(found["systems"]?.elements?.count == Catalogue.entries.count)
      #expect(found["systems"]?.elements?.first?["keywords"]?.text?.isEmpty == false)
      #expect(found["results"] == [] && found["problem"]?.text?.contains("no results.json") == true)
      try Data(#"{"results":[{"system":{"number":67}}],"tables":[1]}"#.utf8).write(to: file)
      found = try await ask()
      #expect(found["results"]?.elements?.count == 1 && found["tables"] == [1] && found["problem"] == .null)
      let tag = try #require(try await server.get("/systems.json").headers["etag"])
      #expect(try await server.get("/systems.json", ["If-None-Match": tag]).status == 304)
      // What has changed is read again.
      try Data(#"{"results":[],"tables":[]}"#.utf8).write(to: file)
      #expect(try await server.get("/systems.json", ["If-None-Match": tag]).status == 200)
      for wrong in ["", "[", "\u{0}", "7"] {
        try Data(wrong.utf8).write(to: file)
        found = try await ask()
        #expect(found["systems"]?.elements?.count == Catalogue.entries.count && found["results"] == [])
        // A number is JSON and holds no results.
        #expect((found["problem"] == .null) == (wrong == "7"), "\(wrong)")
      }
      #expect(try await ask().line.contains(folder.path) == false)
      try FileManager.default.removeItem(at: file)
      try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
      #expect(try await ask()["problem"]?.text?.contains("no results.json") == true)
    }
  }

  @Test func withoutAFolderThereAreTheSystemsAlone() async throws {
    let keys = try KeyRing(["key"])
    try await TestServer.with(Self.engine(), { $0.keys = keys }) { server in
      #expect(try await server.get("/systems.json").status == 401)
      let found = try await server.get("/systems.json", ["X-Api-Key": "key"]).json
      #expect(found["hasFolder"] == .bool(false) && found["problem"] == .null)
      #expect(found["version"]?.text?.isEmpty == false)
    }
  }
}
