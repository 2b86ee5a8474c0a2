import Formats
import Server
import Venturi
import VenturiTesting

/// Models and requests with which every route answers.
enum InterfaceFixtures {
  /// A scripted language model, whose engine is the second value, and an encoder.
  static func catalogue() async throws -> (FixedCatalogue, Engine) {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize, contextLength: 512)
    let engine = try ServerFixtures.engine(model)
    let embedder = try await Embedder.load(GoldenFiles.miniLM())
    return (FixedCatalogue([("scripted", .language(engine)), ("minilm", .embedding(embedder))]), engine)
  }

  /// Bodies for a path, each with an answer of another form.
  static func bodies(_ path: String, _ model: String = "scripted", _ encoder: String = "minilm") -> [JSON] {
    let messages: JSON = [["role": "user", "content": "hi"]]
    let language: JSON = .string(model)
    let chat: JSON = ["model": language, "messages": messages, "max_tokens": 6]
    let text: JSON = ["model": language, "prompt": "once", "max_tokens": 6]
    func with(_ body: JSON, _ more: JSON) -> JSON { .object((body.members ?? []) + (more.members ?? [])) }
    switch path.replacing("/v1", with: "") {
    case "/chat/completions":
      return [
        chat, with(chat, ["stream": true]), with(chat, ["n": 3, "logprobs": true, "top_logprobs": 2]),
        with(chat, ["stream": true, "stream_options": ["include_usage": true], "logprobs": true, "n": 2]),
      ]
    case "/completions":
      return [
        text, with(text, ["stream": true]), with(text, ["n": 3, "logprobs": 2]),
        with(text, ["stream": true, "stream_options": ["include_usage": true], "logprobs": 1, "n": 2]),
      ]
    case "/embeddings":
      let body: JSON = ["model": .string(encoder), "input": ["one", "two"]]
      return [body, with(body, ["encoding_format": "base64"])]
    case "/rerank":
      let body: JSON = ["model": .string(encoder), "query": "one", "documents": ["two", ["text": "three"]]]
      return [body, with(body, ["top_n": 1, "return_documents": true])]
    case "/tokenize": return [["content": "hé"], ["content": "hé", "with_pieces": true]]
    case "/detokenize": return [["tokens": [72, 73]]]
    case "/apply-template": return [["messages": messages]]
    case "/api/chat", "/api/generate":
      let asked: JSON = ["model": language, "prompt": "once", "messages": messages, "options": ["num_predict": 6]]
      return [
        asked, with(asked, ["stream": false]), with(asked, ["logprobs": true, "top_logprobs": 2]),
        with(asked, ["stream": false, "logprobs": true, "raw": true]), ["model": language],
      ]
    case "/api/embed": return [["model": .string(encoder), "input": ["one", "two"]]]
    case "/api/show": return [["model": language], ["name": .string(encoder)]]
    default: return []
    }
  }
}
