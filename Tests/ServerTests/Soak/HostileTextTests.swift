import Formats
import Server
import Testing
import Venturi
import VenturiTesting

/// Rows S7 and S8 of the reliability table: prompts of every length, and characters that are cut.
@Suite struct HostileTextTests {
  @Test("S7: texts to embed are taken up to the context and refused beyond it, with both numbers")
  func embeddings() async throws {
    let embedder = try await Embedder.load(GoldenFiles.miniLM())
    let context = embedder.maxTokens
    try await TestServer.with(FixedCatalogue([("minilm", .embedding(embedder))])) { server in
      // Each word is a token, and two stand around them.
      for count in [context - 1, context, context + 1, 10 * context, 5 << 20] {
        let text = String(repeating: "a ", count: count - 2)
        let reply = try await server.post("/v1/embeddings", ["input": .string(text)])
        if count <= context {
          #expect(reply.status == 200 && reply.json["usage"]?["prompt_tokens"]?.int == count)
        } else {
          #expect(reply.status == 400 && reply.error["code"] == "context_length_exceeded", "\(count)")
          let message = reply.error["message"]?.text ?? ""
          #expect(message.contains("\(count)") && message.contains("\(context)"), "\(message)")
        }
      }
    }
    Soak.report("S7 embeddings", asked: "context-1, =, +1, 10x, 10 MB", measured: "exact, refusals name both numbers")
  }

  @Test("S7: texts of up to 10 MB are written out by a template and made tokens of whole, or refused with the limit")
  func textRoutes() async throws {
    let engine = try ServerFixtures.engine(ServerFixtures.saying("x"))
    let size = 10_000_000
    try await TestServer.with(engine, { $0.limits.jsonValues = 1000 }) { server in
      for count in [size, 3_000_000] {
        let written = try await server.post(
          "/apply-template", TestServer.chatBody([:], String(repeating: "a", count: count)))
        // A template writes so much at most, and says so; what it writes is whole.
        if count == size {
          #expect(written.status == 400 && written.error["param"] == "messages")
          #expect(written.error["message"]?.text?.contains("4000000") == true)
        } else {
          #expect(written.status == 200 && (written.json["prompt"]?.text?.utf8.count ?? 0) > count)
        }
      }
      for (count, status) in [(999, 200), (1000, 200), (1001, 400), (size, 400)] {
        let reply = try await server.post("/tokenize", ["content": .string(String(repeating: "a", count: count))])
        #expect(reply.status == status, "\(count)")
        if status == 200 {
          #expect(reply.json["count"]?.int == count)
        } else {
          let message = reply.error["message"]?.text ?? ""
          #expect(message.contains("\(count)") && message.contains("1000") && reply.error["param"] == "content")
        }
      }
      #expect(try await server.chat().status == 200)
    }
  }

  @Test("S8: whatever a generation is cut in, each event is JSON of valid UTF-8, and a stream says what the whole says")
  func cutCharacters() async throws {
    let total = Soak.count(240, 10_000)
    // What is said depends on the number in the prompt: characters of one to four bytes, and bytes that are none.
    @Sendable func speech(_ number: Int) -> [Int32] {
      var noise = GGUFNoise(seed: UInt64(number))
      let characters: [[UInt8]] =
        [
          "a", "é", "ह", "€", "🜄", "👩‍👩‍👧", "\u{0}", "\u{FFFD}", "\"\\\n", "e\u{301}",
        ].map { Array($0.utf8) } + [
          [0xFF], [0xC3], [0xF0, 0x9F], [0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        ]
      let bytes = (0..<12).flatMap { _ in characters[noise.below(characters.count)] }
      return bytes.map { byteTokens[Int($0)] }
    }
    let tokenizer = try ServerFixtures.tokenizer()
    var table = [Int32](repeating: 0, count: 256)
    for id in 0..<Int32(ServerFixtures.vocabularySize) {
      if let bytes = try? tokenizer.vocabulary.bytes(of: id), bytes.count == 1, id > 2 {
        table[Int(bytes.first ?? 0)] = id
      }
    }
    let byteTokens = table
    let digits = tokenizer.encode("0123456789")
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize) { history in
      var logits = [Float](repeating: 0, count: ServerFixtures.vocabularySize)
      // The prompt is a number and a control token.
      let prompt = history.firstIndex(of: ServerFixtures.start) ?? 0
      let number = history[..<prompt].reduce(0) { $0 * 10 + (digits.firstIndex(of: $1) ?? 0) }
      let words = speech(number)
      let said = history.count - prompt - 1
      logits[Int(said < words.count ? words[said] : ServerFixtures.end)] = 50
      return logits
    }
    try await TestServer.with(ServerFixtures.engine(model)) { server in
      let wrong = try await withThrowingTaskGroup(of: [String].self) { group in
        for client in 0..<8 {
          group.addTask {
            var wrong: [String] = []
            for number in stride(from: client, to: total, by: 8) {
              let prompt: JSON = .string("\(number / 24)<|im_start|>")
              let most: JSON = .integer(1 + number % 24)
              let whole = try await server.post("/v1/completions", ["prompt": prompt, "max_tokens": most])
              let stream = try await server.post(
                "/v1/completions", ["prompt": prompt, "max_tokens": most, "stream": true, "logprobs": 1])
              let text = whole.json["choices"]?.elements?.first?["text"]?.text
              // Each event is JSON but the last; a body that is not UTF-8 has none.
              let isJSON = stream.chunks.count == stream.events.count - 1 && stream.events.last == "[DONE]"
              if whole.status != 200 || !isJSON || text != stream.said() { wrong.append("\(number): \(stream.text)") }
            }
            return wrong
          }
        }
        return try await group.reduce([], +)
      }
      #expect(wrong.isEmpty, "\(wrong.prefix(2))")
      Soak.report(
        "S8", asked: "\(total) streams cut at every byte: valid UTF-8 JSON, the same as whole answers",
        measured: "\(total - wrong.count) right")
    }
  }
}
