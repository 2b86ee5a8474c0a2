import Formats
import Foundation
import Server
import Testing
import Venturi
import VenturiTesting

/// The smaller routes, and what all of them have in common.
@Suite struct RouteTests {
  @Test func aServerIsHealthyWhenItsModelsAreLoaded() async throws {
    let catalogue = FixedCatalogue()
    catalogue.add("late", aliases: ["l8"], kind: .language)
    try await TestServer.with(catalogue) { server in
      for path in ["/health", "/v1/health"] {
        let reply = try await server.get(path)
        #expect(reply.status == 503 && reply.error["code"] == "loading" && reply.headers["retry-after"] == "1")
      }
      let early = try await server.chat(["model": "late"])
      #expect(early.status == 503 && early.error["code"] == "loading")
      #expect(try await server.get("/v1/models").json["data"]?.elements?.first?["status"] == "loading")
      catalogue.set("late", .language(try ServerFixtures.engine(ServerFixtures.saying("here"))))
      #expect(try await server.get("/health").json == ["status": "ok"])
      for name in ["late", "l8"] {
        let reply = try await server.chat(["model": .string(name)])
        #expect(reply.status == 200 && reply.json["model"]?.text == name)
      }
      let wrong = try await server.chat(["model": "../../etc/passwd"])
      #expect(wrong.status == 404 && wrong.error["code"] == "model_not_found" && wrong.error["param"] == "model")
      #expect(wrong.error["message"]?.text?.contains("late") == true)
      catalogue.add("broken", kind: .embedding)
      catalogue.fail("broken", "no such file")
      #expect(try await server.get("/health").error["code"] == "model_failed")
      #expect(try await server.chat(["model": "broken"]).error["code"] == "wrong_kind_of_model")
      let vectors = try await server.post("/v1/embeddings", ["input": "x"])
      #expect(vectors.status == 503 && vectors.error["message"]?.text?.contains("no such file") == true)
    }
  }

  @Test func modelsTellTheirSizes() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("", contextLength: 512))) { server in
      for path in ["/v1/models", "/models"] {
        let reply = try await server.get(path).json
        #expect(reply["object"] == "list" && reply["data"]?.elements?.count == 1)
        let model = try #require(reply["data"]?.elements?.first)
        #expect(model["id"] == "scripted" && model["object"] == "model" && model["owned_by"] == "venturi")
        #expect(model["meta"]?["n_ctx"] == 512 && model["meta"]?["n_ctx_train"] == 512)
        #expect(model["meta"]?["n_vocab"]?.int == ServerFixtures.vocabularySize && model["meta"]?["n_params"] == 0)
        #expect(try await server.get(path + "/scripted").json == model)
      }
      let none = try await server.get("/v1/models/%2e%2e%2Fother")
      #expect(none.status == 404 && none.error["code"] == "model_not_found")
    }
  }

  @Test func textBecomesTokensAndBack() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(""))) { server in
      let text = "héllo <|im_end|>\u{0}"
      let ids = try ServerFixtures.tokenizer().encode(text, parseSpecial: true).map { Int($0) }
      for prefix in ["", "/v1"] {
        let reply = try await server.post(prefix + "/tokenize", ["content": .string(text)]).json
        #expect(reply["tokens"]?.elements?.compactMap(\.int) == ids && reply["count"]?.int == ids.count)
        let back = try await server.post(prefix + "/detokenize", ["tokens": reply["tokens"] ?? .null]).json
        #expect(back["content"]?.text == text)
      }
      let plain = try await server.post("/tokenize", ["content": .string(text), "parse_special": false]).json
      #expect(plain["count"]?.int ?? 0 > ids.count)
      let pieces = try await server.post("/tokenize", ["content": "é", "with_pieces": true]).json["tokens"]?.elements
      #expect(pieces?.compactMap { $0["piece"] } == [[0xC3], [0xA9]])
      let outside = try await server.post("/detokenize", ["tokens": [99999]])
      #expect(outside.status == 400 && outside.error["param"] == "tokens")
    }
  }

  @Test func unknownPathsAndMethodsAreToldSo() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(""))) { server in
      let nowhere = try await server.get("/nowhere")
      #expect(nowhere.status == 404 && nowhere.error["code"] == "not_found" && nowhere.error["type"] != nil)
      for method in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT", "TRACE"] {
        let wrong = try await server.send(method, "/v1/chat/completions")
        #expect(wrong.status == 405 && wrong.headers["allow"] == "POST", "\(method)")
        #expect(method == "HEAD" || wrong.error["code"] == "method_not_allowed")
      }
      let head = try await server.send("HEAD", "/health")
      #expect(head.status == 200 && head.body.isEmpty)
    }
  }

  @Test func requestsHaveAnIdentity() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying(""))) { server in
      #expect(try await server.get("/health", ["X-Request-Id": "abc-1.2:3"]).headers["x-request-id"] == "abc-1.2:3")
      for bad in ["a b", String(repeating: "x", count: 129), "ü", "a=b"] {
        let given = try await server.get("/nowhere", ["X-Request-Id": bad]).headers["x-request-id"]
        #expect(given?.hasPrefix("req-") == true, "\(bad)")
      }
    }
  }

  @Test func figuresAreCounted() async throws {
    try await TestServer.with(ServerFixtures.engine(ServerFixtures.saying("four"))) { server in
      _ = try await server.chat()
      _ = try await server.chat(["stream": true])
      _ = try await server.chat(["temperature": -1])
      let text = try await server.get("/metrics")
      #expect(text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(try await server.metric("venturi_requests_total{outcome=\"ok\"}") == 2)
      #expect(try await server.metric("venturi_requests_total{outcome=\"invalid\"}") == 1)
      #expect(try await server.metric("venturi_generated_tokens_total") == 10)
      #expect(try await server.metric("venturi_time_to_first_token_seconds_count") == 2)
      #expect(try await server.metric("venturi_inter_token_seconds_count") == 8)
      #expect(try await server.metric("venturi_inter_token_seconds_bucket{le=\"+Inf\"}") == 8)
      #expect(try await server.metric("venturi_queue_seconds_count") == 2)
      #expect(try await server.metric("venturi_request_seconds_count") == 2)
      #expect(try await server.metric("venturi_requests_running") == 0)
      #expect(try await server.metric("venturi_kv_bytes") == 0)
      #expect(try await server.metric("venturi_resident_bytes") ?? 0 > 1e6)
      #expect(try await server.metric("venturi_connections") ?? 0 >= 1)
    }
  }

  @Test func vectorsComeInBothForms() async throws {
    let embedder = try await Embedder.load(GoldenFiles.miniLM())
    try await TestServer.with(FixedCatalogue([("minilm", .embedding(embedder))])) { server in
      let texts = ["Water flows.", "", "Narrow pipes."]
      let expected = try await embedder.embed(texts)
      let body: JSON = ["model": "minilm", "input": .array(texts.map { .string($0) })]
      let floats = try await server.post("/v1/embeddings", body).json
      #expect(floats["object"] == "list" && floats["model"] == "minilm")
      #expect(floats["usage"]?["prompt_tokens"]?.int == expected.tokens.reduce(0, +))
      let packed = try await server.post(
        "/v1/embeddings",
        .object((body.members ?? []) + [JSON.Member("encoding_format", "base64"), JSON.Member("dimensions", 384)])
      ).json
      for index in texts.indices {
        let entry = try #require(floats["data"]?.elements?[index])
        #expect(entry["object"] == "embedding" && entry["index"]?.int == index)
        let values = entry["embedding"]?.elements?.compactMap(\.double).map { Float($0) }
        #expect(values == Array(expected[index]))
        let bytes = try #require(
          Data(base64Encoded: packed["data"]?.elements?[index]["embedding"]?.text ?? "-"))
        #expect(Self.floats(bytes) == Array(expected[index]))
      }
      let ids = embedder.tokenizer.encode(texts[0]).map { JSON.integer(Int($0)) }
      for input in [JSON.array(ids), .array([.array(ids)])] {
        let reply = try await server.post("/v1/embeddings", ["input": input]).json
        #expect(reply["data"]?.elements?.first?["embedding"] == floats["data"]?.elements?.first?["embedding"])
      }
      let long = try await server.post("/v1/embeddings", ["input": .string(String(repeating: "a b ", count: 300))])
      #expect(long.status == 400 && long.error["code"] == "context_length_exceeded" && long.error["param"] == "input")
      #expect(
        long.error["message"]?.text?.contains("602") == true && long.error["message"]?.text?.contains("256") == true)
      for (field, value) in [("dimensions", 100 as JSON), ("encoding_format", "int8"), ("input", []), ("input", 3)] {
        let fields = (body.members ?? []).filter { $0.key != field } + [JSON.Member(field, value)]
        let reply = try await server.post("/v1/embeddings", .object(fields))
        #expect(reply.status == 400 && reply.error["param"]?.text == field, "\(field)")
      }
      #expect(try await server.chat(["model": "minilm"]).error["code"] == "wrong_kind_of_model")
    }
  }

  /// Little-endian floats.
  private static func floats(_ data: Data) -> [Float] {
    let bytes = Array(data)
    return stride(from: 0, to: bytes.count - 3, by: 4).map { at in
      let low = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8
      let high = UInt32(bytes[at + 2]) | UInt32(bytes[at + 3]) << 8
      return Float(bitPattern: low | high << 16)
    }
  }
}
