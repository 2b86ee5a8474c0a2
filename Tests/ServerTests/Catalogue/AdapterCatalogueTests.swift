import Formats
import Server
import Testing
import Venturi
import VenturiTesting

/// A model that goes by the names of its adapters too.
@Suite struct AdapterCatalogueTests {
  private static func engine() throws -> Engine {
    let options = LoadOptions(stepTokens: 64)
    let path = GoldenFiles.url("architectures/llama3").path
    let model = try ModelLoader.load(path: path, options: options, context: Context(threads: 1)).model
    let tokens = (0..<90).map { String(UnicodeScalar(UInt8(0x21 + $0))) }
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(tokens), types: [Int32](repeating: 1, count: 90), special: SpecialTokens(end: 89))
    var engineOptions = EngineOptions(prefixCache: .automatic)
    engineOptions.adapters = ["llama3", "llama3_qv"].map { (name: String) in
      AdapterSource(path: GoldenFiles.url("adapters/\(name)").path, name: name)
    }
    return try Engine(
      model: model,
      tokenizer: Tokenizer(vocabulary: vocabulary, merges: ByteStrings([String]()), preTokenizer: "smollm"),
      options: engineOptions)
  }

  private static let prompt: JSON = .array((0..<40).map { .integer(($0 * 7 + 3) % 88) })

  private static func body(_ model: String) -> JSON {
    ["model": .string(model), "prompt": prompt, "max_tokens": 8, "temperature": 0, "logit_bias": ["89": -100]]
  }

  @Test("Requests choose an adapter by the model's name; a name that is none gets 404")
  func requests() async throws {
    let engine = try Self.engine()
    let catalogue = AdapterCatalogue(
      FixedCatalogue([("base", .language(engine))]), id: "base", aliases: ["b"], adapters: engine.adapterNames)
    #expect(catalogue.readiness == .ready)
    try await TestServer.with(catalogue) { server in
      let listing = try await server.get("/v1/models").json
      let ids = (listing["data"]?.elements ?? []).compactMap { $0["id"]?.text }
      #expect(ids == ["base", "base:llama3", "base:llama3_qv"])
      #expect(try await server.get("/v1/models/base:llama3").status == 200)
      func text(_ model: String) async throws -> String? {
        let reply = try await server.post("/v1/completions", Self.body(model))
        #expect(reply.status == 200, "\(model): \(reply.text)")
        #expect(reply.json["model"]?.text == model)
        return reply.json["choices"]?.elements?.first?["text"]?.text
      }
      let plain = try await text("base")
      let first = try await text("base:llama3")
      let second = try await text("base:llama3_qv")
      #expect(Set([plain, first, second]).count == 3)
      // Swapped from request to request, the store of beginnings between them.
      for (model, expected) in [
        ("base:llama3", first), ("base", plain), ("b:llama3_qv", second), ("base:llama3", first),
      ] {
        #expect(try await text(model) == expected, "\(model)")
      }
      for name in ["base:none", "llama3", "base:", ":llama3", "other:llama3"] {
        let reply = try await server.post("/v1/completions", Self.body(name))
        #expect(reply.status == 404, "\(name)")
        #expect(reply.json["error"]?["code"]?.text == "model_not_found")
      }
      let metrics = try await server.get("/metrics").text
      #expect(metrics.contains("venturi_adapters 2") && metrics.contains("venturi_adapter_loads 2"))
    }
  }
}
