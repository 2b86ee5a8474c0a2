import Formats
import Server
import Venturi
import VenturiTesting

/// Models and requests with which every route answers.
enum InterfaceFixtures {
  /// A scripted language model whose template lists tools, its engine being the second value, and an encoder.
  static func catalogue() async throws -> (FixedCatalogue, Engine) {
    let model = ScriptedModel(vocabularySize: ServerFixtures.vocabularySize, contextLength: 512)
    let engine = try Engine(
      model: model, tokenizer: ServerFixtures.tokenizer(), template: ServerFixtures.template(calling: "<tool_call>"))
    let embedder = try await Embedder.load(GoldenFiles.miniLM())
    return (FixedCatalogue([("scripted", .language(engine)), ("minilm", .embedding(embedder))]), engine)
  }

  /// A tool whose arguments have an end, in the form of a path's interface.
  static func tool(_ path: String, _ name: String = "pick") -> JSON {
    let parameters: JSON = [
      "type": "object", "properties": ["a": ["enum": [1, 2]]], "required": ["a"], "additionalProperties": false,
    ]
    let text = JSON.string(name)
    if path.hasSuffix("/messages") { return ["name": text, "input_schema": parameters] }
    if path.hasSuffix("/responses") { return ["type": "function", "name": text, "parameters": parameters] }
    return ["type": "function", "function": ["name": text, "parameters": parameters]]
  }

  /// A request for a path that one tool has to be called.
  static func forced(_ path: String, _ model: String = "scripted") -> JSON {
    let isMessages = path.hasSuffix("/messages")
    return [
      "model": .string(model), "input": "hi", "messages": [["role": "user", "content": "hi"]],
      "max_tokens": 120, "tools": [tool(path)],
      "tool_choice": isMessages ? ["type": "any", "disable_parallel_tool_use": true] : "required",
      "parallel_tool_calls": false,
    ]
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
        with(chat, ["tools": [tool(path)], "stream": true, "tool_choice": "none"]),
      ]
    case "/plan/inference":
      let asked: JSON = ["model": "llama-2-7b", "devices": ["a100", "h100"]]
      return [asked, with(asked, ["batch": 4, "sweep": ["field": "depth", "values": [1, 100]]])]
    case "/responses":
      let items: JSON = [
        ["role": "user", "content": [["type": "input_text", "text": "hi"]]],
        ["type": "function_call", "call_id": "c", "name": "pick", "arguments": "{}"],
        ["type": "function_call_output", "call_id": "c", "output": "1"],
      ]
      let asked: JSON = ["model": language, "input": "hi", "max_output_tokens": 6]
      return [
        asked, with(asked, ["stream": true]),
        [
          "model": language, "input": items, "instructions": "x", "stream": true, "max_output_tokens": 40,
          "text": ["format": ["type": "json_schema", "name": "x", "schema": ["enum": ["a"]]]], "user": "u",
        ],
        with(asked, ["tools": [tool(path)], "metadata": ["k": "v"], "tool_choice": "auto"]),
      ]
    case "/messages":
      let turns: JSON = [
        ["role": "user", "content": [["type": "text", "text": "hi"]]],
        ["role": "assistant", "content": [["type": "tool_use", "id": "c", "name": "pick", "input": [:]]]],
        ["role": "user", "content": [["type": "tool_result", "tool_use_id": "c", "content": "1"]]],
      ]
      return [
        chat, with(chat, ["stream": true, "system": "x"]),
        [
          "model": language, "messages": turns, "max_tokens": 40, "stream": true,
          "output_config": ["format": ["type": "json_schema", "schema": ["enum": ["a"]]]],
        ],
        with(chat, ["tools": [tool(path)], "stop_sequences": ["x"]]),
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
    case "/apply-template": return [["messages": messages], ["messages": messages, "tools": [tool(path)]]]
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
