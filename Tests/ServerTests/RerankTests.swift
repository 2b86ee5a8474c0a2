import Formats
import Server
import Testing
import Venturi
import VenturiTesting

/// `POST /v1/rerank`: cosines of embeddings, and no more than that.
@Suite struct RerankTests {
  private static let documents = [
    "Bread is baked from flour.", "Water flows faster where a pipe is narrow.", "A river runs to the sea.",
  ]

  @Test func documentsComeInTheOrderOfTheirCosines() async throws {
    let (catalogue, _) = try await InterfaceFixtures.catalogue()
    let embedder = try await Embedder.load(GoldenFiles.miniLM())
    let query = "How does a pipe's width change the flow?"
    let vectors = try await embedder.embed([query] + Self.documents)
    let expected = (1...3).map { index in
      zip(vectors[0], vectors[index]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    try await TestServer.with(catalogue) { server in
      let body: JSON = [
        "model": "minilm", "query": .string(query),
        "documents": [.string(Self.documents[0]), ["text": .string(Self.documents[1])], .string(Self.documents[2])],
      ]
      for path in ["/v1/rerank", "/rerank"] {
        let reply = try await server.post(path, body).json
        #expect(reply["model"] == "minilm" && reply["scoring"] == "cosine_of_embeddings")
        #expect(reply["usage"]?["total_tokens"]?.int == vectors.tokens.reduce(0, +))
        let results = try #require(reply["results"]?.elements)
        #expect(results.map { $0["index"]?.int } == [1, 2, 0] && results.allSatisfy { $0["document"] == nil })
        for result in results {
          let index = try #require(result["index"]?.int)
          #expect(abs(try #require(result["relevance_score"]?.double) - expected[index]) < 1e-5)
        }
      }
      let best = try await server.post(
        "/rerank", .object((body.members ?? []) + [JSON.Member("top_n", 1), JSON.Member("return_documents", true)])
      ).json["results"]
      #expect(best?.elements?.count == 1 && best?.elements?.first?["document"] == ["text": .string(Self.documents[1])])
      // Equals keep their order.
      let same = try await server.post("/rerank", ["query": "x", "documents": ["y", "y", "x", "y"], "top_n": 99]).json
      #expect(same["results"]?.elements?.map { $0["index"]?.int } == [2, 0, 1, 3])
      #expect(same["results"]?.elements?.first?["relevance_score"]?.double.map { abs($0 - 1) < 1e-6 } == true)
    }
  }

  @Test func whatCannotBeRankedIsRefusedByName() async throws {
    let (catalogue, _) = try await InterfaceFixtures.catalogue()
    try await TestServer.with(catalogue, { $0.limits.inputs = 4 }) { server in
      let long: JSON = .string(String(repeating: "a b ", count: 300))
      let cases: [(JSON, String?, String)] = [
        (["model": "scripted", "query": "x", "documents": ["y"]], "model", "wrong_kind_of_model"),
        (["documents": ["y"]], "query", "missing_field"), (["query": "x"], "documents", "missing_field"),
        (["query": "x", "documents": []], "documents", "invalid_value"),
        (["query": "x", "documents": ["1", "2", "3", "4", "5"]], "documents", "invalid_value"),
        (["query": "x", "documents": ["y", 1]], "documents[1]", "invalid_value"),
        (["query": "x", "documents": [["text": 1]]], "documents[0].text", "invalid_value"),
        (["query": "x", "documents": [[:]]], "documents[0].text", "missing_field"),
        (["query": "x", "documents": ["y"], "top_n": 0], "top_n", "invalid_value"),
        (["query": "x", "documents": ["y"], "return_documents": 1], "return_documents", "invalid_value"),
        (["query": long, "documents": ["y"]], "query", "context_length_exceeded"),
        (["query": "x", "documents": ["y", long]], "documents[1]", "context_length_exceeded"),
      ]
      for (body, field, code) in cases {
        let reply = try await server.post("/v1/rerank", body)
        #expect(
          reply.status == 400 && reply.error["param"]?.text == field && reply.error["code"]?.text == code,
          "\(reply.text)")
      }
      let wrong = try await server.post("/v1/rerank", cases[0].0)
      #expect(wrong.error["message"] == "model: 'scripted' is no embedding model")
    }
  }
}
