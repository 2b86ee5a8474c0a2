import Formats
import Foundation
import Hub
import Inference
import Synchronization
import Testing
import VenturiTesting

/// A hub that is slow, unreliable or lies.
@Suite(.serialized) struct HubPullTests {
  /// A file of several segments.
  static let large = (0..<40 << 20).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
  static let small = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  static func digest(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    bytes.withUnsafeBytes { hash.update($0) }
    return hash.finish()
  }

  static func listing(_ files: [(path: String, size: Int, sha256: String?)]) -> LoopbackHub.Step {
    let items = files.map { file -> JSON in
      var members = [
        JSON.Member("type", "file"), JSON.Member("path", .string(file.path)), JSON.Member("size", .integer(file.size)),
      ]
      if let digest = file.sha256 {
        members.append(JSON.Member("lfs", ["oid": .string(digest), "size": .integer(file.size)]))
      }
      return .object(members)
    }
    return .answer("200 OK", Array(JSON.array(items).line.utf8))
  }

  /// A hub with one GGUF file, whose requests for content `serve` answers.
  static func hub(
    _ content: [UInt8], sha256: String? = nil, serve: @escaping LoopbackHub.Answer
  ) throws -> LoopbackHub {
    let listed = listing([("model-Q4_K_M.gguf", content.count, sha256 ?? digest(content))])
    return try LoopbackHub { request, number in
      request.path.hasPrefix("/api/") ? [listed] : serve(request, number)
    }
  }

  static func pull(
    _ hub: LoopbackHub, _ folder: TemporaryFolder, isCancelled: @escaping @Sendable () -> Bool = { false },
    report: @escaping @Sendable (HubPull.Progress) -> Void = { _ in }
  ) throws -> HubPull.Outcome {
    var client = try HubClient(endpoint: hub.endpoint, token: "secret")
    client.patience = .milliseconds(400)
    client.pause = .milliseconds(5)
    let pull = HubPull(home: ModelHome(path: folder.path), client: client)
    return try pull(HubReference("hf:user/model"), isCancelled: isCancelled, report: report)
  }

  static func content(_ outcome: HubPull.Outcome) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: outcome.path)))
  }

  @Test func aModelArrivesInRanges() throws {
    let hub = try Self.hub(Self.large) { request, _ in [.range(of: Self.large, request)] }
    let folder = try TemporaryFolder()
    let seen = Log()
    let outcome = try Self.pull(hub, folder, report: { seen.append($0.received) })
    #expect(try Self.content(outcome) == Self.large)
    #expect(outcome.name == "user--model" && outcome.files == ["model-Q4_K_M.gguf"])
    // The listing and three parts; a machine that is busy may ask again.
    let asked = hub.requests.count
    #expect(asked >= 4 && hub.requests.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
    let reports = seen.values.withLock { $0 }
    #expect(reports == reports.sorted() && reports.last == Self.large.count)
    // It is there: nobody is asked again.
    #expect(try Self.pull(hub, folder) == outcome && hub.requests.count == asked)
  }

  @Test func stallsTruncationsAndErrorsAreTriedAgain() throws {
    let hub = try Self.hub(Self.large) { request, number in
      guard let range = request.range else { return [.answer("400 Bad Request")] }
      let part = Array(Self.large[range])
      let head = [
        "ETag: \"one\"", "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(Self.large.count)",
      ]
      switch number % 5 {
      case 1:
        return [.answer("206 Partial Content", Array(part.prefix(part.count / 2)), headers: head, length: part.count)]
      case 2:
        return [
          .answer("206 Partial Content", Array(part.prefix(1000)), headers: head, length: part.count),
          .wait(seconds: 2),
        ]
      case 3: return [.answer("503 Service Unavailable")]
      case 4: return []
      default: return [.range(of: Self.large, request)]
      }
    }
    let folder = try TemporaryFolder()
    let seen = Log()
    let outcome = try Self.pull(hub, folder, report: { seen.append($0.received) })
    #expect(try Self.content(outcome) == Self.large)
    let reports = seen.values.withLock { $0 }
    #expect(reports == reports.sorted())
  }

  @Test func anInterruptedFetchGoesOnWhereItEnded() throws {
    let folder = try TemporaryFolder()
    let isBroken = Flag()
    isBroken.isSet.withLock { $0 = true }
    let hub = try Self.hub(Self.large) { request, _ in
      guard let range = request.range else { return [.answer("400 Bad Request")] }
      guard isBroken.isSet.withLock({ $0 }), range.lowerBound >= 16 << 20 else {
        return [.range(of: Self.large, request)]
      }
      return [.wait(seconds: 2)]
    }
    #expect(throws: HubError.self) { try Self.pull(hub, folder) }
    #expect(try ModelHome(path: folder.path).path(of: "user--model") == nil)
    isBroken.isSet.withLock { $0 = false }
    let before = hub.requests.count
    let outcome = try Self.pull(hub, folder)
    #expect(try Self.content(outcome) == Self.large)
    // What was whole is not asked for again.
    #expect(hub.requests.dropFirst(before).allSatisfy { ($0.range?.lowerBound ?? 1 << 30) >= 16 << 20 })
  }

  @Test func aServerWithoutRangesServesToo() throws {
    let hub = try Self.hub(Self.large) { _, _ in [.answer("200 OK", Self.large, headers: ["ETag: \"one\""])] }
    let folder = try TemporaryFolder()
    #expect(try Self.content(Self.pull(hub, folder)) == Self.large)
  }

  @Test func liesAreRefused() throws {
    let content = Self.small
    func error(_ sha256: String? = nil, _ serve: @escaping LoopbackHub.Answer) throws -> HubError? {
      let hub = try Self.hub(content, sha256: sha256, serve: serve)
      let folder = try TemporaryFolder()
      let error = #expect(throws: HubError.self) { try Self.pull(hub, folder) }
      #expect(try ModelHome(path: folder.path).path(of: "user--model") == nil)
      return error
    }
    let wrong = String(repeating: "0", count: 64)
    let sum = try error(wrong) { request, _ in [.range(of: content, request)] }
    #expect(sum == .checksumMismatch(path: "model-Q4_K_M.gguf", expected: wrong, found: Self.digest(content)))
    // Longer than announced, another range, another size, another version, never there, never allowed.
    let cases: [LoopbackHub.Answer] = [
      { request, _ in
        [
          .answer(
            "206 Partial Content", content + [1, 2, 3],
            headers: ["Content-Range: bytes 0-\(content.count - 1)/\(content.count)"])
        ]
      },
      { _, _ in
        [
          .answer(
            "206 Partial Content", content, headers: ["Content-Range: bytes 5-\(content.count + 4)/\(content.count)"])
        ]
      },
      { _, _ in
        [.answer("206 Partial Content", content, headers: ["Content-Range: bytes 0-\(content.count - 1)/\(1 << 40)"])]
      },
      { _, _ in [.answer("206 Partial Content", content)] },
      { _, _ in [.answer("200 OK", content + [0])] },
      { _, _ in [.answer("404 Not Found")] }, { _, _ in [.answer("401 Unauthorized")] },
      { _, _ in [.answer("500 Internal Server Error")] }, { _, _ in [.answer("418 I'm a teapot")] },
      { _, _ in [.answer("302 Found", headers: ["Location: /again"])] },
      { _, _ in [.answer("302 Found", headers: ["Location: file:///etc/passwd"])] },
      { _, _ in [.send(Array("HTTP/9.9 banana\r\n\r\n".utf8))] }, { _, _ in [] },
      { request, number in
        [
          .answer(
            "206 Partial Content", Array(content.prefix(10)),
            headers: [
              "ETag: \"\(number)\"",
              "Content-Range: bytes \(request.range?.lowerBound ?? 0)-\(content.count - 1)/\(content.count)",
            ],
            length: content.count - (request.range?.lowerBound ?? 0))
        ]
      },
    ]
    for serve in cases { _ = try error(nil, serve) }
  }

  @Test func listingsThatLieAreRefused() throws {
    let valid = #"{"type":"file","path":"a-Q4_0.gguf","size":3}"#
    let bodies = [
      "", "{}", "[", "null", "[1]", #"[{"type":"file"}]"#, #"[{"type":"file","path":"../x.gguf","size":1}]"#,
      #"[{"type":"file","path":"/etc/x.gguf","size":1}]"#, #"[{"type":"file","path":"a/../../x.gguf","size":1}]"#,
      #"[{"type":"file","path":"a\\b.gguf","size":1}]"#, #"[{"type":"file","path":"a\u0000.gguf","size":1}]"#,
      #"[{"type":"file","path":"x.gguf","size":-1}]"#, #"[{"type":"file","path":"x.gguf","size":1e30}]"#,
      #"[{"type":"file","path":"x.gguf","size":"1"}]"#, #"[{"type":"file","path":"","size":1}]"#,
      #"[{"type":"file","path":"x.gguf","size":1,"lfs":{"oid":"zz","size":1}}]"#,
      #"[{"type":"file","path":"a/b/c/d/e.gguf","size":1}]"#,
      "[\(valid),\(valid.replacingOccurrences(of: "a-Q4_0", with: "b-Q4_0"))]",
      #"[{"type":"file","path":"m-Q4_0-00001-of-00002.gguf","size":1}]"#,
      #"[{"type":"directory","path":"x","size":0}]"#,
      #"[{"type":"file","path":"config.json","size":1}]"#, #"[{"type":"file","path":"x.bin","size":1}]"#,
      String(repeating: "[", count: 100_000),
    ]
    for body in bodies {
      let hub = try LoopbackHub { _, _ in [.answer("200 OK", Array(body.utf8))] }
      let folder = try TemporaryFolder()
      #expect(throws: HubError.self, "\(body.prefix(80))") { try Self.pull(hub, folder) }
    }
    // A listing without an end, and one that is too large.
    let endless = try LoopbackHub { request, _ in
      [
        .answer(
          "200 OK", Array("[]".utf8), headers: ["Link: <http://\(request.headers["host"] ?? "")/api/x>; rel=\"next\""])
      ]
    }
    #expect(throws: HubError.self) { try Self.pull(endless, TemporaryFolder()) }
    // One that is not there.
    endless.stop()
    let gone = #expect(throws: HubError.self) { try Self.pull(endless, TemporaryFolder()) }
    if case .unreachable = gone {} else { Issue.record("\(String(describing: gone))") }
    let huge = try LoopbackHub { _, _ in [.answer("200 OK", [UInt8](repeating: 32, count: HubListing.pageLimit + 1))] }
    #expect(throws: HubError.self) { try Self.pull(huge, TemporaryFolder()) }
  }

  @Test func cancellingStopsAtOnceAndKeepsWhatIsThere() throws {
    let hub = try Self.hub(Self.large) { request, _ in
      (request.range?.lowerBound ?? 0) == 0 ? [.range(of: Self.large, request)] : [.wait(seconds: 5)]
    }
    let folder = try TemporaryFolder()
    let flag = Flag()
    #expect(throws: CancellationError.self) {
      try Self.pull(hub, folder, isCancelled: { flag.isSet.withLock { $0 } }) { progress in
        if progress.received >= 16 << 20 { flag.isSet.withLock { $0 = true } }
      }
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/models/.hub-user--model")
    #expect(files.contains("model-Q4_K_M.gguf") && files.contains("model-Q4_K_M.gguf.note"))
  }

  @Test func redirectionsKeepTheTokenAtHome() throws {
    let content = Self.small
    let store = try LoopbackHub { request, _ in [.range(of: content, request)] }
    let hub = try Self.hub(content) { _, _ in [.answer("302 Found", headers: ["Location: \(store.endpoint)/blob"])] }
    let folder = try TemporaryFolder()
    #expect(try Self.content(Self.pull(hub, folder)) == content)
    #expect(
      !store.requests.isEmpty && store.requests.allSatisfy { $0.headers["authorization"] == nil && $0.range != nil })
  }

  @Test func aFolderOfSafetensorsArrivesWhole() throws {
    let files: [String: [UInt8]] = [
      "config.json": Array("{}".utf8), "model.safetensors": Self.small, "tokenizer.json": Array("{}".utf8),
      "1_Pooling/config.json": Array("{ }".utf8),
    ]
    let others = ["README.md", "pytorch_model.bin", "onnx/model.onnx", "adapter_model.safetensors"]
    let hub = try LoopbackHub { request, _ in
      if request.path.hasPrefix("/api/") {
        return [
          Self.listing(
            files.map { ($0.key, $0.value.count, $0.key == "model.safetensors" ? Self.digest($0.value) : nil) }
              + others.map { ($0, 10, nil) })
        ]
      }
      let path = request.path.replacingOccurrences(of: "/user/model/resolve/main/", with: "")
      guard let content = files[path] else { return [.answer("404 Not Found")] }
      return [.range(of: content, request)]
    }
    let folder = try TemporaryFolder()
    let outcome = try Self.pull(hub, folder)
    #expect(outcome.files.sorted() == files.keys.sorted())
    #expect(outcome.path == folder.path + "/models/user--model")
  }

  @Test(arguments: [
    ("hf:user/model", nil as String?, "user--model"), ("hf:U.x/m_1-a:q8_0", "Q8_0", "U.x--m_1-a--Q8_0"),
  ])
  func referencesAreRead(_ text: String, _ quant: String?, _ name: String) throws {
    let reference = try HubReference(text)
    #expect(reference.quant == quant && reference.homeName == name)
  }

  @Test(arguments: [
    "", "hf:", "hf:a", "hf:a/", "hf:/b", "hf:a/b/c", "hf:../b", "hf:a/..", "hf:a/b:", "hf:a/b:Q4-0", "hf:a b/c",
    "hf:a/b:../x", "hf:ä/b", "user/model", "hf:a/b:Q4:Q5",
  ])
  func wrongReferencesAreRefused(_ text: String) {
    #expect(throws: InferenceError.self) { try HubReference(text) }
  }

  @Test func typesAreWordsOfTheirOwn() {
    #expect(HubSelection.names("model-Q4_K_M.gguf", "Q4_K_M"))
    #expect(HubSelection.names("model.q4_k_m.gguf", "Q4_K_M"))
    #expect(HubSelection.names("Q8_0/model-00001-of-00002.gguf", "Q8_0"))
    #expect(!HubSelection.names("model-Q4_K_M.gguf", "Q4_K"))
    #expect(!HubSelection.names("model-IQ4_XS.gguf", "Q4_XS"))
    #expect(!HubSelection.names("f16modelf160.gguf", "F16"))
  }

  private final class Log: Sendable {
    let values = Mutex<[Int]>([])
    func append(_ value: Int) { values.withLock { $0.append(value) } }
  }

  private final class Flag: Sendable {
    let isSet = Mutex(false)
  }
}
