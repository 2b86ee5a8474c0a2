import Formats
import Testing

/// A request that is wrong in one way, and what its refusal must say.
struct MalformedRequest: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  var statuses: Set<Int> = [400]
  /// The field that the refusal must name, if it is one field's fault.
  var parameter: String?

  var testDescription: String { name }

  /// All of them; a suite that finds fewer than it should fails.
  static let all: [MalformedRequest] = bodies + fields + messages + prompts + responses + embeddings + tokens + wire

  private static let chat = "/v1/chat/completions"

  private static func body(
    _ name: String, _ bytes: [UInt8], _ path: String = chat, statuses: Set<Int> = [400], parameter: String? = nil
  ) -> MalformedRequest {
    MalformedRequest(
      name: "\(path) \(name)", bytes: TestServer.bytes("POST", path, body: bytes), statuses: statuses,
      parameter: parameter)
  }

  private static func text(_ name: String, _ text: String, _ path: String = chat, parameter: String? = nil)
    -> MalformedRequest
  { body(name, Array(text.utf8), path, parameter: parameter) }

  /// Bodies that are no JSON object.
  private static var bodies: [MalformedRequest] {
    let texts: [(String, String)] = [
      ("empty", ""), ("blank", "  \n"), ("a word", "hello"), ("a number", "1"), ("null", "null"), ("an array", "[]"),
      ("a string", "\"x\""), ("cut off", "{\"messages\": [{\"role\""), ("two values", "{} {}"),
      ("a comma more", "{\"n\": 1,}"),
      ("single quotes", "{'n': 1}"), ("a comment", "{/* */}"), ("NaN", "{\"temperature\": NaN}"),
      ("Infinity", "{\"temperature\": Infinity}"), ("1e999", "{\"temperature\": 1e999}"), ("plus", "{\"n\": +1}"),
      ("leading zero", "{\"n\": 01}"), ("hexadecimal", "{\"n\": 0x1}"),
      ("a bare control character", "{\"model\": \"a\u{1}b\"}"),
      ("a broken escape", "{\"model\": \"\\x41\"}"), ("half an escape", "{\"model\": \"\\u00\"}"),
      ("deep arrays", String(repeating: "[", count: 100_000)),
      ("deep objects", String(repeating: "{\"a\":", count: 50_000)),
      ("a deep field", "{\"x\": " + String(repeating: "[", count: 500) + String(repeating: "]", count: 500) + "}"),
      ("a form", "model=x&prompt=y"), ("XML", "<?xml version=\"1.0\"?><a/>"),
    ]
    var all = texts.map { text($0.0, $0.1) }
    all.append(body("not UTF-8", [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]))
    all.append(body("overlong UTF-8", [0x7B, 0x22, 0xC0, 0x80, 0x22, 0x3A, 0x31, 0x7D]))
    all.append(body("UTF-16", [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]))
    all.append(body("a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{}".utf8)))
    all.append(body("NUL bytes", [UInt8](repeating: 0, count: 100)))
    all.append(body("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]))
    all.append(text("too many values", "{\"x\": [" + String(repeating: "0,", count: 1_100_000) + "0]}"))
    all.append(text("duplicate fields", "{\"n\": 1, \"n\": 2, \"messages\": []}", parameter: "n"))
    return all
  }

  /// Fields of a chat completion with values that are none.
  private static var fields: [MalformedRequest] {
    let values: [(String, [String])] = [
      ("temperature", ["-0.1", "1001", "1e300", "\"0\"", "true", "[]", "-1e-9"]),
      ("top_p", ["0", "1.01", "-1", "\"x\"", "{}"]), ("top_k", ["-2", "1.5", "1e30", "9223372036854775807", "\"5\""]),
      ("min_p", ["-0.1", "1.1", "[0.5]"]), ("seed", ["1.5", "1e30", "\"7\"", "18446744073709551616"]),
      ("n", ["0", "-1", "17", "1000000", "1.5", "\"2\"", "9223372036854775808"]),
      (
        "max_tokens", ["0", "-1", "0.5", "9223372036854775808", "-9223372036854775808", "\"9\"", "1e400000"].dropLast()
      ),
      ("max_completion_tokens", ["0", "-2147483649", "18446744073709551615"]),
      ("stop", ["1", "\"\"", "[\"\"]", "[1]", "{}", "[[]]", "[\"a\", null]"]),
      ("logprobs", ["1", "\"true\"", "[]"]), ("top_logprobs", ["-1", "21", "1000000", "2"]),
      ("logit_bias", ["[]", "1", "\"x\""]), ("presence_penalty", ["1001", "\"x\""]),
      ("frequency_penalty", ["-1001", "null1"].dropLast()), ("repeat_penalty", ["0", "-1", "1e9"]),
      ("repeat_last_n", ["-2", "1.5"]), ("stream", ["1", "\"true\"", "[]"]), ("stream_options", ["[]", "true"]),
      ("metadata", ["1", "[]", "\"x\""]),
      ("response_format", ["\"json\"", "[]", "1"]), ("grammar", ["1", "[]", "\"\""]),
      ("tools", ["{}", "1", "\"x\""]), ("functions", ["[{}]"]), ("function_call", ["\"auto\"", "{}"]),
      ("tool_choice", ["\"required\"", "\"any\"", "1", "[]"]), ("parallel_tool_calls", ["1", "\"no\""]),
      ("model", ["1", "[]", "{}"]), ("ignore_eos", ["1"]), ("modalities", ["[\"audio\"]"]), ("audio", ["{}"]),
      ("chat_template_kwargs", ["[]", "1"]),
    ]
    var all: [MalformedRequest] = []
    for (field, values) in values {
      for value in values {
        let ok = "\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]"
        var request = text("\(field) \(value)", "{\(ok), \"\(field)\": \(value)}", parameter: field)
        // One element is named by its place.
        if field == "stop", value.hasPrefix("["), value != "[]" { request.parameter = nil }
        all.append(request)
      }
    }
    let nested: [(String, String, String)] = [
      ("logit_bias", "{\"x\": 1}", "logit_bias.x"), ("logit_bias", "{\"-1\": 1}", "logit_bias.-1"),
      ("logit_bias", "{\"3\": 101}", "logit_bias.3"), ("logit_bias", "{\"3\": \"1\"}", "logit_bias.3"),
      ("logit_bias", "{\"99999\": 1}", "logit_bias"), ("logit_bias", "{\"99999999999\": 1}", "logit_bias.99999999999"),
      ("stream_options", "{\"include_usage\": 1}", "stream_options.include_usage"),
      ("response_format", "{}", "response_format.type"),
      ("response_format", "{\"type\": \"xml\"}", "response_format.type"),
      ("response_format", "{\"type\": \"json_schema\"}", "response_format.json_schema"),
      ("response_format", "{\"type\": \"json_schema\", \"json_schema\": {}}", "response_format.json_schema.schema"),
      ("chat_template_kwargs", "{\"messages\": []}", "chat_template_kwargs.messages"),
      ("stop", "[\(Array(repeating: "\"a\"", count: 17).joined(separator: ","))]", "stop"),
      ("stop", "[\(Array(repeating: "\"a\"", count: 10_000).joined(separator: ","))]", "stop"),
      ("stop", "\"\(String(repeating: "a", count: 1025))\"", "stop"), ("stop", "[\"a\", \"\"]", "stop[1]"),
      ("grammar", "\"root ::= root \\\"x\\\"\"", "grammar"),
      ("grammar", "\"\(String(repeating: "(", count: 100_000))\"", "grammar"),
      ("grammar", "\"root ::= *\"", "grammar"), ("grammar", "\"root ::= \\\"a\\\"{1000000}\"", "grammar"),
      ("grammar", "\"\(String(repeating: "x", count: 300_000))\"", "grammar"),
    ]
    for (field, value, parameter) in nested {
      let ok = "\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]"
      all.append(text("\(field) \(value.prefix(40))", "{\(ok), \"\(field)\": \(value)}", parameter: parameter))
    }
    let badTools: [(String, String)] = [
      ("1", "[0]"), ("{}", "[0].type"), ("{\"type\": \"web_search\"}", "[0].type"),
      ("{\"type\": \"function\"}", "[0].function"), ("{\"type\": \"function\", \"function\": 1}", "[0].function"),
      ("{\"type\": \"function\", \"function\": {}}", "[0].function.name"),
      (function("\"name\": \"\""), "[0].function.name"), (function("\"name\": \"a b\""), "[0].function.name"),
      (function("\"name\": \"é\""), "[0].function.name"), (function("\"name\": 1"), "[0].function.name"),
      (function("\"name\": \"\(String(repeating: "a", count: 65))\""), "[0].function.name"),
      (function("\"name\": \"f\", \"description\": 1"), "[0].function.description"),
      (function("\"name\": \"f\", \"parameters\": 1"), "[0].function.parameters"),
      (function("\"name\": \"f\", \"parameters\": {\"type\": \"array\"}"), "[0].function.parameters.type"),
      (function("\"name\": \"f\", \"parameters\": {\"properties\": []}"), "[0].function.parameters.properties"),
      (function("\"name\": \"f\"") + "," + function("\"name\": \"f\""), "[1].function.name"),
      (Array(repeating: function("\"name\": \"f\""), count: 129).joined(separator: ","), ""),
      (function("\"name\": \"f\", \"description\": \"\(String(repeating: "a", count: 300_000))\""), ""),
    ]
    for (tools, parameter) in badTools {
      let ok = "\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]"
      all.append(
        text("tools \(tools.prefix(60))", "{\(ok), \"tools\": [\(tools)]}", parameter: "tools\(parameter)"))
    }
    let badChoices: [(String, String)] = [
      ("\"tool_choice\": {}", "tool_choice.type"),
      ("\"tool_choice\": {\"type\": \"allowed_tools\"}", "tool_choice.type"),
      ("\"tool_choice\": {\"type\": \"function\"}", "tool_choice.function"),
      ("\"tool_choice\": {\"type\": \"function\", \"function\": {}}", "tool_choice.function.name"),
      ("\"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"g\"}}", "tool_choice"),
      ("\"tool_choice\": \"all\"", "tool_choice"),
      ("\"response_format\": {\"type\": \"json_object\"}", "response_format"),
      ("\"grammar\": \"root ::= \\\"x\\\"\"", "grammar"),
      ("\"chat_template_kwargs\": {\"tools\": []}", "chat_template_kwargs.tools"),
    ]
    for (choice, parameter) in badChoices {
      let ok = "\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]"
      let tools = "\"tools\": [\(function("\"name\": \"f\""))]"
      all.append(text(choice, "{\(ok), \(tools), \(choice)}", parameter: parameter))
    }
    let unbound = function("\"name\": \"f\", \"parameters\": {\"type\": \"object\", \"if\": {}}")
    all.append(
      text(
        "a schema that cannot be bound",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"tool_choice\": \"required\", \"tools\": "
          + "[\(function("\"name\": \"g\"")), \(unbound)]}", parameter: "tools[1].function.parameters"))
    let schemas = [
      "1", "\"x\"", "{\"type\": \"spaceship\"}", "{\"$ref\": \"#/nowhere\"}", "{\"$ref\": \"http://evil/\"}",
      "{\"pattern\": \"(\", \"type\": \"string\"}", "{\"pattern\": \"*\", \"type\": \"string\"}",
      "{\"unknownKeyword\": 1}",
      "{\"type\": \"array\", \"minItems\": -1}", "{\"type\": \"array\", \"minItems\": 1000000000}", "{\"enum\": []}",
      "{\"type\": \"string\", \"pattern\": \"\(String(repeating: "(", count: 10_000))\"}",
    ]
    for schema in schemas {
      let ok = "\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]"
      let format = "{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"s\", \"schema\": \(schema)}}"
      all.append(
        text(
          "schema \(schema.prefix(40))", "{\(ok), \"response_format\": \(format)}",
          parameter: "response_format.json_schema.schema"))
    }
    return all
  }

  private static func function(_ members: String) -> String {
    "{\"type\": \"function\", \"function\": {\(members)}}"
  }

  private static var messages: [MalformedRequest] {
    let values: [(String, String)] = [
      ("[]", "messages"), ("{}", "messages"), ("\"hi\"", "messages"), ("[1]", "messages[0]"),
      ("[{}]", "messages[0].role"),
      ("[{\"role\": \"user\"}]", "messages[0].content"),
      ("[{\"role\": \"wizard\", \"content\": \"x\"}]", "messages[0].role"),
      ("[{\"role\": 1, \"content\": \"x\"}]", "messages[0].role"),
      ("[{\"role\": \"user\", \"content\": 1}]", "messages[0].content"),
      ("[{\"role\": \"user\", \"content\": {}}]", "messages[0].content"),
      ("[{\"role\": \"user\", \"content\": [1]}]", "messages[0].content[0]"),
      ("[{\"role\": \"user\", \"content\": [{}]}]", "messages[0].content[0].type"),
      ("[{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}]", "messages[0].content[0].text"),
      (
        "[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"file:///etc/passwd\"}}]}]",
        "messages[0].content[0].type"
      ),
      ("[{\"role\": \"user\", \"content\": \"x\", \"name\": 1}]", "messages[0].name"),
      ("[{\"role\": \"user\", \"content\": \"x\", \"role\": \"system\"}]", "messages[0].role"),
      ("[{\"role\": \"assistant\", \"tool_calls\": 1}]", "messages[0].tool_calls"),
      ("[{\"role\": \"assistant\", \"tool_calls\": [1]}]", "messages[0].tool_calls[0]"),
      ("[{\"role\": \"assistant\", \"tool_calls\": [{}]}]", "messages[0].tool_calls[0].function"),
      ("[{\"role\": \"assistant\", \"tool_calls\": [{\"function\": {}}]}]", "messages[0].tool_calls[0].function.name"),
      (
        "[{\"role\": \"assistant\", \"tool_calls\": [{\"type\": \"x\", \"function\": {\"name\": \"f\"}}]}]",
        "messages[0].tool_calls[0].type"
      ),
      ("[\(Array(repeating: "{\"role\":\"user\",\"content\":\"\"}", count: 4097).joined(separator: ","))]", "messages"),
    ]
    return ["/v1/chat/completions", "/apply-template"].flatMap { path in
      values.map { text("messages \($0.0.prefix(60))", "{\"messages\": \($0.0)}", path, parameter: $0.1) }
        + [text("no messages", "{}", path, parameter: "messages")]
    }
  }

  private static var prompts: [MalformedRequest] {
    let values: [(String, String)] = [
      ("1", "prompt"), ("{}", "prompt"), ("[]", "prompt"), ("\"\"", "prompt"), ("[[]]", "prompt"),
      ("[1.5]", "prompt[0]"),
      ("[1, \"x\"]", "prompt[1]"), ("[-1]", "prompt[0]"), ("[99999]", "prompt[0]"), ("[2147483648]", "prompt[0]"),
      ("[\"a\", 1]", "prompt[1]"), ("[null]", "prompt[0]"), ("[true]", "prompt[0]"),
      ("[\(Array(repeating: "\"a\"", count: 65).joined(separator: ","))]", "prompt"),
      ("\"\(String(repeating: "long ", count: 1000))\"", "prompt"),
      ("\"\(String(repeating: "much longer ", count: 850_000))\"", "prompt"),
    ]
    let all = values.map {
      text("prompt \($0.0.prefix(40))", "{\"prompt\": \($0.0)}", "/v1/completions", parameter: $0.1)
    }
    let fields: [(String, String)] = [
      ("echo", "true"), ("suffix", "\"x\""), ("best_of", "17"), ("best_of", "0"), ("best_of", "\"many\""),
      ("best_of", "\"auto\""), ("best_of", "true"), ("metadata", "true"), ("logprobs", "21"), ("logprobs", "true"),
      ("n", "0"),
    ]
    return all + [text("no prompt", "{}", "/v1/completions", parameter: "prompt")]
      + fields.map {
        text("\($0.0) \($0.1)", "{\"prompt\": \"x\", \"\($0.0)\": \($0.1)}", "/v1/completions", parameter: $0.0)
      } + [
        text(
          "n of many prompts", "{\"prompt\": [\"a\",\"b\",\"c\",\"d\",\"e\"], \"n\": 16}", "/v1/completions",
          parameter: "n")
      ]
  }

  private static var responses: [MalformedRequest] {
    let values: [(String, String)] = [
      ("", "input"), ("\"input\": 1", "input"), ("\"input\": []", "input"), ("\"input\": [1]", "input[0]"),
      ("\"input\": [{}]", "input[0].role"), ("\"input\": [{\"role\": \"user\"}]", "input[0].content"),
      ("\"input\": [{\"type\": \"reasoning\"}]", "input[0].type"),
      ("\"input\": [{\"type\": \"item_reference\", \"id\": \"x\"}]", "input[0].type"),
      ("\"input\": [{\"type\": \"function_call\"}]", "input[0].name"),
      ("\"input\": [{\"type\": \"function_call_output\"}]", "input[0].output"),
      ("\"input\": [{\"type\": \"function_call_output\", \"output\": \"x\"}]", "input[0].call_id"),
      (
        "\"input\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_image\"}]}]",
        "input[0].content[0].type"
      ),
    ]
    let fields: [(String, String)] = [
      ("store", "true"), ("store", "1"), ("previous_response_id", "\"resp_1\""), ("conversation", "\"c\""),
      ("prompt", "{}"), ("background", "true"), ("truncation", "\"auto\""), ("include", "[\"x\"]"),
      ("max_output_tokens", "0"), ("stream", "1"), ("instructions", "1"), ("metadata", "1"), ("text", "1"),
      ("tools", "1"), ("tool_choice", "\"required\""), ("top_logprobs", "3"), ("temperature", "-1"),
    ]
    let nested: [(String, String, String)] = [
      ("text", "{\"format\": {}}", "text.format.type"), ("text", "{\"format\": {\"type\": \"x\"}}", "text.format.type"),
      ("text", "{\"format\": {\"type\": \"json_schema\"}}", "text.format.schema"),
      ("tools", "[{\"type\": \"file_search\"}]", "tools[0].type"),
      ("tools", "[{\"type\": \"function\"}]", "tools[0].name"),
      ("tool_choice", "{\"type\": \"function\"}", "tool_choice.name"),
      ("tool_choice", "{\"type\": \"function\", \"name\": \"f\"}", "tool_choice"),
    ]
    return values.map { text("responses \($0.0)", "{\($0.0)}", "/v1/responses", parameter: $0.1) }
      + (fields.map { ($0.0, $0.1, $0.0) } + nested).map {
        text(
          "responses \($0.0) \($0.1)", "{\"input\": \"x\", \"\($0.0)\": \($0.1)}", "/v1/responses", parameter: $0.2)
      }
  }

  private static var embeddings: [MalformedRequest] {
    let values = ["", "\"input\": []", "\"input\": 1", "\"input\": [[]]", "\"input\": [1.5]", "\"input\": [\"a\", 1]"]
    return values.map { text($0, "{\($0)}", "/v1/embeddings") }
      // There is no encoder here, which is said where the request itself is right.
      + [body("no encoder", Array("{\"input\": \"x\"}".utf8), "/v1/embeddings", statuses: [404])]
  }

  private static var tokens: [MalformedRequest] {
    [
      text("no content", "{}", "/tokenize", parameter: "content"),
      text("a number", "{\"content\": 1}", "/tokenize", parameter: "content"),
      text("no truth", "{\"content\": \"x\", \"add_special\": 1}", "/tokenize", parameter: "add_special"),
      text("no tokens", "{}", "/detokenize", parameter: "tokens"),
      text("no array", "{\"tokens\": \"x\"}", "/detokenize", parameter: "tokens"),
      text("no number", "{\"tokens\": [\"x\"]}", "/detokenize", parameter: "tokens[0]"),
      text("negative", "{\"tokens\": [-5]}", "/detokenize", parameter: "tokens[0]"),
      text("outside", "{\"tokens\": [123456]}", "/detokenize", parameter: "tokens"),
    ]
  }

  /// What is wrong before a body is looked at.
  private static var wire: [MalformedRequest] {
    func raw(_ name: String, _ text: String, _ statuses: Set<Int>) -> MalformedRequest {
      MalformedRequest(name: name, bytes: Array(text.utf8), statuses: statuses)
    }
    let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
    let huge = TestServer.bytes("POST", chat, ["Content-Length": "99999999999"], body: [])
    let encoded = TestServer.bytes("POST", chat, ["Content-Encoding": "gzip"], body: Array("{}".utf8))
    return [
      raw("no HTTP", "hello\r\n\r\n", [400]), raw("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", [400]),
      raw("HTTP/9.9", "GET / HTTP/9.9\r\n\r\n", [400, 404, 505]),
      raw("a method of its own", "BREW /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", [400, 404]),
      raw("a header without a name", "GET /health HTTP/1.1\r\n: x\r\n\r\n", [400]),
      raw("a length that is none", head + "Content-Length: x\r\n\r\n", [400]),
      raw("a negative length", head + "Content-Length: -1\r\n\r\n", [400]),
      raw("two lengths", head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", [400]),
      raw("a chunk size that is none", head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", [400]),
      raw(
        "headers of 90 KiB", "GET /health HTTP/1.1\r\nX: " + String(repeating: "a", count: 90_000) + "\r\n\r\n",
        [400, 431]),
      raw(
        "2000 headers", "GET /health HTTP/1.1\r\n" + (0..<2000).map { "X\($0): y\r\n" }.joined() + "\r\n", [400, 431]),
      MalformedRequest(name: "a length beyond all", bytes: huge, statuses: [400, 413]),
      MalformedRequest(name: "an encoding", bytes: encoded, statuses: [415]),
      raw(
        "a path with dots", "GET /v1/models/../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", [404]),
      raw("a path with NUL", "GET /v1/models/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", [404]),
      raw("a path with CR and LF", "GET /v1/%0d%0aX:%20y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", [404]),
    ]
  }
}
